//===- TorchScalars.cpp - functions of torch on scalars -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads operands, and converts them as PyTorch does; TorchScalarMethods.cpp has
// the operations.
//
//===----------------------------------------------------------------------===//

#include "TorchScalars.h"

#include "TorchScalarTranslator.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

Type mlir::fp8attn::getScalarType(Type type) {
  RankedTensorType tensor = getBuiltinTensor(type);
  if (!tensor || tensor.getRank() != 0)
    return nullptr;
  Type element = tensor.getElementType();
  if (element.isF32() || element.isF16() || element.isBF16() ||
      element.isInteger(1))
    return element;
  const bool isKept = element.isSignedInteger(8) ||
                      element.isSignedInteger(32) ||
                      element.isSignedInteger(64);
  return isKept ? IntegerType::get(type.getContext(),
                                   element.getIntOrFloatBitWidth())
                : Type();
}

static bool isBool(Type type) { return type.isInteger(1); }

Value mlir::fp8attn::convertScalar(OpBuilder &builder, Location loc,
                                   Value value, Type type) {
  Type from = value.getType();
  if (from == type)
    return value;
  if (isBool(type)) {
    Value zero =
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(from));
    if (isa<FloatType>(from))
      return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE,
                                   value, zero);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value,
                                 zero);
  }
  if (isa<FloatType>(type)) {
    if (isBool(from))
      return arith::UIToFPOp::create(builder, loc, type, value);
    if (from.isInteger())
      return arith::SIToFPOp::create(builder, loc, type, value);
    if (from.isF32())
      return arith::TruncFOp::create(builder, loc, type, value);
    Value wide =
        arith::ExtFOp::create(builder, loc, builder.getF32Type(), value);
    return convertScalar(builder, loc, wide, type);
  }
  if (isa<FloatType>(from))
    return nullptr;
  if (isBool(from))
    return arith::ExtUIOp::create(builder, loc, type, value);
  if (from.getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtSIOp::create(builder, loc, type, value);
  return arith::TruncIOp::create(builder, loc, type, value);
}

std::optional<double> mlir::fp8attn::getPythonNumber(Value value,
                                                     bool &isFloat) {
  isFloat = false;
  if (std::optional<bool> boolean = getTorchBool(value))
    return *boolean;
  // Beyond 2^53, a double has not all integers.
  constexpr int64_t kExact = int64_t(1) << 53;
  std::optional<int64_t> integer = getTorchInt(value);
  if (integer && *integer >= -kExact && *integer <= kExact)
    return *integer;
  isFloat = true;
  return getTorchFloat(value);
}

/// PyTorch's categories of numbers: a higher one prevails.
static int getCategory(Type type) {
  return isa<FloatType>(type) ? 2 : isBool(type) ? 0 : 1;
}

Value ScalarTranslator::refuse(Operation *op, const Twine &expected) {
  if (why.empty())
    why = ("expects " + expected + " in " + op->getName().getStringRef() +
           " of @" + function.getSymName())
              .str();
  return nullptr;
}

Value ScalarTranslator::makeConstant(Type type, double number) {
  if (isa<FloatType>(type)) {
    APFloat value(number);
    bool losesInfo;
    value.convert(cast<FloatType>(type).getFloatSemantics(),
                  APFloat::rmNearestTiesToEven, &losesInfo);
    return arith::ConstantOp::create(builder, loc, FloatAttr::get(type, value));
  }
  if (isBool(type))
    return arith::ConstantOp::create(builder, loc,
                                     builder.getBoolAttr(number != 0));
  APSInt integer(type.getIntOrFloatBitWidth(), /*isUnsigned=*/false);
  bool isExact;
  APFloat(number).convertToInteger(integer, APFloat::rmTowardZero, &isExact);
  return isExact ? Value(arith::ConstantOp::create(
                       builder, loc, IntegerAttr::get(type, integer)))
                 : Value();
}

