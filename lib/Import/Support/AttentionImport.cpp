//===- AttentionImport.cpp - attention of front ends ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whether attention can be meant is what the verifier says of it: there is no
// second list of what is taken.
//
//===----------------------------------------------------------------------===//

#include "AttentionImport.h"

#include "Draft.h"
#include "OwnDiagnostics.h"
#include "SizeChecks.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of [batch, heads, tokens, channels], and of a mask.
static constexpr int64_t kRank = 4, kTokens = 2, kQueries = 2, kKeys = 3;

RankedTensorType mlir::fp8attn::getTensorType(Value value, StringRef name,
                                              std::string &why) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && type.getRank() == kRank)
    return type;
  why = llvm::formatv("expects {0} of four dimensions, got {1}", name,
                      value.getType());
  return nullptr;
}

/// Returns a mask of one key, [batch, heads, queries, 1], for all of them,
/// which copies it. Sizes that the mask has stay its own, so that they are
/// checked.
static Value broadcastMask(OpBuilder &builder, Location loc, Value mask,
                           const AttentionImport &import) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, mask);
  sizes[kKeys] = tensor::getMixedSize(builder, loc, import.key, kTokens);
  // The dimension is dropped and made again.
  SmallVector<ReassociationIndices> groups = {{0}, {1}, {kQueries, kKeys}};
  Value dropped = tensor::CollapseShapeOp::create(builder, loc, mask, groups);
  Value empty = tensor::EmptyOp::create(
      builder, loc, sizes,
      cast<RankedTensorType>(mask.getType()).getElementType());
  return linalg::BroadcastOp::create(builder, loc, dropped, empty,
                                     ArrayRef<int64_t>(kKeys))
      ->getResult(0);
}

Value mlir::fp8attn::addLeadingDimensions(OpBuilder &builder, Location loc,
                                          Value mask, std::string &why) {
  auto type = dyn_cast<RankedTensorType>(mask.getType());
  if (!type || type.getRank() < 1 || type.getRank() > kRank) {
    why = llvm::formatv("expects a mask of one to four dimensions, got {0}",
                        mask.getType());
    return nullptr;
  }
  const int64_t added = kRank - type.getRank();
  if (added == 0)
    return mask;
  SmallVector<int64_t> shape(added, 1);
  llvm::append_range(shape, type.getShape());
  SmallVector<ReassociationIndices> groups(type.getRank());
  for (int64_t dimension = 0; dimension < kRank; ++dimension)
    groups[std::max<int64_t>(dimension - added, 0)].push_back(dimension);
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), mask,
                                       groups);
}

/// Returns the mask as [batch, heads, queries, keys]; null, and why, if it
/// cannot be.
static Value expandMask(OpBuilder &builder, Location loc,
                        const AttentionImport &import, std::string &why) {
  Value mask = addLeadingDimensions(builder, loc, import.mask, why);
  if (!mask)
    return nullptr;
  auto type = cast<RankedTensorType>(mask.getType());
  // A batch entry, a head or a query for all needs no copies.
  const bool isOneKey =
      type.getDimSize(kKeys) == 1 &&
      cast<RankedTensorType>(import.key.getType()).getDimSize(kTokens) != 1;
  return isOneKey ? broadcastMask(builder, loc, mask, import) : mask;
}

Outputs mlir::fp8attn::getOutputs(OpBuilder &builder, Location loc,
                                  const AttentionImport &import,
                                  bool wantsLse) {
  Outputs outputs;
  outputs.sizes = tensor::getMixedSizes(builder, loc, import.query);
  outputs.sizes.back() =
      tensor::getMixedSize(builder, loc, import.value, kRank - 1);
  outputs.out = import.out;
  if (!outputs.out)
    outputs.out = tensor::EmptyOp::create(
        builder, loc, outputs.sizes,
        import.outType ? import.outType
                       : getElementTypeOrSelf(import.query.getType()));
  if (wantsLse)
    outputs.lse = tensor::EmptyOp::create(builder, loc,
                                          ArrayRef(outputs.sizes).drop_back(),
                                          builder.getF32Type());
  return outputs;
}

SmallVector<Range> mlir::fp8attn::getWhole(OpBuilder &builder, Location loc,
                                           Value tensor) {
  SmallVector<Range> ranges;
  for (OpFoldResult size : tensor::getMixedSizes(builder, loc, tensor))
    ranges.push_back({builder.getIndexAttr(0), size, builder.getIndexAttr(1)});
  return ranges;
}

std::string mlir::fp8attn::findFault(Operation *op) {
  OwnDiagnostics diagnostics(op->getContext());
  if (succeeded(verify(op)))
    return "";
  StringRef fault = diagnostics.getText();
  fault.consume_front(("'" + op->getName().getStringRef() + "' op ").str());
  return fault.str();
}

Value mlir::fp8attn::castResult(OpBuilder &builder, Location loc, Value result,
                                Type type, std::string &why) {
  if (result.getType() == type)
    return result;
  if (tensor::CastOp::areCastCompatible(result.getType(), type))
    return tensor::CastOp::create(builder, loc, type, result);
  why =
      llvm::formatv("expects a result of {0}, got {1}", result.getType(), type);
  return nullptr;
}

