//===- TorchScalarMethods.cpp - what operations on scalars become ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The numbers are PyTorch's: operands have the type of the result, or, of
// comparisons, the one that PyTorch promotes them to; floats are computed in
// f32 and rounded to the result; integers wrap.
//
//===----------------------------------------------------------------------===//

#include "Support/ForeignOps.h"
#include "TorchScalarTranslator.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::fp8attn;

template <typename Op> Value ScalarTranslator::unary(Operation *op) {
  Value value = getWide(op, 0, getType(op));
  return value ? convert(Op::create(builder, loc, value), getType(op)) : value;
}

template <typename Float, typename Int, unsigned Left>
Value ScalarTranslator::binary(Operation *op) {
  Type type = getType(op);
  if (type.isInteger(1))
    return refuse(op, "numbers as operands");
  const bool isFloat = isa<FloatType>(type);
  auto read = [&](unsigned index) {
    return isFloat ? getWide(op, index, type) : get(op, index, type);
  };
  Value left = read(Left), right = read(1 - Left);
  if (!left || !right)
    return nullptr;
  return isFloat ? convert(Float::create(builder, loc, left, right), type)
                 : Value(Int::create(builder, loc, left, right));
}

/// A sum or a difference has a factor of the second operand.
template <typename Float, typename Int, unsigned Left>
Value ScalarTranslator::sum(Operation *op) {
  bool isFloat;
  if (has(op, 2) && getPythonNumber(op->getOperand(2), isFloat) != 1.0)
    return refuse(op, "alpha to be 1");
  return binary<Float, Int, Left>(op);
}

template <arith::CmpFPredicate Float, arith::CmpIPredicate Int>
Value ScalarTranslator::compare(Operation *op) {
  Type type = promote(op);
  if (!type)
    return refuse(op, "two numbers as operands");
  // An i1 that is true is less than one that is not.
  if (type.isInteger(1))
    type = builder.getI8Type();
  Value left = get(op, 0, type), right = get(op, 1, type);
  if (!left || !right)
    return nullptr;
  if (!isa<FloatType>(type))
    return arith::CmpIOp::create(builder, loc, Int, left, right);
  return arith::CmpFOp::create(builder, loc, Float,
                               convert(left, builder.getF32Type()),
                               convert(right, builder.getF32Type()));
}

template <typename Op> Value ScalarTranslator::bitwise(Operation *op) {
  if (isa<FloatType>(getType(op)))
    return refuse(op, "integers as operands");
  Value left = get(op, 0, getType(op)), right = get(op, 1, getType(op));
  return make<Op>(left, right);
}

template <typename Op> Value ScalarTranslator::logical(Operation *op) {
  Value left = get(op, 0, builder.getI1Type());
  Value right = get(op, 1, builder.getI1Type());
  return make<Op>(left, right);
}

template <unsigned Index> Value ScalarTranslator::constant(Operation *op) {
  return get(op, Index, getType(op));
}

template <int Number> Value ScalarTranslator::filled(Operation *op) {
  return makeConstant(getType(op), Number);
}

Value ScalarTranslator::literal(Operation *op) {
  Type type = getType(op);
  auto elements = getForeignAttr<DenseElementsAttr>(op, "value");
  if (!elements || !elements.isSplat())
    return refuse(op, "one number");
  Type element = elements.getElementType();
  TypedAttr number;
  if (element == type && isa<FloatType>(type))
    number = FloatAttr::get(type, elements.getSplatValue<APFloat>());
  else if (!isa<FloatType>(type) &&
           element.isInteger(type.getIntOrFloatBitWidth()))
    number = IntegerAttr::get(type, elements.getSplatValue<APInt>());
  else
    return refuse(op, "a number of the result's type");
  return arith::ConstantOp::create(builder, loc, number);
}

Value ScalarTranslator::absolute(Operation *op) {
  if (isa<FloatType>(getType(op)))
    return unary<math::AbsFOp>(op);
  Value value = get(op, 0, getType(op)), negative = negate(op);
  return make<arith::MaxSIOp>(value, negative);
}

Value ScalarTranslator::negate(Operation *op) {
  if (isa<FloatType>(getType(op)))
    return unary<arith::NegFOp>(op);
  Value value = get(op, 0, getType(op));
  return value ? Value(arith::SubIOp::create(
                     builder, loc, makeConstant(getType(op), 0), value))
               : value;
}

Value ScalarTranslator::reciprocal(Operation *op) {
  Value value = getWide(op, 0, getType(op));
  if (!value)
    return nullptr;
  Value one = makeConstant(builder.getF32Type(), 1);
  return convert(arith::DivFOp::create(builder, loc, one, value), getType(op));
}

Value ScalarTranslator::sigmoid(Operation *op) {
  Value value = getWide(op, 0, getType(op));
  if (!value)
    return nullptr;
  Value one = makeConstant(builder.getF32Type(), 1);
  value = arith::NegFOp::create(builder, loc, value);
  value = math::ExpOp::create(builder, loc, value);
  value = arith::AddFOp::create(builder, loc, one, value);
  return convert(arith::DivFOp::create(builder, loc, one, value), getType(op));
}

Value ScalarTranslator::square(Operation *op) {
  Type type = getType(op);
  const bool isFloat = isa<FloatType>(type);
  Value value = isFloat ? getWide(op, 0, type) : get(op, 0, type);
  if (!value)
    return nullptr;
  return isFloat
             ? convert(arith::MulFOp::create(builder, loc, value, value), type)
             : Value(arith::MulIOp::create(builder, loc, value, value));
}

Value ScalarTranslator::power(Operation *op) {
  bool isFloat;
  if (has(op, 1) && getPythonNumber(op->getOperand(1), isFloat) == 2.0)
    return square(op);
  return refuse(op, "the exponent to be 2");
}

Value ScalarTranslator::divide(Operation *op) {
  if (!isa<FloatType>(getType(op)))
    return refuse(op, "a float as result");
  return binary<arith::DivFOp, arith::DivSIOp>(op);
}

Value ScalarTranslator::divideByMode(Operation *op) {
  if (!has(op, 2))
    return divide(op);
  std::optional<StringRef> mode = getTorchString(op->getOperand(2));
  if (mode == "floor")
    return divideDown(op);
  if (mode != "trunc" || isa<FloatType>(getType(op)))
    return refuse(op, "integers, or no rounding mode, as operands");
  Value left = get(op, 0, getType(op)), right = getDivisor(op, getType(op));
  return make<arith::DivSIOp>(left, right);
}

/// The quotient is toward zero: one less where something negative remains.
Value ScalarTranslator::divideDown(Operation *op) {
  Type type = getType(op);
  if (isa<FloatType>(type) || type.isInteger(1))
    return refuse(op, "integers as operands");
  Value left = get(op, 0, type), right = getDivisor(op, type);
  if (!left || !right)
    return nullptr;
  Value quotient = arith::DivSIOp::create(builder, loc, left, right);
  Value rest = arith::RemSIOp::create(builder, loc, left, right);
  Value isLess = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       rest, makeConstant(type, 0));
  return arith::SubIOp::create(builder, loc, quotient, convert(isLess, type));
}

/// It has the sign of the divisor.
Value ScalarTranslator::remainder(Operation *op) {
  Type type = getType(op);
  if (isa<FloatType>(type) || type.isInteger(1))
    return refuse(op, "integers as operands");
  Value left = get(op, 0, type), right = getDivisor(op, type);
  if (!left || !right)
    return nullptr;
  Value rest = arith::RemSIOp::create(builder, loc, left, right);
  Value isLess = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       rest, makeConstant(type, 0));
  Value more = arith::AddIOp::create(builder, loc, rest, right);
  return arith::SelectOp::create(builder, loc, isLess, more, rest);
}

