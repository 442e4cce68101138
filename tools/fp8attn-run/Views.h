//===- Views.h - memrefs that are parts of others ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What casts, transposes, subviews and reshapes make of a tensor of the ABI.
// Elements of a view are elements of the memory that it is a view of.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_VIEWS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_VIEWS_H

#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/IR/OpDefinition.h"

#include <optional>

namespace mlir::fp8attn {

/// Returns the value of a number that a function computes, if it is known.
using EvaluateIndex = function_ref<std::optional<int64_t>(OpFoldResult)>;

/// Returns whether `op` is one of the views that the functions here know.
bool isKnownView(Operation *op);

/// Returns `value` before it was given another type for the same elements.
Value skipCasts(Value value);

/// Returns the memory, an argument or an allocation, that `value` is a view of.
Value getMemory(Value value);

/// Returns the sizes that the source of a view has to have for the view to have
/// `sizes`. Reports, at the view, numbers that are not known.
FailureOr<SmallVector<int64_t>> getSourceSizes(Operation *view,
                                               ArrayRef<int64_t> sizes,
                                               EvaluateIndex evaluate);

/// Returns the view of `source` that has `sizes`. Reports, at the view, what is
/// not within `source`.
FailureOr<fp8attn_tensor> describeView(Operation *view,
                                       const fp8attn_tensor &source,
                                       ArrayRef<int64_t> sizes,
                                       EvaluateIndex evaluate);

/// Returns the sizes that the type or the operands of a view or of an
/// allocation say.
SmallVector<OpFoldResult> getMixedSizes(Operation *op);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_VIEWS_H
