//===- TorchAttention.cpp - operands of attention of torch ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors of torch become tensors of MLIR, by torch-mlir's own conversions.
//
//===----------------------------------------------------------------------===//

#include "TorchAttention.h"

#include "Support/ForeignOps.h"
#include "TorchValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

LogicalResult mlir::fp8attn::readTorchScale(Value scale,
                                            AttentionImport &import,
                                            std::string &why) {
  if (isTorchNone(scale))
    return success();
  import.scale = getTorchFloat(scale);
  if (!import.scale && !isTorchFloat(scale.getType())) {
    why = llvm::formatv("expects scale to be a !torch.float, got {0}",
                        scale.getType());
    return failure();
  }
  if (!import.scale)
    import.scaleValue = scale;
  return success();
}

/// Demands as many heads of a tensor, `name`, as of the query, where types of
/// four dimensions say how many there are.
static LogicalResult checkSameHeads(Value query, Value tensor, StringRef name,
                                    std::string &why) {
  RankedTensorType queryType = getBuiltinTensor(query.getType());
  RankedTensorType type = getBuiltinTensor(tensor.getType());
  if (!queryType || !type || queryType.getRank() != 4 || type.getRank() != 4 ||
      queryType.getDimSize(1) == type.getDimSize(1))
    return success();
  why = llvm::formatv("expects as many heads of the {0} as of the query "
                      "without enable_gqa, got {1} and {2}",
                      name, type.getDimSize(1), queryType.getDimSize(1));
  return failure();
}

LogicalResult mlir::fp8attn::readTorchGroups(bool areGroups,
                                             AttentionImport &import,
                                             std::string &why) {
  import.repeatsHeads = areGroups;
  if (areGroups)
    return success();
  return success(
      succeeded(checkSameHeads(import.query, import.key, "key", why)) &&
      succeeded(checkSameHeads(import.query, import.value, "value", why)));
}

std::optional<TorchOperands> mlir::fp8attn::getTorchOperands(Operation *op) {
  auto get = [&](unsigned index) {
    return index < op->getNumOperands() ? op->getOperand(index) : Value();
  };
  if (op->getNumOperands() < 3)
    return std::nullopt;
  if (isForeign(op, "torch.aten.scaled_dot_product_attention") &&
      op->getNumResults() == 1)
    return TorchOperands{get(0), get(1), get(2), get(3),
                         get(4), get(5), get(6), get(7)};
  if (isForeign(op, "torch.operator") &&
      hasForeignText(
          op, "name",
          "torch.aten._scaled_dot_product_flash_attention_for_cpu") &&
      op->getNumResults() == 2)
    return TorchOperands{get(0), get(1), get(2), get(5),
                         get(3), get(4), get(6), Value()};
  return std::nullopt;
}

/// Reads an option; one that is not a constant is a reason to leave it all.
template <typename T>
static LogicalResult readOption(Value operand, StringRef name,
                                std::optional<T> (*read)(Value), T &option,
                                std::string &why) {
  if (!operand)
    return success();
  std::optional<T> constant = read(operand);
  if (!constant) {
    why = llvm::formatv("expects {0} to be a constant", name);
    return failure();
  }
  option = *constant;
  return success();
}

LogicalResult mlir::fp8attn::readTorchOptions(const TorchOperands &operands,
                                              AttentionImport &import,
                                              std::string &why) {
  double dropout = 0;
  bool enableGqa = false;
  if (failed(readOption(operands.dropout, "dropout_p", getTorchFloat, dropout,
                        why)) ||
      failed(readOption(operands.isCausal, "is_causal", getTorchBool,
                        import.isCausal, why)) ||
      failed(readOption(operands.enableGqa, "enable_gqa", getTorchBool,
                        enableGqa, why)))
    return failure();
  if (dropout != 0) {
    why = llvm::formatv("expects dropout_p 0, got {0}", dropout);
    return failure();
  }
  if (operands.scale && failed(readTorchScale(operands.scale, import, why)))
    return failure();
  if (operands.mask && !isTorchNone(operands.mask)) {
    if (import.isCausal) {
      why = "expects one of attn_mask and is_causal, got both";
      return failure();
    }
    import.mask = operands.mask;
  }
  return readTorchGroups(enableGqa, import, why);
}

LogicalResult mlir::fp8attn::convertTorchOperands(OpBuilder &builder,
                                                  Location loc,
                                                  AttentionImport &import,
                                                  std::string &why) {
  SmallVector<Value *> values = {&import.query, &import.key, &import.value};
  if (import.mask)
    values.push_back(&import.mask);
  for (Value *value : values)
    if (!getBuiltinTensor(value->getType())) {
      why = llvm::formatv("expects a !torch.vtensor with sizes, got {0}",
                          value->getType());
      return failure();
    }
  for (Value *value : values)
    *value = toBuiltinTensor(builder, loc, *value);
  // As a constant is rounded.
  if (import.scaleValue)
    import.scaleValue = arith::TruncFOp::create(
        builder, loc, builder.getF32Type(),
        toBuiltinFloat(builder, loc, import.scaleValue));
  return success();
}

Value mlir::fp8attn::castTorchResult(OpBuilder &builder, Location loc,
                                     Value result, Value old,
                                     std::string &why) {
  if (RankedTensorType type = getBuiltinTensor(old.getType()))
    return castResult(builder, loc, result, type, why);
  why = llvm::formatv("expects a result of !torch.vtensor with sizes, got {0}",
                      old.getType());
  return nullptr;
}
