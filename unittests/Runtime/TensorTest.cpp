//===- TensorTest.cpp - row-major descriptors -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What fp8attn_tensor_make fills in, for good arguments and for bad ones.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "message.h"

TEST(Tensor, StridesAreRowMajor) {
  fp8attn_tensor tensor = fp8attn_tensor_make(
      fp8attn::fakeAddress(), FP8ATTN_TYPE_BF16, 3, 5, 8, 128, 77);
  EXPECT_EQ(tensor.data, fp8attn::fakeAddress());
  EXPECT_EQ(tensor.type, FP8ATTN_TYPE_BF16);
  EXPECT_EQ(tensor.rank, 3);
  EXPECT_EQ(tensor.strides[0], 8 * 128);
  EXPECT_EQ(tensor.strides[1], 128);
  EXPECT_EQ(tensor.strides[2], 1);
  EXPECT_EQ(tensor.sizes[3], 0) << "a size beyond the rank is ignored";
}

TEST(Tensor, BadRankWritesNothingBeyondTheArrays) {
  for (int32_t rank : {-1, 5, INT32_MAX, INT32_MIN}) {
    fp8attn_tensor tensor =
        fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F32, rank, 1, 2, 3, 4);
    EXPECT_EQ(tensor.rank, rank);
  }
}

TEST(Tensor, HugeSizesSaturate) {
  fp8attn_tensor tensor = fp8attn_tensor_make(nullptr, FP8ATTN_TYPE_F32, 3, 2,
                                              INT64_MAX, INT64_MAX, 0);
  EXPECT_EQ(tensor.strides[0], INT64_MAX);
}

TEST(Tensor, ElementTypes) {
  const struct {
    int32_t type;
    const char *name;
    int64_t bytes;
  } cases[] = {{FP8ATTN_TYPE_F32, "f32", 4},
               {FP8ATTN_TYPE_BF16, "bf16", 2},
               {FP8ATTN_TYPE_F8E4M3FN, "f8E4M3FN", 1},
               {FP8ATTN_TYPE_F8E5M2, "f8E5M2", 1},
               {FP8ATTN_TYPE_I32, "i32", 4},
               {FP8ATTN_TYPE_I64, "i64", 8},
               {FP8ATTN_TYPE_F16, "f16", 2},
               {FP8ATTN_TYPE_I8, "i8", 1},
               {FP8ATTN_TYPE_BOOL, "bool", 1},
               {FP8ATTN_TYPE_F8E8M0FNU, "f8E8M0FNU", 1},
               {FP8ATTN_TYPE_F4E2M1FN, "f4E2M1FN", 0},
               {FP8ATTN_TYPE_I4, "i4", 0},
               {-1, "unknown", 0},
               {12, "unknown", 0}};
  for (const auto &test : cases) {
    EXPECT_STREQ(fp8attn::typeName(test.type), test.name);
    EXPECT_EQ(fp8attn::typeBytes(test.type), test.bytes);
  }
}