Value ScalarTranslator::clamp(Operation *op) {
  Type type = getType(op);
  const bool isFloat = isa<FloatType>(type);
  Value value = get(op, 0, type);
  for (unsigned index : {1, 2}) {
    if (!value)
      return nullptr;
    if (!has(op, index))
      continue;
    Value bound = get(op, index, type);
    if (!bound)
      return nullptr;
    if (index == 1)
      value = isFloat
                  ? Value(arith::MaximumFOp::create(builder, loc, value, bound))
                  : Value(arith::MaxSIOp::create(builder, loc, value, bound));
    else
      value = isFloat
                  ? Value(arith::MinimumFOp::create(builder, loc, value, bound))
                  : Value(arith::MinSIOp::create(builder, loc, value, bound));
  }
  return value;
}

Value ScalarTranslator::bitwiseNot(Operation *op) {
  Type type = getType(op);
  if (isa<FloatType>(type))
    return refuse(op, "an integer as operand");
  Value value = get(op, 0, type);
  Value ones = arith::ConstantOp::create(
      builder, loc,
      IntegerAttr::get(type, APInt::getAllOnes(type.getIntOrFloatBitWidth())));
  return make<arith::XOrIOp>(value, ones);
}

Value ScalarTranslator::logicalNot(Operation *op) {
  Value value = get(op, 0, builder.getI1Type());
  Value one = makeConstant(builder.getI1Type(), 1);
  return make<arith::XOrIOp>(value, one);
}

Value ScalarTranslator::where(Operation *op) {
  Value condition = get(op, 0, builder.getI1Type());
  Value yes = get(op, 1, getType(op)), no = get(op, 2, getType(op));
  return make<arith::SelectOp>(condition, yes, no);
}

Value ScalarTranslator::maskedFill(Operation *op) {
  Value value = get(op, 0, getType(op));
  Value condition = get(op, 1, builder.getI1Type());
  Value filling = get(op, 2, getType(op));
  return make<arith::SelectOp>(condition, filling, value);
}

