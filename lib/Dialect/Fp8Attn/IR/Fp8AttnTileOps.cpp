//===- Fp8AttnTileOps.cpp - the tile level ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks of the tile operations. Each carries the tag of its constraint in
// docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "Limits.h"
#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Checks that an optional factor has an element for each of `size`.
static LogicalResult verifyFactor(Operation *op, StringRef name, Value factor,
                                  int64_t size, StringRef what) {
  // tile_factor_c1
  if (factor && cast<RankedTensorType>(factor.getType()).getDimSize(0) != size)
    return op->emitOpError("expects ")
           << name << " to have an element for each " << what << " (" << size
           << "), got " << factor.getType();
  return success();
}

LogicalResult KeyRunOp::verify() {
  // tile_key_run_c1
  CacheType keys = getKeyCache().getType(), values = getValueCache().getType();
  const bool areLatent = keys.isLatent() && getKeyCache() == getValueCache();
  if (!areLatent && (!keys.hasKeys() || keys.isLatent() || !values.hasValues()))
    return emitOpError(
               "expects a cache of keys and one of values, or a latent one as "
               "both, got ")
           << keys << " and " << values;
  // tile_key_run_c2
  if (keys.getPageTokens() != values.getPageTokens())
    return emitOpError("expects caches of the same page, got ")
           << keys << " and " << values;
  for (Value cache : {Value(getKeyCache()), Value(getValueCache())})
    if (failed(verifyHasLayout(*this, cache)) ||
        failed(verifyHasKernels(*this, cache)))
      return failure();
  return verifyMemRef(*this, {"block_table", getBlockTable()},
                      /*contiguous=*/true);
}

LogicalResult LoadQueryOp::verify() {
  NamedShaped query{"query", getQuery()};
  // tile_load_query_c1
  if (failed(verifyStatic(*this, "channels", query, 2)))
    return failure();
  if (query.size(2) != getTile().getType().getDimSize(1))
    return emitOpError("expects channels of the query tile (")
           << getTile().getType().getDimSize(1)
           << ") to equal channels of query (" << query.size(2) << ")";
  if (failed(verifyFactor(*this, "channel_factor", getChannelFactor(),
                          getTile().getType().getDimSize(1), "channel")))
    return failure();
  return verifyMemRef(*this, query, /*contiguous=*/true);
}

LogicalResult LoadDenseOp::verify() {
  NamedShaped source{"source", getSource()};
  auto tile = cast<RankedTensorType>(getTile().getType());
  // tile_load_dense_c1
  if (failed(verifyStatic(*this, "channels", source, 1)))
    return failure();
  if (source.size(1) != tile.getDimSize(1))
    return emitOpError("expects channels of the tile (")
           << tile.getDimSize(1) << ") to equal channels of source ("
           << source.size(1) << ")";
  // tile_load_dense_c2
  Type element = source.type().getElementType();
  Type expected = element.getIntOrFloatBitWidth() == 8
                      ? element
                      : BFloat16Type::get(getContext());
  if (tile.getElementType() != expected)
    return emitOpError("expects a tile of ")
           << expected << " from a source of " << element << ", got " << tile;
  // tile_load_dense_c3
  if (!isHeadDim(tile.getDimSize(1)))
    return emitOpError("expects channels that are a multiple of ")
           << kHeadDimGranule << " up to " << kMaxHeadDim << ", got "
           << tile.getDimSize(1);
  return verifyMemRef(*this, source, /*contiguous=*/true);
}

LogicalResult AppendRopeOp::verify() {
  // tile_append_rope_c1
  CacheType rope = getRope().getType();
  if (rope.getContent() != CacheContent::Key ||
      !isa<BFloat16Type>(rope.getElementType()))
    return emitOpError("expects a key cache of bf16, got ") << rope;
  if (failed(verifyHasLayout(*this, getRope())) ||
      failed(verifyHasKernels(*this, getRope())))
    return failure();
  // tile_append_rope_c2
  ArrayRef<int64_t> tile = getTile().getType().getShape(),
                    result = getResult().getType().getShape();
  if (result[0] != tile[0] || result[1] != tile[1] + rope.getHeadDim())
    return emitOpError("expects the rows of the tile, and channels of both (")
           << tile[0] << "x" << tile[1] + rope.getHeadDim() << "), got "
           << getResult().getType();
  return success();
}

LogicalResult DecodeOp::verify() {
  // tile_decode_c1
  if (getCodes().getType().getShape() != getValues().getType().getShape())
    return emitOpError("expects values of the shape of the codes (")
           << getCodes().getType() << "), got " << getValues().getType();
  return success();
}

