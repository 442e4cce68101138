//===- TorchScalarTranslator.h - operations on scalars ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How TorchScalars.cpp builds what a function of torch computes: a method for
// each kind of operation, found by the operation's name.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHSCALARTRANSLATOR_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHSCALARTRANSLATOR_H

#include "TorchScalars.h"
#include "TorchValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::fp8attn {

/// Returns a number of Python's, and whether it is a float.
std::optional<double> getPythonNumber(Value value, bool &isFloat);

/// Translates the operations of one function.
class ScalarTranslator {
public:
  ScalarTranslator(OpBuilder &builder, func::FuncOp function, std::string &why)
      : builder(builder), function(function), loc(function.getLoc()), why(why) {
  }

  Value translate(ValueRange arguments);

private:
  using Method = Value (ScalarTranslator::*)(Operation *op);
  static Method find(StringRef name);

  /// What operations become; null, and why, if they cannot.
  template <typename Op> Value unary(Operation *op);
  template <typename Float, typename Int, unsigned Left = 0>
  Value binary(Operation *op);
  template <typename Float, typename Int, unsigned Left = 0>
  Value sum(Operation *op);
  template <arith::CmpFPredicate Float, arith::CmpIPredicate Int>
  Value compare(Operation *op);
  template <typename Op> Value bitwise(Operation *op);
  template <typename Op> Value logical(Operation *op);
  template <unsigned Index> Value constant(Operation *op);
  template <int Number> Value filled(Operation *op);
  Value literal(Operation *op);
  Value absolute(Operation *op);
  Value negate(Operation *op);
  Value reciprocal(Operation *op);
  Value sigmoid(Operation *op);
  Value square(Operation *op);
  Value power(Operation *op);
  Value divide(Operation *op);
  Value divideByMode(Operation *op);
  Value divideDown(Operation *op);
  Value remainder(Operation *op);
  Value clamp(Operation *op);
  Value bitwiseNot(Operation *op);
  Value logicalNot(Operation *op);
  Value where(Operation *op);
  Value maskedFill(Operation *op);

  /// Says what is expected of an operation; returns null.
  Value refuse(Operation *op, const Twine &expected);
  /// Returns an operand as a scalar of the type.
  Value get(Operation *op, unsigned index, Type type);
  /// The same in f32, behind rounding to `type` if it is a tensor's.
  Value getWide(Operation *op, unsigned index, Type type);
  /// The same, of an integer by which is divided: greater than 0.
  Value getDivisor(Operation *op, Type type);
  /// Returns the type that PyTorch promotes the first two operands to; null if
  /// one is no number.
  Type promote(Operation *op);
  Value makeConstant(Type type, double number);
  /// Creates an operation of operands; null if one of them is.
  template <typename Op, typename... Operands>
  Value make(Operands... operands) {
    return (operands && ...) ? Value(Op::create(builder, loc, operands...))
                             : Value();
  }
  Value convert(Value value, Type type) {
    return convertScalar(builder, loc, value, type);
  }
  /// Whether an operand is there and not None.
  bool has(Operation *op, unsigned index) {
    return index < op->getNumOperands() && !isTorchNone(op->getOperand(index));
  }
  static Type getType(Operation *op) {
    return getScalarType(op->getResult(0).getType());
  }

  OpBuilder &builder;
  func::FuncOp function;
  Location loc;
  std::string &why;
  DenseMap<Value, Value> scalars;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHSCALARTRANSLATOR_H
