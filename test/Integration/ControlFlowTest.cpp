//===- ControlFlowTest.cpp - operations among others ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of control_flow.mlir: with branches, with loops over
// parts of tensors, with memory of their own, and with private functions.
//
//===----------------------------------------------------------------------===//

#include "control_flow.h"

#include "gtest/gtest.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <malloc.h>
#include <vector>

static constexpr int64_t kRows = 3;
static constexpr int64_t kChannels = 32;
/// 1 as e4m3.
static constexpr uint8_t kOne = 0x38;
static constexpr uint8_t kUntouched = 0xee;

namespace {
class ControlFlowTest : public testing::TestWithParam<int32_t> {
protected:
  ControlFlowTest() {
    fp8attn_context_init(&context);
    context.isa_cap = GetParam();
    for (int64_t i = 0; i < kRows * kChannels; ++i)
      x[i] = scales[i / kChannels];
  }

  /// Lets the context have the workspace that an entry point wants.
  void provide(int64_t bytes) {
    workspace.resize(bytes + 64);
    auto address = reinterpret_cast<uintptr_t>(workspace.data());
    context.workspace = workspace.data() + (64 - address % 64) % 64;
    context.workspace_bytes = bytes;
  }

  std::array<float, kRows> scales = {1, 2, 4};
  std::vector<float> x = std::vector<float>(kRows * kChannels);
  std::vector<float> y = x;
  std::vector<uint8_t> codes =
      std::vector<uint8_t>(kRows * kChannels, kUntouched);
  fp8attn_tensor xTensor = fp8attn_tensor_make(x.data(), FP8ATTN_TYPE_F32, 2,
                                               kRows, kChannels, 0, 0);
  fp8attn_tensor yTensor = fp8attn_tensor_make(y.data(), FP8ATTN_TYPE_F32, 2,
                                               kRows, kChannels, 0, 0);
  fp8attn_tensor codesTensor = fp8attn_tensor_make(
      codes.data(), FP8ATTN_TYPE_F8E4M3FN, 2, kRows, kChannels, 0, 0);
  fp8attn_tensor scaleTensor =
      fp8attn_tensor_make(scales.data(), FP8ATTN_TYPE_F32, 0, 0, 0, 0, 0);
  fp8attn_tensor scalesTensor =
      fp8attn_tensor_make(scales.data(), FP8ATTN_TYPE_F32, 1, kRows, 0, 0, 0);
  std::vector<char> workspace;
  fp8attn_context context;
};
} // namespace

