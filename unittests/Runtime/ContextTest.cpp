//===- ContextTest.cpp - the context and the workspace --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every way in which a context or its workspace can be refused, and that a
// context of another size is not written to.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <cstring>

using namespace fp8attn;
using ContextTest = RuntimeTest;

static constexpr int64_t kBytes = 2048;

TEST_F(ContextTest, DefaultsAreValid) {
  EXPECT_EQ(context.num_workers, 1);
  EXPECT_EQ(context.isa_cap, FP8ATTN_ISA_AMX_BF16);
  strcpy(context.message, "of the last call");
  EXPECT_EQ(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION), FP8ATTN_OK);
  EXPECT_STREQ(context.message, "");
  fp8attn_context_init(nullptr);
}

TEST_F(ContextTest, NullAndForeignContextsAreLeftAlone) {
  EXPECT_EQ(fp8attn_check_context(nullptr, FP8ATTN_ABI_VERSION),
            FP8ATTN_BAD_CONTEXT);
  for (uint32_t size : {0u, 8u, uint32_t(sizeof(context)) + 8}) {
    context.struct_bytes = size;
    fp8attn_context before = context;
    EXPECT_EQ(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
              FP8ATTN_BAD_CONTEXT);
    EXPECT_EQ(memcmp(&before, &context, sizeof(context)), 0);
  }
}

TEST_F(ContextTest, Versions) {
  expectFailure(fp8attn_check_context(&context, 12), FP8ATTN_BAD_CONTEXT,
                "the object was compiled for ABI version 12, expected 11 (the "
                "runtime's)");
  context.abi_version = 12;
  expectFailure(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
                FP8ATTN_BAD_CONTEXT, "abi_version is 12, expected 11");
}

TEST_F(ContextTest, Workers) {
  context.num_workers = 0;
  expectFailure(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
                FP8ATTN_BAD_CONTEXT, "num_workers is 0, expected at least 1");
}

TEST_F(ContextTest, IsaCap) {
  context.isa_cap = 5;
  expectFailure(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
                FP8ATTN_BAD_CONTEXT, "isa_cap is 5, expected 0 to 4");
  context.isa_cap = -1;
  expectFailure(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
                FP8ATTN_BAD_CONTEXT, "isa_cap is -1, expected 0 to 4");
}

TEST_F(ContextTest, PoolMustNotHaveMoreWorkers) {
  context.parallel_for = fp8attn_pool_parallel_for;
  expectFailure(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
                FP8ATTN_BAD_CONTEXT, "pool is null, expected an fp8attn_pool");
  fp8attn_pool *pool = fp8attn_pool_create(3);
  ASSERT_NE(pool, nullptr);
  context.pool = pool;
  context.num_workers = 2;
  expectFailure(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION),
                FP8ATTN_BAD_CONTEXT,
                "num_workers is 2, expected at least 3 (the workers of the "
                "pool)");
  context.num_workers = 3;
  EXPECT_EQ(fp8attn_check_context(&context, FP8ATTN_ABI_VERSION), FP8ATTN_OK);
  fp8attn_pool_destroy(pool);
}

TEST_F(ContextTest, Workspace) {
  context.num_workers = 2;
  expectFailure(fp8attn_check_workspace(&context, kBytes),
                FP8ATTN_WORKSPACE_TOO_SMALL,
                "workspace is null, expected at least 4096 bytes (2 workers of "
                "2048)");
  context.workspace = fakeAddress();
  context.workspace_bytes = 1023;
  expectFailure(fp8attn_check_workspace(&context, kBytes),
                FP8ATTN_WORKSPACE_TOO_SMALL,
                "workspace has 1023 bytes, expected at least 4096 (2 workers "
                "of 2048)");
  context.workspace_bytes = -1;
  expectFailure(fp8attn_check_workspace(&context, kBytes),
                FP8ATTN_WORKSPACE_TOO_SMALL,
                "workspace has -1 bytes, expected at least 4096 (2 workers of "
                "2048)");
  context.workspace_bytes = 4096;
  EXPECT_EQ(fp8attn_check_workspace(&context, kBytes), FP8ATTN_OK);
  context.workspace = fakeAddress(32);
  expectFailure(fp8attn_check_workspace(&context, kBytes), FP8ATTN_MISALIGNED,
                "workspace is 0x10020, expected a multiple of 64");
}

TEST_F(ContextTest, NoWorkspaceNeeded) {
  EXPECT_EQ(fp8attn_check_workspace(&context, 0), FP8ATTN_OK);
}

TEST_F(ContextTest, WorkspaceSizeOverflows) {
  context.num_workers = 3;
  context.workspace = fakeAddress();
  context.workspace_bytes = INT64_MAX;
  expectFailure(fp8attn_check_workspace(&context, INT64_MAX / 2),
                FP8ATTN_WORKSPACE_TOO_SMALL,
                "workspace of 3 workers of 4611686018427387903 bytes is larger "
                "than any memory");
}