LogicalResult ScaleOp::verify() {
  ArrayRef<int64_t> tile = getTile().getType().getShape();
  auto factor = dyn_cast<RankedTensorType>(getFactor().getType());
  const bool needsAlong = factor && factor.getRank() == 1;
  // tile_scale_c1
  if (needsAlong != getAlong().has_value() ||
      (needsAlong && (*getAlong() < 0 || *getAlong() > 1)))
    return emitOpError("expects along = 0 or 1 for a factor of rank 1, and for "
                       "no other, got ")
           << getFactor().getType() << " and along "
           << (getAlong() ? std::to_string(*getAlong()) : "absent");
  // tile_scale_c2
  if (needsAlong && factor.getDimSize(0) != tile[*getAlong()])
    return emitOpError("expects a factor for each ")
           << (*getAlong() ? "column" : "row") << " of the tile ("
           << tile[*getAlong()] << "), got " << factor;
  // tile_scale_c3
  if (factor && factor.getRank() == 2 &&
      (factor.getDimSize(0) != tile[0] || tile[1] % factor.getDimSize(1) != 0))
    return emitOpError("expects factors of the rows of the tile (")
           << tile[0] << "), and for a divisor of its columns (" << tile[1]
           << "), got " << factor;
  return success();
}

LogicalResult SubtractOp::verify() {
  ArrayRef<int64_t> tile = getValues().getType().getShape();
  RankedTensorType points = getZeroPoints().getType();
  // tile_subtract_c1
  if (points.getDimSize(0) != tile[0] || tile[1] % points.getDimSize(1) != 0)
    return emitOpError("expects zero points of the rows of the tile (")
           << tile[0] << "), and for a divisor of its columns (" << tile[1]
           << "), got " << points;
  return success();
}

LogicalResult QkOp::verify() {
  auto query = getQuery().getType(), key = getKey().getType(),
       scores = getScores().getType();
  // tile_qk_c1
  if (query.getDimSize(1) != key.getDimSize(1))
    return emitOpError("expects channels of key (")
           << key.getDimSize(1) << ") to equal channels of query ("
           << query.getDimSize(1) << ")";
  // tile_qk_c2
  if (scores.getDimSize(0) != query.getDimSize(0) ||
      scores.getDimSize(1) != key.getDimSize(0))
    return emitOpError("expects scores of query rows x keys (")
           << query.getDimSize(0) << "x" << key.getDimSize(0) << "), got "
           << scores;
  if (failed(verifyFactor(*this, "row_factor", getRowFactor(),
                          query.getDimSize(0), "row")))
    return failure();
  return verifyFactor(*this, "key_factor", getKeyFactor(), key.getDimSize(0),
                      "key");
}

LogicalResult LoadRowScaleOp::verify() {
  // tile_load_row_scale_c1
  const unsigned rank = getScale().getType().getRank();
  if (getMap().getNumDims() != kNumRowScaleDims || getMap().getNumSymbols() ||
      getMap().getNumResults() != rank)
    return emitOpError("expects a map from (sequence, token, head) to the ")
           << rank << " dimensions of the scale, got " << getMapAttr();
  return verifyMemRef(*this, {"scale", getScale()}, /*contiguous=*/false);
}

LogicalResult ModifyOp::verify() {
  return verifyScoreRegion(*this, getBody(), /*hasTensors=*/false);
}

/// Checks that the state of an online softmax is for the rows of `acc`.
template <typename Op> static LogicalResult verifyState(Op op) {
  int64_t rows = op.getAcc().getType().getDimSize(0);
  // tile_state_c1
  for (TypedValue<RankedTensorType> state : {op.getMax(), op.getSum()})
    if (state.getType().getDimSize(0) != rows)
      return op.emitOpError("expects max and sum of the rows of acc (")
             << rows << "), got " << state.getType();
  return success();
}

LogicalResult InitOp::verify() { return verifyState(*this); }

LogicalResult SoftmaxOp::verify() {
  auto scores = getScores().getType(), probs = getProbs().getType();
  // tile_softmax_c1
  if (scores.getShape() != probs.getShape())
    return emitOpError("expects probs of the shape of scores (")
           << scores << "), got " << probs;
  // tile_softmax_c2
  if (scores.getDimSize(0) != getAcc().getType().getDimSize(0))
    return emitOpError("expects rows of acc (")
           << getAcc().getType().getDimSize(0) << ") to equal rows of scores ("
           << scores.getDimSize(0) << ")";
  if (failed(verifyFactor(*this, "prob_factor", getProbFactor(),
                          scores.getDimSize(1), "key")))
    return failure();
  return verifyState(*this);
}

LogicalResult PvOp::verify() {
  auto probs = getProbs().getType(), value = getValue().getType(),
       acc = getAcc().getType();
  // tile_pv_c1
  if (probs.getDimSize(1) != value.getDimSize(0))
    return emitOpError("expects keys of value (")
           << value.getDimSize(0) << ") to equal keys of probs ("
           << probs.getDimSize(1) << ")";
  // tile_pv_c2
  if (acc.getDimSize(0) != probs.getDimSize(0) ||
      acc.getDimSize(1) != value.getDimSize(1))
    return emitOpError("expects accumulators of rows x channels (")
           << probs.getDimSize(0) << "x" << value.getDimSize(1) << "), got "
           << acc;
  return success();
}

