//===- ClauseSyntax.h - operations written as clauses -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations with many operands are written as clauses, each with a keyword, in
// any order. A table of clauses, in the order in which they are printed and in
// which their operands stand in the operation, says all about a syntax.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_CLAUSESYNTAX_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_CLAUSESYNTAX_H

#include "mlir/IR/OpImplementation.h"

namespace mlir::fp8attn::detail {

/// How a clause is written.
enum class ClauseForm {
  /// `keyword`, a unit attribute.
  Flag,
  /// `keyword = 5`, an i64 attribute.
  Number,
  /// `keyword = bottom_right`, an alignment.
  Alignment,
  /// `keyword = f32`, a precision.
  Precision,
  /// `keyword(%a, %b : A, B)`, an operand for each of `names`.
  Operands,
  /// `keyword(%a, ... : A, ...)`, any number of operands from 1 on.
  List,
  /// `keyword(%scale : TYPE, affine_map<...>)`.
  Scale,
  /// `keyword { ... }`.
  Region,
};

/// A clause of an operation.
struct Clause {
  llvm::StringRef keyword;
  ClauseForm form;
  bool isRequired = false;
  /// The attribute that it sets: of a scale its map.
  llvm::StringRef attribute = {};
  /// What its operands are, if there is more than one.
  SmallVector<llvm::StringRef, 3> names = {};

  /// Returns how many groups of operands it has: 0 or more single ones, or one
  /// of any number.
  size_t getNumGroups() const;
};

/// Parses clauses and attribute dictionaries in any order, and `-> TYPES` of
/// the results behind them. Reports clauses that do not exist, that are
/// missing, or that are given twice. Operations without `operandSegmentSizes`
/// have required operands only.
ParseResult parseClauses(OpAsmParser &parser, OperationState &result,
                         ArrayRef<Clause> clauses, bool hasSegments);

/// Prints the clauses that `op` has, its other attributes and its results.
void printClauses(OpAsmPrinter &printer, Operation *op,
                  ArrayRef<Clause> clauses);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_CLAUSESYNTAX_H
