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
                                           const TorchOperands &operands,
                                           std::string &why) {
  Location loc = op->getLoc();
  AttentionImport import;
  import.query = operands.query;
  import.key = operands.key;
  import.value = operands.value;
  if (failed(readTorchOptions(operands, import, why)))
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

static void importOperation(Operation *op, const TorchOperands &operands) {
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
    SmallVector<std::pair<Operation *, TorchOperands>> found;
    getOperation().walk([&](Operation *op) {
      if (std::optional<TorchOperands> operands = getTorchOperands(op))
        found.push_back({op, *operands});
    });
    for (auto &[op, operands] : found)
      importOperation(op, operands);
  }
};
} // namespace
