//===- Fp8Attn.h - the fp8attn dialect --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declares the dialect, its attributes, types, interfaces and operations.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTN_H
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTN_H

#include "fp8attn/Dialect/Fp8Attn/IR/OperandRole.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include <cmath>
#include <numeric>

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnDialect.h.inc"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.h.inc"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnInterfaces.h.inc"

namespace mlir::fp8attn {
namespace detail {
/// Reports an attribute of `op` that has no dialect's prefix and is not one
/// that the operation defines, with the name that is meant if one is near.
LogicalResult verifyKnownAttributes(Operation *op);

/// Adds what `op` reads and writes of the memory of its operands, and what its
/// region reads.
void addEffects(ModelOpInterface op,
                SmallVectorImpl<MemoryEffects::EffectInstance> &effects);

/// Returns the operands that are written, but for caches. They are neighbours.
MutableOperandRange getInits(ModelOpInterface op);

/// Makes the sizes of the results, which are those of the operands that are
/// written.
LogicalResult reifyInits(ModelOpInterface op, OpBuilder &builder,
                         ReifiedRankedShapedTypeDims &shapes);

/// Erases an operation on memrefs if all that it writes is memory that was
/// allocated and that nothing reads.
LogicalResult eraseIfNothingReads(ModelOpInterface op,
                                  PatternRewriter &rewriter);
} // namespace detail

/// Trait of all operations of the dialect: a misspelt attribute is refused, and
/// not carried along without an effect. Those of other dialects, which have a
/// prefix, may stand on an operation.
template <typename ConcreteOp>
class KnownAttributes : public OpTrait::TraitBase<ConcreteOp, KnownAttributes> {
public:
  static LogicalResult verifyTrait(Operation *op) {
    return detail::verifyKnownAttributes(op);
  }
};
} // namespace mlir::fp8attn

#define GET_OP_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.h.inc"

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTN_H