LogicalResult FinishOp::verify() {
  NamedShaped out{"out", getOut()}, lse{"lse", getLse()};
  // tile_finish_c1
  if (failed(verifyStatic(*this, "channels", out, 2)))
    return failure();
  if (out.size(2) != getAcc().getType().getDimSize(1))
    return emitOpError("expects channels of out (")
           << out.size(2) << ") to equal channels of acc ("
           << getAcc().getType().getDimSize(1) << ")";
  if (failed(verifyFactor(*this, "channel_factor", getChannelFactor(),
                          getAcc().getType().getDimSize(1), "channel")))
    return failure();
  if (failed(verifyFactor(*this, "out_scale", getOutScale(),
                          getAcc().getType().getDimSize(0), "row")))
    return failure();
  // tile_finish_c3
  const bool isFp8 = out.type().getElementTypeBitWidth() == 8;
  if (static_cast<bool>(getOutScale()) != isFp8)
    return emitOpError("expects ")
           << (isFp8 ? "an" : "no") << " out_scale for an out of "
           << out.type().getElementType();
  // tile_finish_c2
  NamedShaped sink{"sink", getSink()};
  if (sink.value && sink.size(0) != out.size(1))
    return emitOpError("expects sink to have an element for each head of out (")
           << sizeText(out.size(1)) << "), got " << sizeText(sink.size(0));
  if (failed(verifyState(*this)) ||
      failed(verifyMemRef(*this, sink, /*contiguous=*/true)) ||
      failed(verifyMemRef(*this, out, /*contiguous=*/true)))
    return failure();
  // Its strides are handed to kernels: dense tensors have tokens innermost.
  return verifyMemRef(*this, lse, /*contiguous=*/false);
}

LogicalResult TileMergeOp::verify() {
  NamedShaped first{"first_out", getFirstOut()};
  NamedShaped outs[] = {
      first, {"second_out", getSecondOut()}, {"out", getOut()}};
  NamedShaped lses[] = {{"first_lse", getFirstLse()},
                        {"second_lse", getSecondLse()},
                        {"lse", getLse()}};
  // tile_merge_c1
  if (ShapedType::isDynamic(first.size(1)))
    return emitOpError("expects a static number of channels of first_out, got ")
           << first.type();
  for (const NamedShaped &out : outs)
    // tile_merge_c2
    if (failed(verifySizesAgree(*this, "rows", out, 0, first, 0)) ||
        failed(verifySizesAgree(*this, "channels", out, 1, first, 1)) ||
        failed(verifyMemRef(*this, out, /*contiguous=*/true)))
      return failure();
  for (const NamedShaped &lse : lses)
    // tile_merge_c3
    if (failed(verifySizesAgree(*this, "rows", lse, 0, first, 0)) ||
        failed(verifyMemRef(*this, lse, /*contiguous=*/true)))
      return failure();
  return verifyMergedTypes(*this, outs[0], outs[1], outs[2]);
}

LogicalResult StoreOp::verify() {
  CacheType cache = getCache().getType();
  NamedShaped source{"source", getSource()}, slots{"slots", getSlots()};
  if (failed(verifyCachePart(*this, getContent(), cache)) ||
      failed(verifyHasLayout(*this, getCache())) ||
      failed(verifyHasKernels(*this, getCache())))
    return failure();
  // tile_store_c1
  if (failed(verifySizeOfCache(*this, "channels", source, 1, getCache(),
                               "head_dim", cache.getHeadDim())))
    return failure();
  // tile_store_c2
  if ((getScale() || getScales()) != cache.isQuantized())
    return emitOpError("expects ")
           << (cache.isQuantized() ? "a" : "no") << " scale for a cache of "
           << cache.getElementType();
  // tile_store_c4
  if (getScale() && getComputed() &&
      !isa<Float8E4M3FNType>(getScales().getType().getElementType()))
    return emitOpError("expects no scale beside scales that are computed, but "
                       "of f8E4M3FN");
  // tile_store_c5
  if (getZeroPoints() && (!cache.getElementType().isInteger(8) || !getScales()))
    return emitOpError("expects zero points only beside scales of a cache of "
                       "i8, got ")
           << (getScales() ? "scales" : "no scales") << " of one of "
           << cache.getElementType();
  // tile_store_c3
  if (failed(verifySizesAgree(*this, "tokens", source, 0, slots, 0)) ||
      failed(verifyMemRef(*this, source, /*contiguous=*/true)))
    return failure();
  return verifyMemRef(*this, slots, /*contiguous=*/true);
}

/// Checks the rows of tile.quantize and tile.dequantize.
template <typename Op> static LogicalResult verifyRows(Op op) {
  NamedShaped source{"source", op.getSource()},
      destination{"destination", op.getDestination()};
  // tile_convert_c1
  if (failed(verifySizesAgree(op, "elements", destination, 0, source, 0)) ||
      failed(verifyMemRef(op, source, /*contiguous=*/true)))
    return failure();
  return verifyMemRef(op, destination, /*contiguous=*/true);
}
LogicalResult TileQuantizeOp::verify() { return verifyRows(*this); }
LogicalResult TileDequantizeOp::verify() { return verifyRows(*this); }
