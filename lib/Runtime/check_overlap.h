//===- check_overlap.h - operands in each other's memory --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What checks of memory that is shared have in common.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_CHECK_OVERLAP_H
#define FP8ATTN_LIB_RUNTIME_CHECK_OVERLAP_H

#include "fp8attn/Runtime/lowering_abi.h"

namespace fp8attn {

/// Returns whether two tensors share a byte, as fp8attn_check_overlap decides
/// it. What is empty shares nothing.
bool sharesMemory(const fp8attn_tensor &left, const fp8attn_tensor &right);

/// Reports that they do, and what `written` may be besides memory of its own:
/// `exception` is empty or begins with a space. Returns FP8ATTN_OVERLAP.
int32_t failOverlap(fp8attn_context *context, const fp8attn_operand &written,
                    const fp8attn_operand &other, const char *exception);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_CHECK_OVERLAP_H
