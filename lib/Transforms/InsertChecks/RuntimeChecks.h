//===- RuntimeChecks.h - building run-time checks ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared by the pass that makes run-time checks and the one that moves them to
// the dispatcher.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_RUNTIMECHECKS_H
#define FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_RUNTIMECHECKS_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns whether `op` is one of `fp8attn.check.*`.
bool isCheck(Operation *op);

/// Returns the argument of a function that `value` is, or null.
BlockArgument getFunctionArgument(Value value);

/// Returns the name of the argument of a function that `value` is, or null if
/// it is none or has none.
StringAttr getArgumentName(Value value);

/// Emits the checks of a scale operand, if there is one.
void emitScaleCheck(OpBuilder &builder, Location loc, StringRef name,
                    Value scale);

/// Emits the checks of a scale, or of zero points, of a cache, if there is one:
/// that it has an element for each page.
void emitScaleSizeCheck(OpBuilder &builder, Location loc, StringRef name,
                        Value scale, std::optional<AffineMap> map, Value cache);

/// Emits the checks of the scale of a cache, if there is one: that it has an
/// element for each page, and, unless it differs by token, its values.
void emitCacheScaleCheck(OpBuilder &builder, Location loc, StringRef name,
                         Value scale, std::optional<AffineMap> map,
                         Value cache);
/// Emits a check that dimensions of two memrefs agree.
void emitSameSizeCheck(OpBuilder &builder, Location loc, StringRef name,
                       Value value, unsigned dim, StringRef otherName,
                       Value other, unsigned otherDim);

/// Emits a check that the tokens in a dimension can be counted in 32 bits, as
/// kernels do.
void emitCountCheck(OpBuilder &builder, Location loc, StringRef name,
                    Value value, unsigned dim);

/// Emits a check that a dimension is at most `most`, which messages call
/// `mostName`.
void emitMostCheck(OpBuilder &builder, Location loc, StringRef name,
                   Value value, unsigned dim, StringRef mostName, Value most);

/// Emits a check that the first dimensions of two memrefs agree.
void emitSameTokensCheck(OpBuilder &builder, Location loc, StringRef name,
                         Value value, StringRef otherName, Value other);

/// An operand and its role, which names it in messages.
using NamedOperand = std::pair<StringRef, Value>;

/// Returns the memory that a check reads, with its role.
SmallVector<NamedOperand> getReadMemory(Operation *check);

/// Emits a check that what `op` writes shares no memory with its other operands
/// and with the memrefs that its regions use. Those `inPlace` may also be a
/// written one, element for element. Operands that are null are absent.
void emitOverlapCheck(Operation *op, ArrayRef<NamedOperand> written,
                      ArrayRef<NamedOperand> inPlace,
                      ArrayRef<NamedOperand> read);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_RUNTIMECHECKS_H
