//===- CheckTensorTest.cpp - checks of one tensor argument ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A good [tokens, heads, 128] tensor, then one thing wrong at a time.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

using namespace fp8attn;

namespace {
class CheckTensorTest : public RuntimeTest {
protected:
  int32_t check() { return fp8attn_check_tensor(&context, &tensor, &spec); }

  fp8attn_tensor_spec spec = {"query",
                              FP8ATTN_TYPE_BF16,
                              3,
                              {FP8ATTN_DYNAMIC, 8, 128, 0},
                              {FP8ATTN_DYNAMIC, FP8ATTN_DYNAMIC, 1, 0}};
  fp8attn_tensor tensor =
      fp8attn_tensor_make(fakeAddress(2), FP8ATTN_TYPE_BF16, 3, 5, 8, 128, 0);
};
} // namespace

TEST_F(CheckTensorTest, RowMajorAndPaddedAreGood) {
  EXPECT_EQ(check(), FP8ATTN_OK);
  tensor.strides[0] = 4096;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, HeadsOutsideTokensAreGood) {
  tensor.strides[0] = 128;
  tensor.strides[1] = 5 * 128;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, Null) {
  expectFailure(fp8attn_check_tensor(&context, nullptr, &spec),
                FP8ATTN_NULL_POINTER, "query is null, expected a tensor");
  tensor.data = nullptr;
  expectFailure(check(), FP8ATTN_NULL_POINTER,
                "query.data is null, expected memory as no size is 0");
}

TEST_F(CheckTensorTest, Type) {
  tensor.type = FP8ATTN_TYPE_F32;
  expectFailure(check(), FP8ATTN_BAD_TYPE,
                "query.type is 0 (f32), expected 1 (bf16)");
  tensor.type = 99;
  expectFailure(check(), FP8ATTN_BAD_TYPE,
                "query.type is 99 (unknown), expected 1 (bf16)");
}

TEST_F(CheckTensorTest, Rank) {
  for (int32_t rank : {-1, 2, 4, 1000}) {
    tensor.rank = rank;
    std::string message = "query.rank is " + std::to_string(rank);
    expectFailure(check(), FP8ATTN_BAD_SIZE,
                  (message + ", expected 3").c_str());
  }
}

TEST_F(CheckTensorTest, Sizes) {
  tensor.sizes[2] = 64;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "query.sizes[2] is 64, expected 128");
  tensor.sizes[0] = -1;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "query.sizes[0] is -1, expected at least 0");
}

TEST_F(CheckTensorTest, EmptyNeedsNoMemoryAndNoStrides) {
  tensor.data = nullptr;
  tensor.sizes[0] = 0;
  tensor.strides[1] = -7;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, CompiledStride) {
  tensor.strides[2] = 2;
  expectFailure(check(), FP8ATTN_BAD_STRIDE,
                "query.strides[2] is 2, expected 1");
}

TEST_F(CheckTensorTest, CompiledStrideOfOneElementIsFree) {
  spec.sizes[2] = tensor.sizes[2] = 1;
  tensor.strides[2] = 128;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, NegativeStride) {
  tensor.strides[0] = -1024;
  expectFailure(check(), FP8ATTN_BAD_STRIDE,
                "query.strides[0] is -1024, expected at least 0");
}

TEST_F(CheckTensorTest, OverlappingElements) {
  tensor.strides[1] = 0;
  expectFailure(check(), FP8ATTN_BAD_STRIDE,
                "query.strides[1] is 0, expected at least 1 (elements would "
                "overlap)");
  tensor.strides[1] = 127;
  expectFailure(check(), FP8ATTN_BAD_STRIDE,
                "query.strides[1] is 127, expected at least 128 (elements "
                "would overlap)");
  tensor.strides[1] = 128;
  tensor.strides[0] = 1023;
  expectFailure(check(), FP8ATTN_BAD_STRIDE,
                "query.strides[0] is 1023, expected at least 1024 (elements "
                "would overlap)");
}

TEST_F(CheckTensorTest, EqualStridesOverlap) {
  tensor.strides[0] = tensor.strides[1] = 128;
  EXPECT_EQ(check(), FP8ATTN_BAD_STRIDE);
}

TEST_F(CheckTensorTest, ZeroStrideOfOneElementIsGood) {
  tensor.sizes[0] = 1;
  tensor.strides[0] = 0;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, SpanOverflows) {
  const char *message = "query spans more bytes than 64 bits can count, "
                        "expected sizes and strides of memory that exists";
  tensor.sizes[0] = INT64_MAX; // The product overflows.
  expectFailure(check(), FP8ATTN_BAD_SIZE, message);
  tensor.sizes[0] = 2; // The sum overflows.
  tensor.strides[0] = INT64_MAX;
  expectFailure(check(), FP8ATTN_BAD_SIZE, message);
  tensor.strides[0] = INT64_MAX / 2; // Only the bytes overflow.
  expectFailure(check(), FP8ATTN_BAD_SIZE, message);
  tensor.strides[0] = INT64_MAX / 4;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, Alignment) {
  tensor.data = fakeAddress(1);
  expectFailure(check(), FP8ATTN_MISALIGNED,
                "query.data is 0x10001, expected a multiple of 2");
  spec.type = tensor.type = FP8ATTN_TYPE_I64;
  tensor.data = fakeAddress(4);
  expectFailure(check(), FP8ATTN_MISALIGNED,
                "query.data is 0x10004, expected a multiple of 8");
  spec.type = tensor.type = FP8ATTN_TYPE_F8E5M2;
  tensor.data = fakeAddress(1);
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, RankZero) {
  spec.rank = tensor.rank = 0;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckTensorTest, AgreeingSizes) {
  EXPECT_EQ(
      fp8attn_check_size(&context, "out.sizes[0]", 5, "query.sizes[0]", 5),
      FP8ATTN_OK);
  expectFailure(
      fp8attn_check_size(&context, "out.sizes[0]", 7, "query.sizes[0]", 8),
      FP8ATTN_BAD_SIZE, "out.sizes[0] is 7, expected 8 (query.sizes[0])");
}
