//===- EmptyTensorsTest.cpp - rows without elements -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors with more rows than a loop could count, none of which has an element:
// calls return at once, on one thread and on several.
//
//===----------------------------------------------------------------------===//

#include "empty_tensors.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <memory>

static constexpr int64_t kMany = int64_t(1) << 40;
static constexpr int64_t kMost = INT64_MAX;

namespace {
class EmptyTensorsTest : public testing::TestWithParam<int32_t> {
protected:
  EmptyTensorsTest() {
    fp8attn_context_init(&context);
    context.num_workers = GetParam();
    if (GetParam() == 1)
      return;
    pool.reset(fp8attn_pool_create(GetParam()));
    context.pool = pool.get();
    context.parallel_for = fp8attn_pool_parallel_for;
  }

  /// Lets the context have the workspace that an entry point wants.
  void provide(int64_t bytes) {
    workspace.reset(
        std::aligned_alloc(FP8ATTN_ALIGNMENT, (bytes / FP8ATTN_ALIGNMENT + 1) *
                                                  FP8ATTN_ALIGNMENT));
    context.workspace = workspace.get();
    context.workspace_bytes = bytes;
  }

  std::unique_ptr<fp8attn_pool, decltype(&fp8attn_pool_destroy)> pool{
      nullptr, fp8attn_pool_destroy};
  std::unique_ptr<void, decltype(&std::free)> workspace{nullptr, std::free};
  fp8attn_context context;
};
} // namespace

/// The product of the others may be anything, as 0 or a negative number.
TEST_P(EmptyTensorsTest, QuantizeAndDequantize) {
  const int64_t shapes[][FP8ATTN_MAX_RANK] = {
      {1, 1, kMany, 0},         {kMost, 1, 1, 0},  {kMany, kMany, kMany, 0},
      {kMost, kMost, kMost, 0}, {kMost, 1, 3, 0},  {0, kMost, kMost, kMost},
      {kMost, 0, 1, 64},        {kMost, 5, 0, 64},
  };
  float one = 1;
  const fp8attn_tensor scale =
      fp8attn_tensor_make(&one, FP8ATTN_TYPE_F32, 0, 0, 0, 0, 0);
  for (const auto &s : shapes) {
    const fp8attn_tensor floats =
                             fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F32, 4,
                                                 s[0], s[1], s[2], s[3]),
                         codes =
                             fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F8E4M3FN,
                                                 4, s[0], s[1], s[2], s[3]);
    provide(quantize_workspace_bytes(context.num_workers));
    EXPECT_EQ(quantize(&context, &floats, &scale, &codes), FP8ATTN_OK)
        << context.message;
    provide(dequantize_workspace_bytes(context.num_workers));
    EXPECT_EQ(dequantize(&context, &codes, &scale, &floats), FP8ATTN_OK)
        << context.message;
  }
}

/// Batch entries without a query, and queries of no batch entry.
TEST_P(EmptyTensorsTest, MergeAndAttend) {
  const int64_t shapes[][2] = {{kMany, 0}, {kMost, 0}, {0, INT32_MAX}};
  for (const auto &[batch, queries] : shapes) {
    const fp8attn_tensor heads = fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F32,
                                                     4, batch, 2, queries, 64),
                         lse = fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F32, 3,
                                                   batch, 2, queries, 0);
    provide(merge_workspace_bytes(context.num_workers));
    EXPECT_EQ(merge(&context, &heads, &lse, &heads, &lse, &heads, &lse),
              FP8ATTN_OK)
        << context.message;
    const fp8attn_tensor keys =
        fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F32, 4, batch, 2, 0, 64);
    provide(attend_workspace_bytes(context.num_workers));
    EXPECT_EQ(attend(&context, &heads, &keys, &keys, &heads), FP8ATTN_OK)
        << context.message;
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, EmptyTensorsTest, testing::Values(1, 3));
