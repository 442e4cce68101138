//===- DecodeAttention.h - one token of each user ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `ttir.scaled_dot_product_attention_decode`, over caches that are tensors
// [users, heads, tokens, channels].
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTSTABLEHLO_DECODEATTENTION_H
#define FP8ATTN_LIB_IMPORT_IMPORTSTABLEHLO_DECODEATTENTION_H

#include "mlir/IR/Builders.h"

#include <string>

namespace mlir::fp8attn {

/// Whether an operation is such attention.
bool isDecodeAttention(Operation *op);

/// Builds what stands for its result; says why if it cannot.
FailureOr<SmallVector<Value>>
buildDecodeAttention(OpBuilder &builder, Operation *op, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTSTABLEHLO_DECODEATTENTION_H
