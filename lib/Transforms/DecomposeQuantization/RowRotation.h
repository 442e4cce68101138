//===- RowRotation.h - norms and rotary embedding ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector code for what kv_write does to keys and queries before it writes them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEQUANTIZATION_ROWROTATION_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEQUANTIZATION_ROWROTATION_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Normalises and rotates rows of keys, or of queries, in f32.
class RowRotation {
public:
  /// `norm` is the weights of these rows, null if they are not normalised.
  RowRotation(KvWriteOp op, Value norm);

  /// Emits destination[c] = the row of `token` and `head` of `source`, a
  /// memref<tokens x heads x head_dim>, normalised, rotated and rounded to the
  /// type of the destination, a memref<head_dim>. That may be the row itself.
  void emit(OpBuilder &builder, Location loc, Value source, Value token,
            Value head, Value destination);

private:
  KvWriteOp op;
  Value norm;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEQUANTIZATION_ROWROTATION_H