/// Builds the score region, unless a score stays what it is; says why if it
/// cannot.
static LogicalResult buildScoreRegion(OpBuilder &builder, AttentionOp op,
                                      const AttentionImport &import,
                                      std::string &why) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = op.getLoc();
  Type index = builder.getIndexType();
  Type arguments[] = {builder.getF32Type(), index, index, index, index};
  Block *block = builder.createBlock(&op.getScore(), {}, arguments,
                                     SmallVector<Location>(5, loc));
  Value score = import.score(builder, loc, block->getArguments(), why);
  if (!score)
    return failure();
  YieldOp::create(builder, loc, score);
  if (score == block->getArgument(0))
    block->erase();
  return success();
}

FailureOr<SmallVector<Value>>
mlir::fp8attn::buildAttention(OpBuilder &builder, Location loc,
                              const AttentionImport &import, bool wantsLse,
                              std::string &why) {
  RankedTensorType query = getTensorType(import.query, "query", why);
  RankedTensorType key =
      query ? getTensorType(import.key, "key", why) : nullptr;
  RankedTensorType value =
      key ? getTensorType(import.value, "value", why) : nullptr;
  if (!value)
    return failure();

  if (!import.repeatsHeads && key.getDimSize(1) != value.getDimSize(1)) {
    why = llvm::formatv("expects as many heads of value as of key, got {0} and "
                        "{1}",
                        value, key);
    return failure();
  }

  Value mask;
  if (import.mask) {
    mask = expandMask(builder, loc, import, why);
    if (!mask)
      return failure();
    if (!import.padsMask &&
        failed(demandSame(
            builder, loc, "keys of mask",
            tensor::getMixedSize(builder, loc, mask, kKeys), "keys of key",
            tensor::getMixedSize(builder, loc, import.key, kTokens), why)))
      return failure();
  }
  Outputs outputs = getOutputs(builder, loc, import, wantsLse);
  SmallVector<Type> written = {outputs.out.getType()};
  if (outputs.lse)
    written.push_back(outputs.lse.getType());
  auto side = [&](std::optional<int64_t> keys) {
    return keys ? builder.getI64IntegerAttr(*keys) : IntegerAttr();
  };
  const bool hasPositions = import.isCausal || import.windowLeft ||
                            import.windowRight || import.score;
  auto number = [&](std::optional<double> value) {
    return value ? builder.getF32FloatAttr(*value) : FloatAttr();
  };
  auto attention = AttentionOp::create(
      builder, loc, written, import.query, import.key, import.value,
      /*keyScale=*/Value(), /*valueScale=*/Value(), import.sink, outputs.out,
      outputs.lse, /*alibi=*/Value(), mask, import.scaleValue, import.keyLens,
      /*queryOffsets=*/Value(), /*queryScale=*/Value(), /*outScale=*/Value(),
      /*keyScaleMap=*/AffineMapAttr(),
      /*valueScaleMap=*/AffineMapAttr(),
      /*queryScaleMap=*/AffineMapAttr(), /*outScaleMap=*/AffineMapAttr(),
      number(import.scale), number(import.softcap), import.isCausal,
      side(import.windowLeft), side(import.windowRight),
      hasPositions && !import.hasPast ? Alignment::TopLeft
                                      : Alignment::BottomRight);
  if (import.score && failed(buildScoreRegion(builder, attention, import, why)))
    return failure();
  why = findFault(attention);
  if (!why.empty())
    return failure();
  return SmallVector<Value>(attention.getResults());
}

/// Casts results, but for null ones, to those of `op`; says why if it cannot.
static LogicalResult castResults(OpBuilder &builder, Operation *op,
                                 MutableArrayRef<Value> results,
                                 std::string &why) {
  for (auto [old, result] : llvm::zip_equal(op->getResults(), results))
    if (result) {
      result = castResult(builder, op->getLoc(), result, old.getType(), why);
      if (!result)
        return failure();
    }
  return success();
}

LogicalResult mlir::fp8attn::replaceResults(
    Operation *op,
    llvm::function_ref<FailureOr<SmallVector<Value>>(OpBuilder &, Operation *,
                                                     std::string &)>
        build) {
  OpBuilder builder(op);
  Draft draft(builder);
  std::string why;
  FailureOr<SmallVector<Value>> results = build(builder, op, why);
  if (failed(results) || failed(castResults(builder, op, *results, why))) {
    remarkMissed(op, why);
    return failure();
  }
  draft.keep();
  for (auto [old, result] : llvm::zip_equal(op->getResults(), *results))
    if (result)
      old.replaceAllUsesWith(result);
  op->erase();
  return success();
}

void mlir::fp8attn::remarkMissed(Operation *op, StringRef why) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("Import").category("fp8attn"))
      << remark::reason("{0} is left alone: {1}", op->getName(), why);
}