Value ScalarTranslator::get(Operation *op, unsigned index, Type type) {
  if (index >= op->getNumOperands())
    return refuse(
        op,
        llvm::formatv("more than {0} operands", op->getNumOperands()).str());
  Value operand = op->getOperand(index), result;
  bool isFloat;
  if (Value scalar = scalars.lookup(operand))
    result = convert(scalar, type);
  else if (std::optional<double> number = getPythonNumber(operand, isFloat))
    result = makeConstant(type, *number);
  return result ? result
                : refuse(op, llvm::formatv("operand {0} to be a number that {1}"
                                           " has",
                                           index, type)
                                 .str());
}

Value ScalarTranslator::getWide(Operation *op, unsigned index, Type type) {
  const bool isNumber =
      index < op->getNumOperands() && !scalars.contains(op->getOperand(index));
  Value value = get(op, index, isNumber ? builder.getF32Type() : type);
  return value ? convert(value, builder.getF32Type()) : Value();
}

Value ScalarTranslator::getDivisor(Operation *op, Type type) {
  Value value = get(op, 1, type);
  APInt number;
  if (value && (!matchPattern(value, m_ConstantInt(&number)) ||
                !number.isStrictlyPositive()))
    return refuse(op, "the divisor to be a constant greater than 0");
  return value;
}

Type ScalarTranslator::promote(Operation *op) {
  Type common;
  bool isOfNumber = false;
  if (op->getNumOperands() < 2)
    return nullptr;
  for (Value operand : op->getOperands().take_front(2)) {
    Value scalar = scalars.lookup(operand);
    bool isFloat;
    if (!scalar && !getPythonNumber(operand, isFloat))
      return nullptr;
    Type type = scalar                  ? scalar.getType()
                : isFloat               ? Type(builder.getF32Type())
                : getTorchBool(operand) ? Type(builder.getI1Type())
                                        : Type(builder.getI64Type());
    const bool isNumber = !scalar;
    const int more = common ? getCategory(type) - getCategory(common) : 1;
    // A tensor's type prevails over that of a number of its category.
    if (more > 0 || (more == 0 && isOfNumber && !isNumber)) {
      common = type;
      isOfNumber = isNumber;
    } else if (more == 0 && isNumber == isOfNumber && type != common) {
      const bool isWider =
          type.getIntOrFloatBitWidth() > common.getIntOrFloatBitWidth();
      common = isa<FloatType>(type) ? builder.getF32Type()
               : isWider            ? type
                                    : common;
    }
  }
  return common;
}

Value ScalarTranslator::translate(ValueRange arguments) {
  if (!function.getBody().hasOneBlock()) {
    why = llvm::formatv("expects @{0} to have one block, got {1}",
                        function.getSymName(),
                        llvm::range_size(function.getBody()));
    return nullptr;
  }
  Block &block = function.getBody().front();
  for (auto [argument, scalar] : llvm::zip(block.getArguments(), arguments))
    scalars[argument] = scalar;
  for (Operation &op : block.without_terminator()) {
    // Numbers and lists of Python's are read where they are used.
    StringRef name = op.getName().getStringRef();
    if (name.starts_with("torch.constant.") ||
        name == "torch.prim.ListConstruct")
      continue;
    Method method = find(name);
    if (!method || op.getNumResults() != 1 || !getType(&op)) {
      why = llvm::formatv("expects operations on scalars that a score region "
                          "has in @{0}, got {1}",
                          function.getSymName(), name);
      return nullptr;
    }
    loc = op.getLoc();
    Value scalar = (this->*method)(&op);
    if (!scalar)
      return refuse(&op, "other types");
    scalars[op.getResult(0)] = scalar;
  }
  Operation *end = block.getTerminator();
  Value result =
      end->getNumOperands() == 1 ? scalars.lookup(end->getOperand(0)) : Value();
  if (!result)
    why = llvm::formatv("expects @{0} to return what it computes",
                        function.getSymName());
  return result;
}

Value mlir::fp8attn::inlineTorchScalars(OpBuilder &builder,
                                        func::FuncOp function,
                                        ValueRange arguments,
                                        std::string &why) {
  return ScalarTranslator(builder, function, why).translate(arguments);
}
