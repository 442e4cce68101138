//===- ImportOnnx.cpp - attention of the onnx dialect ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands and attributes are those of the operator Attention of ONNX. Its
// softcap comes before the mask, as the standard says since its correction of
// 2026 (onnx/onnx pull request 7867).
//
//===----------------------------------------------------------------------===//

#include "ImportOnnx/GroupQuery.h"
#include "ImportOnnx/OnnxOperands.h"
#include "Support/AttentionImport.h"
#include "Support/ForeignOps.h"
#include "Support/HeadShapes.h"
#include "Support/IndexTensors.h"
#include "Support/PastTokens.h"
#include "Support/SizeChecks.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTONNX
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Places of the operands.
enum Place { kQuery, kKey, kValue, kMask, kPastKey, kPastValue, kPaddedKeys };

/// Where scores would be, behind the result and what is there now.
static constexpr unsigned kScores = 3;

/// What the standard calls the type of f64.
static constexpr int64_t kDouble = 11;

/// Reads operands and attributes; says why if they cannot be meant.
static LogicalResult read(Operation *op, AttentionImport &import,
                          std::string &why) {
  if (op->getNumResults() > kScores && !op->getResult(kScores).use_empty())
    why = "expects no use of scores";
  else if (failed(checkPastPair(op, kPastKey, kPastValue, why)))
    return failure();
  else if (getOnnxOperand(op, kPaddedKeys) && getOnnxOperand(op, kPastKey))
    why = "expects a past or nonpad_kv_seqlen, got both";
  else if (getOnnxInteger(op, "softmax_precision") == kDouble)
    why = "expects softmax_precision of f32 or less, got double";
  if (!why.empty())
    return failure();
  import.query = op->getOperand(kQuery);
  import.key = op->getOperand(kKey);
  import.value = op->getOperand(kValue);
  import.mask = getOnnxOperand(op, kMask);
  import.padsMask = true;
  import.isCausal = getOnnxInteger(op, "is_causal").value_or(0) != 0;
  // Of opset 25.
  for (auto [name, side] :
       {std::pair("left_window_size", &import.windowLeft),
        std::pair("right_window_size", &import.windowRight)}) {
    const int64_t keys = getOnnxInteger(op, name).value_or(-1);
    if (keys != -1)
      *side = keys;
  }
  import.scale = getOnnxFloat(op, "scale");
  import.softcap = getOnnxFloat(op, "softcap");
  // The standard's word for none.
  if (import.softcap == 0.0)
    import.softcap.reset();
  return success();
}

/// Splits heads from channels where the operands are of three dimensions; says
/// why if the attributes do not say how.
static FailureOr<bool> splitPackedHeads(OpBuilder &builder, Operation *op,
                                        AttentionImport &import,
                                        std::string &why) {
  auto query = dyn_cast<RankedTensorType>(import.query.getType());
  if (!query || query.getRank() != 3)
    return false;
  const std::pair<Value *, StringRef> packed[] = {
      {&import.query, "q_num_heads"},
      {&import.key, "kv_num_heads"},
      {&import.value, "kv_num_heads"}};
  for (auto [value, name] : packed) {
    auto type = dyn_cast<RankedTensorType>(value->getType());
    const int64_t heads = getOnnxInteger(op, name).value_or(0);
    if (!type || type.getRank() != 3 || type.isDynamicDim(2) || heads < 1 ||
        type.getDimSize(2) % heads != 0) {
      why =
          llvm::formatv("expects {0} to divide a last dimension of three, got "
                        "{1} and {2}",
                        name, heads, value->getType());
      return failure();
    }
  }
  for (auto [value, name] : packed)
    *value =
        splitHeads(builder, op->getLoc(), *value, *getOnnxInteger(op, name));
  return true;
}