ScalarTranslator::Method ScalarTranslator::find(StringRef name) {
  using T = ScalarTranslator;
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr std::pair<StringLiteral, Method> kMethods[] = {
      {"torch.aten.abs", &T::absolute},
      {"torch.aten.add.Scalar", &T::sum<arith::AddFOp, arith::AddIOp>},
      {"torch.aten.add.Tensor", &T::sum<arith::AddFOp, arith::AddIOp>},
      {"torch.aten.bitwise_and.Scalar", &T::bitwise<arith::AndIOp>},
      {"torch.aten.bitwise_and.Tensor", &T::bitwise<arith::AndIOp>},
      {"torch.aten.bitwise_not", &T::bitwiseNot},
      {"torch.aten.bitwise_or.Tensor", &T::bitwise<arith::OrIOp>},
      {"torch.aten.bitwise_xor.Tensor", &T::bitwise<arith::XOrIOp>},
      {"torch.aten.clamp", &T::clamp},
      {"torch.aten.clone", &T::constant<0>},
      {"torch.aten.detach", &T::constant<0>},
      {"torch.aten.div.Scalar", &T::divide},
      {"torch.aten.div.Scalar_mode", &T::divideByMode},
      {"torch.aten.div.Tensor", &T::divide},
      {"torch.aten.div.Tensor_mode", &T::divideByMode},
      {"torch.aten.eq.Scalar", &T::compare<F::OEQ, I::eq>},
      {"torch.aten.eq.Tensor", &T::compare<F::OEQ, I::eq>},
      {"torch.aten.exp", &T::unary<math::ExpOp>},
      {"torch.aten.exp2", &T::unary<math::Exp2Op>},
      {"torch.aten.floor_divide", &T::divideDown},
      {"torch.aten.floor_divide.Scalar", &T::divideDown},
      {"torch.aten.full", &T::constant<1>},
      {"torch.aten.full_like", &T::constant<1>},
      {"torch.aten.ge.Scalar", &T::compare<F::OGE, I::sge>},
      {"torch.aten.ge.Tensor", &T::compare<F::OGE, I::sge>},
      {"torch.aten.gt.Scalar", &T::compare<F::OGT, I::sgt>},
      {"torch.aten.gt.Tensor", &T::compare<F::OGT, I::sgt>},
      {"torch.aten.le.Scalar", &T::compare<F::OLE, I::sle>},
      {"torch.aten.le.Tensor", &T::compare<F::OLE, I::sle>},
      {"torch.aten.log", &T::unary<math::LogOp>},
      {"torch.aten.log2", &T::unary<math::Log2Op>},
      {"torch.aten.logical_and", &T::logical<arith::AndIOp>},
      {"torch.aten.logical_not", &T::logicalNot},
      {"torch.aten.logical_or", &T::logical<arith::OrIOp>},
      {"torch.aten.logical_xor", &T::logical<arith::XOrIOp>},
      {"torch.aten.lt.Scalar", &T::compare<F::OLT, I::slt>},
      {"torch.aten.lt.Tensor", &T::compare<F::OLT, I::slt>},
      {"torch.aten.masked_fill.Scalar", &T::maskedFill},
      {"torch.aten.masked_fill.Tensor", &T::maskedFill},
      {"torch.aten.maximum", &T::binary<arith::MaximumFOp, arith::MaxSIOp>},
      {"torch.aten.minimum", &T::binary<arith::MinimumFOp, arith::MinSIOp>},
      {"torch.aten.mul.Scalar", &T::binary<arith::MulFOp, arith::MulIOp>},
      {"torch.aten.mul.Tensor", &T::binary<arith::MulFOp, arith::MulIOp>},
      {"torch.aten.ne.Scalar", &T::compare<F::UNE, I::ne>},
      {"torch.aten.ne.Tensor", &T::compare<F::UNE, I::ne>},
      {"torch.aten.neg", &T::negate},
      {"torch.aten.new_full", &T::constant<2>},
      {"torch.aten.new_ones", &T::filled<1>},
      {"torch.aten.new_zeros", &T::filled<0>},
      {"torch.aten.ones", &T::filled<1>},
      {"torch.aten.ones_like", &T::filled<1>},
      {"torch.aten.pow.Tensor_Scalar", &T::power},
      {"torch.aten.reciprocal", &T::reciprocal},
      {"torch.aten.remainder.Scalar", &T::remainder},
      {"torch.aten.remainder.Tensor", &T::remainder},
      {"torch.aten.rsqrt", &T::unary<math::RsqrtOp>},
      {"torch.aten.rsub.Scalar", &T::sum<arith::SubFOp, arith::SubIOp, 1>},
      {"torch.aten.scalar_tensor", &T::constant<0>},
      {"torch.aten.sigmoid", &T::sigmoid},
      {"torch.aten.sqrt", &T::unary<math::SqrtOp>},
      {"torch.aten.square", &T::square},
      {"torch.aten.sub.Scalar", &T::sum<arith::SubFOp, arith::SubIOp>},
      {"torch.aten.sub.Tensor", &T::sum<arith::SubFOp, arith::SubIOp>},
      {"torch.aten.tanh", &T::unary<math::TanhOp>},
      {"torch.aten.to.dtype", &T::constant<0>},
      {"torch.aten.where.Scalar", &T::where},
      {"torch.aten.where.ScalarOther", &T::where},
      {"torch.aten.where.ScalarSelf", &T::where},
      {"torch.aten.where.self", &T::where},
      {"torch.aten.zeros", &T::filled<0>},
      {"torch.aten.zeros_like", &T::filled<0>},
      {"torch.prim.NumToTensor.Scalar", &T::constant<0>},
      {"torch.prims.convert_element_type", &T::constant<0>},
      {"torch.vtensor.literal", &T::literal}};
  const auto *entry = llvm::find_if(
      kMethods, [&](const auto &entry) { return entry.first == name; });
  return entry == std::end(kMethods) ? nullptr : entry->second;
}