TEST_P(ControlFlowTest, BranchesAreTaken) {
  provide(branches_workspace_bytes(1));
  ASSERT_EQ(branches(&context, &xTensor, &scaleTensor, &codesTensor, 1),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(codes, std::vector<uint8_t>(codes.size(), kUntouched));
  ASSERT_EQ(branches(&context, &xTensor, &scaleTensor, &codesTensor, 0),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(codes.front(), kOne);
  EXPECT_EQ(codes.back(), 0x48); // 4
}

TEST_P(ControlFlowTest, LoopsCheckEachPart) {
  provide(rows_workspace_bytes(1));
  ASSERT_EQ(rows(&context, &xTensor, &scalesTensor, &codesTensor), FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(codes, std::vector<uint8_t>(codes.size(), kOne));

  scales[2] = NAN;
  EXPECT_EQ(rows(&context, &xTensor, &scalesTensor, &codesTensor),
            FP8ATTN_BAD_SCALE);
  EXPECT_STREQ(context.message, "scale is nan, expected a finite number > 0");
}

// The stack does not grow with each operation that a loop does.
TEST_P(ControlFlowTest, LongLoopsEnd) {
  constexpr int64_t kManyRows = 200000;
  provide(rows_workspace_bytes(1));
  std::vector<float> manyX(kManyRows * kChannels, 1);
  std::vector<float> manyScales(kManyRows, 1);
  std::vector<uint8_t> manyCodes(manyX.size(), kUntouched);
  fp8attn_tensor in = fp8attn_tensor_make(manyX.data(), FP8ATTN_TYPE_F32, 2,
                                          kManyRows, kChannels, 0, 0);
  fp8attn_tensor by = fp8attn_tensor_make(manyScales.data(), FP8ATTN_TYPE_F32,
                                          1, kManyRows, 0, 0, 0);
  fp8attn_tensor out = fp8attn_tensor_make(
      manyCodes.data(), FP8ATTN_TYPE_F8E4M3FN, 2, kManyRows, kChannels, 0, 0);
  ASSERT_EQ(rows(&context, &in, &by, &out), FP8ATTN_OK) << context.message;
  EXPECT_EQ(manyCodes, std::vector<uint8_t>(manyCodes.size(), kOne));
}

TEST_P(ControlFlowTest, PrivateFunctionsAndMemory) {
  provide(round_trip_workspace_bytes(1));
  ASSERT_EQ(round_trip(&context, &xTensor, &scaleTensor, &yTensor), FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(y, x);

  scales[0] = -1;
  EXPECT_EQ(round_trip(&context, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_BAD_SCALE);
}

TEST_P(ControlFlowTest, PrivateFunctionsHaveResults) {
  provide(last_row_workspace_bytes(1));
  ASSERT_EQ(last_row(&context, &xTensor, &scaleTensor, &yTensor), FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(y[0], scales[kRows - 1]);
  EXPECT_EQ(y[kChannels - 1], scales[kRows - 1]);
  EXPECT_EQ(y[kChannels], 0) << "a row that is not written";

  scales[0] = -1;
  EXPECT_EQ(last_row(&context, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_BAD_SCALE);
}

/// Bytes that malloc has given out; 0 where a sanitizer has another malloc.
static size_t bytesInUse() {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Less than a call would leak, and more than malloc keeps for itself.
static constexpr size_t kLeak = 1 << 20;

/// So many bytes that there is no address space for them.
static constexpr int64_t kTooMany = int64_t(1) << 59;

TEST_P(ControlFlowTest, MemoryIsGivenBack) {
  provide(allocate_workspace_bytes(1));
  const size_t before = bytesInUse();
  ASSERT_EQ(allocate(&context, 1 << 20, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_OK)
      << context.message;
  EXPECT_LT(bytesInUse(), before + kLeak);
  EXPECT_EQ(y, x);

  scales[0] = -1;
  EXPECT_EQ(allocate(&context, 1 << 20, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_BAD_SCALE);
  EXPECT_LT(bytesInUse(), before + kLeak);
}

TEST_P(ControlFlowTest, ThereIsNoMemory) {
  provide(allocate_workspace_bytes(1));
  EXPECT_EQ(allocate(&context, kTooMany, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_OUT_OF_MEMORY);
  EXPECT_STREQ(
      context.message,
      "memref.alloc of 4611686018427387904 bytes, and there is no memory");
  EXPECT_EQ(allocate(&context, -1, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message,
               "memref.alloc of size -1 in dimension 0, expected at least 0");
  EXPECT_EQ(allocate(&context, INT64_MAX, &xTensor, &scaleTensor, &yTensor),
            FP8ATTN_OUT_OF_MEMORY);
  EXPECT_STREQ(context.message,
               "memref.alloc of more bytes than 64 bits can count");
}

TEST_P(ControlFlowTest, LoopsAllocate) {
  std::vector<float> out(1000);
  fp8attn_tensor outTensor =
      fp8attn_tensor_make(out.data(), FP8ATTN_TYPE_F32, 1, out.size(), 0, 0, 0);
  fp8attn_pool *pool = fp8attn_pool_create(4);
  ASSERT_TRUE(pool);
  context.num_workers = 4;
  context.pool = pool;
  context.parallel_for = fp8attn_pool_parallel_for;
  provide(allocate_in_loop_workspace_bytes(4));
  const size_t before = bytesInUse();
  EXPECT_EQ(allocate_in_loop(&context, 1 << 18, &outTensor), FP8ATTN_OK)
      << context.message;
  EXPECT_LT(bytesInUse(), before + kLeak);
  EXPECT_EQ(out, std::vector<float>(out.size(), 1));
  EXPECT_EQ(allocate_in_loop(&context, kTooMany, &outTensor),
            FP8ATTN_OUT_OF_MEMORY);
  EXPECT_STREQ(context.message,
               "memref.alloc in a parallel loop, and there is no memory");
  fp8attn_pool_destroy(pool);
}

// Each iteration would take a kilobyte of the stack, which has a few thousand.
TEST_P(ControlFlowTest, TheStackIsEnough) {
  std::vector<float> out(100000);
  fp8attn_tensor outTensor =
      fp8attn_tensor_make(out.data(), FP8ATTN_TYPE_F32, 1, out.size(), 0, 0, 0);
  EXPECT_EQ(stack(&context, 10000000, &outTensor), FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(out, std::vector<float>(out.size(), 1));
  EXPECT_EQ(stack(&context, kTooMany, &outTensor), FP8ATTN_OUT_OF_MEMORY);
}

INSTANTIATE_TEST_SUITE_P(, ControlFlowTest,
                         testing::Range<int32_t>(FP8ATTN_ISA_GENERIC,
                                                 FP8ATTN_ISA_AMX_BF16 + 1));
