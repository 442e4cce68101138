//===- ImportTorch.cpp - attention of the torch dialect -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads operands in the order of PyTorch's schemas.
//
//===----------------------------------------------------------------------===//

#include "Support/Draft.h"
#include "Support/ForeignOps.h"
#include "Support/HeadShapes.h"
#include "Torch/TorchAttention.h"
#include "Torch/TorchRepeats.h"
#include "Torch/TorchValues.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTTORCH
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// The operands of an operation, by name; null for those that it does not have.
struct Operands {
  Value query, key, value, mask, dropout, isCausal, scale, enableGqa;
};
} // namespace

/// Returns the operands of attention; nothing for another operation.
static std::optional<Operands> getOperands(Operation *op) {
  auto get = [&](unsigned index) {
    return index < op->getNumOperands() ? op->getOperand(index) : Value();
  };
  if (op->getNumOperands() < 3)
    return std::nullopt;
  if (isForeign(op, "torch.aten.scaled_dot_product_attention") &&
      op->getNumResults() == 1)
    return Operands{get(0), get(1), get(2), get(3),
                    get(4), get(5), get(6), get(7)};
  if (isForeign(op, "torch.operator") &&
      hasForeignText(
          op, "name",
          "torch.aten._scaled_dot_product_flash_attention_for_cpu") &&
      op->getNumResults() == 2)
    return Operands{get(0), get(1), get(2), get(5),
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

/// Reads what does not ask for code; says why if it cannot be meant.
static LogicalResult readOptions(const Operands &operands,
                                 AttentionImport &import, std::string &why) {
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

/// Tensors of three dimensions have no heads, and neither has their mask.
static bool addMissingHeads(OpBuilder &builder, Location loc,
                            AttentionImport &import) {
  SmallVector<Value *> values = {&import.query, &import.key, &import.value};
  auto isOfThree = [](Value *value) {
    return cast<RankedTensorType>(value->getType()).getRank() == 3;
  };
  if (!llvm::all_of(values, isOfThree))
    return false;
  if (import.mask && isOfThree(&import.mask))
    values.push_back(&import.mask);
  for (Value *value : values)
    *value = addHead(builder, loc, *value);
  return true;
}

/// Builds what stands for the results that are used; says why if it cannot.
static FailureOr<SmallVector<Value>> build(OpBuilder &builder, Operation *op,
                                           const Operands &operands,
                                           std::string &why) {
  Location loc = op->getLoc();
  AttentionImport import;
  import.query = operands.query;
  import.key = operands.key;
  import.value = operands.value;
  if (failed(readOptions(operands, import, why)))
    return failure();
  dropRepeatedHeads(builder, import.key, import.value);
  if (failed(convertTorchOperands(builder, loc, import, why)))
    return failure();
  const bool hasNoHeads = addMissingHeads(builder, loc, import);
  const bool wantsLse =
      op->getNumResults() > 1 && !op->getResult(1).use_empty();
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, import, wantsLse, why);
  if (failed(results))
    return failure();
  for (auto [old, result] : llvm::zip(op->getResults(), *results)) {
    if (hasNoHeads)
      result = dropHead(builder, loc, result);
    result = castTorchResult(builder, loc, result, old, why);
    if (!result)
      return failure();
  }
  return results;
}

static void importOperation(Operation *op, const Operands &operands) {
  OpBuilder builder(op);
  std::string why;
  {
    Draft draft(builder);
    FailureOr<SmallVector<Value>> results = build(builder, op, operands, why);
    if (failed(results))
      return remarkMissed(op, why);
    for (auto [old, tensor] : llvm::zip(op->getResults(), *results))
      replaceByBuiltinTensor(builder, old, tensor);
    draft.keep();
  }
  SmallVector<Value> used(op->getOperands());
  op->erase();
  eraseUnusedShapes(used);
}

namespace {
struct ImportTorchPass
    : public fp8attn::impl::ImportTorchBase<ImportTorchPass> {
  void runOnOperation() override {
    SmallVector<std::pair<Operation *, Operands>> found;
    getOperation().walk([&](Operation *op) {
      if (std::optional<Operands> operands = getOperands(op))
        found.push_back({op, *operands});
    });
    for (auto &[op, operands] : found)
      importOperation(op, operands);
  }
};
} // namespace
