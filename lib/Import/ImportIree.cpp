//===- ImportIree.cpp - attention of IREE's linalg_ext dialect ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// IREE computes exponentials of base 2, of scores times log2(e): that is what a
// region sees, and what it returns is an exponent of base 2. `attention` always
// does so, `online_attention` if it says so.
//
//===----------------------------------------------------------------------===//

#include "ImportIree/OnlineResults.h"
#include "Support/Draft.h"
#include "Support/ForeignOps.h"
#include "Support/IndexedAttention.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTIREE
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Places of the operands; a mask comes before what is written.
enum Place { kQuery, kKey, kValue, kScale, kMask };

static bool isOnline(Operation *op) {
  return isForeign(op, "iree_linalg_ext.online_attention");
}

/// Whether exponentials are of base 2; nothing if that is not said.
static std::optional<bool> usesExp2(Operation *op) {
  if (!isOnline(op))
    return true;
  auto config = getForeignAttr<DictionaryAttr>(op, "decomposition_config");
  Attribute said = config ? config.get("use_exp2") : Attribute();
  if (isa_and_nonnull<UnitAttr>(said))
    return true;
  auto number = dyn_cast_if_present<BoolAttr>(said);
  return number ? std::optional(number.getValue()) : std::nullopt;
}

/// Returns the maps, one for each operand; empty if there are others.
static SmallVector<AffineMap> getMaps(Operation *op) {
  SmallVector<AffineMap> maps;
  auto array = getForeignAttr<ArrayAttr>(op, "indexing_maps");
  if (!array || array.size() != op->getNumOperands())
    return {};
  for (Attribute attribute : array) {
    auto map = dyn_cast<AffineMapAttr>(attribute);
    if (!map || map.getValue().getNumSymbols() != 0)
      return {};
    maps.push_back(map.getValue());
  }
  return maps;
}

/// Reads the scale; says why if it cannot be one.
static LogicalResult readScale(OpBuilder &builder, Location loc, Value scale,
                               AttentionImport &import, std::string &why) {
  FloatAttr number;
  if (matchPattern(scale, m_Constant(&number))) {
    import.scale = number.getValueAsDouble();
    return success();
  }
  if (scale.getType().isBF16() || scale.getType().isF16())
    scale = arith::ExtFOp::create(builder, loc, builder.getF32Type(), scale);
  if (!scale.getType().isF32()) {
    why = llvm::formatv("expects a scale of f32, bf16 or f16, got {0}",
                        scale.getType());
    return failure();
  }
  import.scaleValue = scale;
  return success();
}

/// Returns the block of the region if it modifies scores; says why if there is
/// none that can be read.
static FailureOr<Block *> getModifier(Operation *op, std::string &why) {
  Block *block = op->getNumRegions() == 1 && op->getRegion(0).hasOneBlock()
                     ? &op->getRegion(0).front()
                     : nullptr;
  Operation *yield = block && !block->empty() ? &block->back() : nullptr;
  if (!yield || yield->getName().getStringRef() != "iree_linalg_ext.yield" ||
      yield->getNumOperands() != 1 || block->getNumArguments() != 1) {
    why = "expects a region that takes a score and yields one";
    return failure();
  }
  Type type = block->getArgument(0).getType();
  if (yield->getOperand(0) == block->getArgument(0))
    return nullptr;
  if (!type.isF32() || yield->getOperand(0).getType() != type) {
    why = llvm::formatv("expects a region of f32, got one of {0}", type);
    return failure();
  }
  if (!usesExp2(op)) {
    why =
        "expects decomposition_config to say use_exp2 where a region modifies "
        "scores, which sees them times log2(e) then";
    return failure();
  }
  return block;
}

/// Builds what the region computes.
static Value cloneModifier(OpBuilder &builder, Location loc, Block &block,
                           bool isExp2, Value score,
                           IndexedAttention::LoopReader readLoop) {
  auto multiply = [&](Value number, double factor) -> Value {
    if (!isExp2)
      return number;
    Value constant = arith::ConstantOp::create(builder, loc,
                                               builder.getF32FloatAttr(factor));
    return arith::MulFOp::create(builder, loc, number, constant);
  };
  IRMapping mapping;
  mapping.map(block.getArgument(0), multiply(score, llvm::numbers::log2e));
  // The end of a region of a dialect that is not registered is no terminator.
  for (Operation &inner : llvm::drop_end(block)) {
    auto loop = getForeignAttr<IntegerAttr>(&inner, "dim");
    if (isForeign(&inner, "iree_linalg_ext.index") && loop &&
        inner.getNumResults() == 1) {
      // A loop that no row or key has stays, and the verifier says so.
      if (Value place = readLoop(builder, loop.getInt())) {
        mapping.map(inner.getResult(0), place);
        continue;
      }
    }
    builder.clone(inner, mapping);
  }
  return multiply(mapping.lookupOrDefault(block.back().getOperand(0)),
                  llvm::numbers::ln2);
}