/// Puts keys and values behind those of the past, if there is one; says why if
/// it cannot.
static LogicalResult appendToPast(OpBuilder &builder, Operation *op,
                                  AttentionImport &import, std::string &why) {
  Value pastKey = getOnnxOperand(op, kPastKey);
  if (!pastKey)
    return success();
  auto query = dyn_cast<RankedTensorType>(import.query.getType());
  auto key = dyn_cast<RankedTensorType>(import.key.getType());
  // A query stands behind the past as many tokens as queries come before it.
  if (import.isCausal && query && key && query.getRank() == key.getRank() &&
      query.getRank() == 4 &&
      (query.isDynamicDim(2) || query.getDimSize(2) != key.getDimSize(2))) {
    why = llvm::formatv("expects as many new keys as queries, statically, with "
                        "a past and is_causal, got {0} and {1}",
                        key, query);
    return failure();
  }
  import.hasPast = true;
  import.key = appendTokens(builder, op->getLoc(), pastKey, import.key, why);
  if (!import.key)
    return failure();
  import.value = appendTokens(
      builder, op->getLoc(), getOnnxOperand(op, kPastValue), import.value, why);
  return success(import.value != nullptr);
}

/// Reads how many keys of each batch entry are no padding, if it is said; says
/// why if it cannot.
static LogicalResult readLengths(OpBuilder &builder, Operation *op,
                                 AttentionImport &import, std::string &why) {
  Location loc = op->getLoc();
  Value lengths = getOnnxOperand(op, kPaddedKeys);
  if (!lengths)
    return success();
  auto type = dyn_cast<RankedTensorType>(lengths.getType());
  auto key = dyn_cast<RankedTensorType>(import.key.getType());
  if (!type || type.getRank() != 1 ||
      !isa<IntegerType>(type.getElementType()) || !key || key.getRank() != 4) {
    why = llvm::formatv("expects nonpad_kv_seqlen of [batch] and a key of four "
                        "dimensions, got {0} and {1}",
                        lengths.getType(), import.key.getType());
    return failure();
  }
  OpFoldResult entries = tensor::getMixedSize(builder, loc, lengths, 0);
  if (failed(demandSame(
          builder, loc, "batch of nonpad_kv_seqlen", entries, "batch of key",
          tensor::getMixedSize(builder, loc, import.key, 0), why)))
    return failure();
  // The last query stands at the last key that is no padding.
  import.hasPast = true;
  import.keyLens =
      buildKeyLens(builder, loc, entries, [&](OpBuilder &inner, Value entry) {
        return readOnnxInteger(inner, loc, lengths, entry);
      });
  return success();
}

/// Builds what stands for the results that are used, null for others; says why
/// if it cannot.
static FailureOr<SmallVector<Value>> build(OpBuilder &builder, Operation *op,
                                           std::string &why) {
  AttentionImport import;
  if (failed(read(op, import, why)))
    return failure();
  FailureOr<bool> isPacked = splitPackedHeads(builder, op, import, why);
  if (failed(isPacked) || failed(appendToPast(builder, op, import, why)) ||
      failed(readLengths(builder, op, import, why)))
    return failure();
  FailureOr<SmallVector<Value>> built =
      buildAttention(builder, op->getLoc(), import, /*wantsLse=*/false, why);
  if (failed(built))
    return failure();
  Value out = built->front();
  if (*isPacked)
    out = joinHeads(builder, op->getLoc(), out);
  // Without a past, what is there now is what was given.
  return getUsedResults(op, {out, import.key, import.value});
}

static void importOperation(Operation *op) {
  SmallVector<Value> used(op->getOperands());
  if (succeeded(replaceResults(op, isGroupQuery(op) ? buildGroupQuery : build)))
    eraseUnusedMakers(used, {"onnx.NoValue", "onnx.Constant"});
}

namespace {
struct ImportOnnxPass : public fp8attn::impl::ImportOnnxBase<ImportOnnxPass> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isGroupQuery(op) ||
          (isForeign(op, "onnx.Attention") && op->getNumOperands() >= 3 &&
           op->getNumResults() >= 1))
        found.push_back(op);
    });
    for (Operation *op : found)
      importOperation(op);
  }
};
} // namespace
