//===- IndexTensors.h - tensors of computed integers ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Batches and slots are computed of what front ends say instead.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_INDEXTENSORS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_INDEXTENSORS_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// A slot that no cache has, so that a call which computes it is refused.
constexpr int64_t kNoSlot = int64_t(1) << 62;

/// Builds a tensor of what `body` computes of the indices.
Value buildTensor(OpBuilder &builder, Location loc,
                  ArrayRef<OpFoldResult> sizes, Type element,
                  function_ref<Value(OpBuilder &, ValueRange indices)> body);

/// Builds the number of keys of each batch entry, i32 [entries], of the indices
/// that `count` builds.
Value buildKeyLens(OpBuilder &builder, Location loc, OpFoldResult entries,
                   function_ref<Value(OpBuilder &, Value entry)> count);

/// Returns an integer as one of another type, the nearest that this has.
Value convertInteger(OpBuilder &builder, Location loc, Value integer,
                     Type type);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_INDEXTENSORS_H
