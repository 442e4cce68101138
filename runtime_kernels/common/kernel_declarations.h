//===- kernel_declarations.h - every kernel of the table --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declares the function of each row of kernels.def with the signature of its
// operation. Files that define kernels include this, so that a definition with
// another signature does not compile.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_KERNEL_DECLARATIONS_H
#define FP8ATTN_COMMON_KERNEL_DECLARATIONS_H

#include "common/kernel_name.h"
#include "fp8attn/Runtime/kernels.h"

#include <type_traits>

/// Signature of an operation, as a pointer type. The two stores and the two
/// conversions share theirs.
#define FP8ATTN_SIGNATURE(op) FP8ATTN_SIGNATURE_##op
#define FP8ATTN_SIGNATURE_query fp8attn_uk_query_fn
#define FP8ATTN_SIGNATURE_init fp8attn_uk_init_fn
#define FP8ATTN_SIGNATURE_qk fp8attn_uk_qk_fn
#define FP8ATTN_SIGNATURE_softmax fp8attn_uk_softmax_fn
#define FP8ATTN_SIGNATURE_pv fp8attn_uk_pv_fn
#define FP8ATTN_SIGNATURE_attend fp8attn_uk_attend_fn
#define FP8ATTN_SIGNATURE_prefill fp8attn_uk_prefill_fn
#define FP8ATTN_SIGNATURE_prefill_mixed fp8attn_uk_prefill_mixed_fn
#define FP8ATTN_SIGNATURE_qk_blocks fp8attn_uk_blocks_fn
#define FP8ATTN_SIGNATURE_pv_blocks fp8attn_uk_blocks_fn
#define FP8ATTN_SIGNATURE_attend_blocks fp8attn_uk_attend_blocks_fn
#define FP8ATTN_SIGNATURE_join fp8attn_uk_join_fn
#define FP8ATTN_SIGNATURE_finish fp8attn_uk_finish_fn
#define FP8ATTN_SIGNATURE_merge fp8attn_uk_merge_fn
#define FP8ATTN_SIGNATURE_store_key fp8attn_uk_store_fn
#define FP8ATTN_SIGNATURE_store_value fp8attn_uk_store_fn
#define FP8ATTN_SIGNATURE_quantize fp8attn_uk_convert_fn
#define FP8ATTN_SIGNATURE_dequantize fp8attn_uk_convert_fn

extern "C" {
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  std::remove_pointer_t<FP8ATTN_SIGNATURE(op)> FP8ATTN_KERNEL_NAME(            \
      op, in, cache, acc, M, N, K, isa);
#include "kernels.def"
}

#endif // FP8ATTN_COMMON_KERNEL_DECLARATIONS_H
