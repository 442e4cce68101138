//===- tensor.cpp - tensor descriptors and element types ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes row-major descriptors, and knows the element types. Nothing is checked
// here: a descriptor with bad sizes is refused, with a text, by the call that
// gets it (check_tensor.cpp).
//
//===----------------------------------------------------------------------===//

#include "message.h"

#include <algorithm>

const char *fp8attn::typeName(int32_t type) {
  switch (type) {
  case FP8ATTN_TYPE_F32:
    return "f32";
  case FP8ATTN_TYPE_BF16:
    return "bf16";
  case FP8ATTN_TYPE_F8E4M3FN:
    return "f8E4M3FN";
  case FP8ATTN_TYPE_F8E5M2:
    return "f8E5M2";
  case FP8ATTN_TYPE_I32:
    return "i32";
  case FP8ATTN_TYPE_I64:
    return "i64";
  case FP8ATTN_TYPE_F16:
    return "f16";
  case FP8ATTN_TYPE_I8:
    return "i8";
  case FP8ATTN_TYPE_F8E8M0FNU:
    return "f8E8M0FNU";
  case FP8ATTN_TYPE_BOOL:
    return "bool";
  case FP8ATTN_TYPE_F4E2M1FN:
    return "f4E2M1FN";
  case FP8ATTN_TYPE_I4:
    return "i4";
  default:
    return "unknown";
  }
}

int64_t fp8attn::typeBytes(int32_t type) {
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
  case FP8ATTN_TYPE_F8E5M2:
  case FP8ATTN_TYPE_I8:
  case FP8ATTN_TYPE_F8E8M0FNU:
  case FP8ATTN_TYPE_BOOL:
    return 1;
  case FP8ATTN_TYPE_BF16:
  case FP8ATTN_TYPE_F16:
    return 2;
  case FP8ATTN_TYPE_F32:
  case FP8ATTN_TYPE_I32:
    return 4;
  case FP8ATTN_TYPE_I64:
    return 8;
  default:
    return 0;
  }
}

fp8attn_tensor fp8attn_tensor_make(void *data, fp8attn_type type, int32_t rank,
                                   int64_t size0, int64_t size1, int64_t size2,
                                   int64_t size3) {
  const int64_t sizes[FP8ATTN_MAX_RANK] = {size0, size1, size2, size3};
  fp8attn_tensor tensor = {};
  tensor.data = data;
  tensor.type = type;
  tensor.rank = rank;
  int64_t stride = 1;
  int32_t dim = std::min(rank, FP8ATTN_MAX_RANK);
  while (dim > 0) {
    --dim;
    tensor.sizes[dim] = sizes[dim];
    tensor.strides[dim] = stride;
    // A saturated stride spans more than any memory and is refused later.
    if (__builtin_mul_overflow(stride, sizes[dim], &stride))
      stride = INT64_MAX;
  }
  return tensor;
}
