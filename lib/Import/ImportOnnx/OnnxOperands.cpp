//===- OnnxOperands.cpp - operands of the onnx dialect --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constants of the dialect are those of MLIR where a number is read of them.
//
//===----------------------------------------------------------------------===//

#include "ImportOnnx/OnnxOperands.h"

#include "Support/ForeignOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp8attn;

Value mlir::fp8attn::getOnnxOperand(Operation *op, unsigned place) {
  if (place >= op->getNumOperands() ||
      isa<NoneType>(op->getOperand(place).getType()))
    return Value();
  return op->getOperand(place);
}

LogicalResult mlir::fp8attn::checkPastPair(Operation *op, unsigned key,
                                           unsigned value, std::string &why) {
  if (!getOnnxOperand(op, key) == !getOnnxOperand(op, value))
    return success();
  why = "expects past keys and past values, or neither, got one of them";
  return failure();
}

SmallVector<Value> mlir::fp8attn::getUsedResults(Operation *op,
                                                 ArrayRef<Value> values) {
  SmallVector<Value> results(op->getNumResults());
  for (auto [result, old, value] : llvm::zip(results, op->getResults(), values))
    if (!old.use_empty())
      result = value;
  return results;
}

std::optional<int64_t> mlir::fp8attn::getOnnxInteger(Operation *op,
                                                     StringRef name) {
  auto number = getForeignAttr<IntegerAttr>(op, name);
  return number ? std::optional(number.getValue().getSExtValue())
                : std::nullopt;
}

std::optional<double> mlir::fp8attn::getOnnxFloat(Operation *op,
                                                  StringRef name) {
  auto number = getForeignAttr<FloatAttr>(op, name);
  return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
}

Value mlir::fp8attn::readOnnxInteger(OpBuilder &builder, Location loc,
                                     Value tensor, Value entry) {
  if (Operation *maker = tensor.getDefiningOp())
    if (isForeign(maker, "onnx.Constant"))
      if (auto value = getForeignAttr<DenseElementsAttr>(maker, "value"))
        if (value.getType() == tensor.getType())
          tensor = arith::ConstantOp::create(builder, loc, value);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  SmallVector<Value> place(cast<RankedTensorType>(tensor.getType()).getRank(),
                           zero);
  if (entry)
    place.front() = entry;
  Value number = tensor::ExtractOp::create(builder, loc, tensor, place);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    number);
}