/// Reads what both operations have; says why if it cannot be meant.
static LogicalResult read(OpBuilder &builder, Operation *op,
                          IndexedAttention &attention, AttentionImport &options,
                          std::string &why) {
  SmallVector<AffineMap> maps = getMaps(op);
  const unsigned outs = isOnline(op) ? 3 : 1;
  if (maps.empty()) {
    why = "expects indexing_maps, a map for each operand";
    return failure();
  }
  auto get = [&](unsigned place) {
    return IndexedTensor{op->getOperand(place), maps[place]};
  };
  attention.query = get(kQuery);
  attention.key = get(kKey);
  attention.value = get(kValue);
  if (op->getNumOperands() == kMask + 1 + outs)
    attention.mask = get(kMask);
  attention.out = get(op->getNumOperands() - outs);
  attention.outType =
      dyn_cast<RankedTensorType>(attention.out.tensor.getType());
  if (!attention.outType) {
    why = llvm::formatv("expects a tensor to write to, got {0}",
                        attention.out.tensor.getType());
    return failure();
  }
  // A byte of another number is true here and may be false there.
  if (attention.mask.tensor &&
      getElementTypeOrSelf(attention.mask.tensor.getType()).isInteger() &&
      !getElementTypeOrSelf(attention.mask.tensor.getType()).isInteger(1)) {
    why = llvm::formatv("expects a mask of i1 or of numbers, got {0}",
                        attention.mask.tensor.getType());
    return failure();
  }
  FailureOr<Block *> modifier = getModifier(op, why);
  if (failed(modifier))
    return failure();
  if (*modifier)
    attention.score = [block = *modifier, isExp2 = *usesExp2(op)](
                          OpBuilder &builder, Location loc, Value score,
                          IndexedAttention::LoopReader readLoop) {
      return cloneModifier(builder, loc, *block, isExp2, score, readLoop);
    };
  return readScale(builder, op->getLoc(), op->getOperand(kScale), options, why);
}

/// Builds what stands for the result of `attention`; says why if it cannot.
static FailureOr<SmallVector<Value>> build(OpBuilder &builder, Operation *op,
                                           std::string &why) {
  IndexedAttention attention;
  AttentionImport options;
  if (failed(read(builder, op, attention, options, why)))
    return failure();
  return buildIndexedAttention(builder, op->getLoc(), attention, options, why);
}

/// Replaces `online_attention` with what makes its results those of attention;
/// says why if it cannot.
static LogicalResult importOnline(Operation *op, std::string &why) {
  std::optional<OnlineResults> used =
      matchOnlineResults(op, getMaps(op), usesExp2(op), why);
  if (!used)
    return failure();
  // Where both results can be built.
  OpBuilder builder(used->out.op);
  if (used->lse.op && used->lse.op->isBeforeInBlock(used->out.op))
    builder.setInsertionPoint(used->lse.op);
  Draft draft(builder);
  IndexedAttention attention;
  AttentionImport options;
  if (failed(read(builder, op, attention, options, why)))
    return failure();
  attention.out = {Value(), used->out.map};
  attention.outType =
      cast<RankedTensorType>(used->out.op->getResult(0).getType());
  if (used->lse.op) {
    attention.lseMap = used->lse.map;
    attention.lseType =
        cast<RankedTensorType>(used->lse.op->getResult(0).getType());
  }
  FailureOr<SmallVector<Value>> results =
      buildIndexedAttention(builder, op->getLoc(), attention, options, why);
  if (failed(results))
    return failure();
  draft.keep();
  used->out.op->getResult(0).replaceAllUsesWith(results->front());
  if (used->lse.op)
    used->lse.op->getResult(0).replaceAllUsesWith(results->back());
  eraseOnline(op);
  return success();
}

/// Whether an operation has the operands that its name promises.
static bool isAttention(Operation *op) {
  const unsigned count = op->getNumOperands();
  if (isOnline(op))
    return (count == 7 || count == 8) && op->getNumResults() == 3;
  return isForeign(op, "iree_linalg_ext.attention") &&
         (count == 5 || count == 6) && op->getNumResults() == 1;
}

namespace {
struct ImportIreePass : public fp8attn::impl::ImportIreeBase<ImportIreePass> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isAttention(op))
        found.push_back(op);
    });
    for (Operation *op : found) {
      std::string why;
      if (!isOnline(op))
        (void)replaceResults(op, build);
      else if (failed(importOnline(op, why)))
        remarkMissed(op, why);
    }
  }
};
} // namespace
