//===- TorchIntegers.h - integers that torch computes -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Slots, pages and lengths are integer tensors that programs compute of others.
// An element of one is an affine expression of its place and of what is loaded
// from those, in which different spellings are the same.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHINTEGERS_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHINTEGERS_H

#include "TorchElements.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// A sum of a constant and of expressions that are no sums, times constants.
struct AffineSum {
  int64_t constant = 0;
  SmallVector<std::pair<AffineExpr, int64_t>> terms;
};

/// Returns the sum that an expression is; nothing if a factor is so large that
/// indices might wrap.
std::optional<AffineSum> getSum(AffineExpr expression);

/// Returns the sum that an expression is, in which nothing cancels; null as
/// `getSum`.
AffineExpr simplifySum(AffineExpr expression);

/// Whether two expressions are the same sum.
bool isSameSum(AffineExpr first, AffineExpr second);

/// Evaluates elements of integer tensors. What is loaded is a symbol; equal
/// loads are one.
class TorchIntegers {
public:
  explicit TorchIntegers(MLIRContext *context) : context(context) {}

  /// Returns the number that the element is; null if its place is not known as
  /// numbers, or it is made of too many.
  AffineExpr evaluate(TorchElement element);

  /// What a symbol stands for.
  struct Load {
    Value tensor;
    SmallVector<AffineExpr> place;
  };
  ArrayRef<Load> getLoads() const { return loads; }
  /// Returns the symbols that an expression depends on, in the order in which
  /// they can be computed.
  SmallVector<unsigned> getSymbols(AffineExpr expression) const;
  /// Whether nothing in the expression, loads included, depends on dimensions
  /// but those given.
  bool dependsOnlyOn(AffineExpr expression, ArrayRef<unsigned> dims) const;
  /// Replaces an expression by another, in loads, too.
  AffineExpr replace(AffineExpr expression, AffineExpr from, AffineExpr to);

private:
  AffineExpr evaluateElement(TorchElement element);
  AffineExpr evaluateOperation(Operation *op, const Coordinates &place);
  AffineExpr evaluateOperand(Operation *op, unsigned operand,
                             const Coordinates &place);
  AffineExpr evaluateGather(Operation *op, const Coordinates &place);
  AffineExpr load(TorchElement element);
  AffineExpr getLoad(Value tensor, ArrayRef<AffineExpr> place);

  MLIRContext *context;
  SmallVector<Load> loads;
  /// Elements that may still be looked at.
  unsigned stepsLeft = 0;
};

/// Returns the constant that all elements of a tensor are, an integer or a
/// float; nothing if it is none.
std::optional<APFloat> getTorchSplat(Value tensor);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHINTEGERS_H
