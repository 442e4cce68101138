//===- Fp8AttnOps.cpp - the model level ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers of the model level. Each check carries the tag of its constraint
// in docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

#include <cmath>
#include <tuple>

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

#define GET_OP_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.cpp.inc"

template <typename Op> static CacheType keyCacheType(Op op) {
  return cast<CacheType>(op.getCaches().front().getType());
}
template <typename Op> static CacheType valueCacheType(Op op) {
  return cast<CacheType>(op.getCaches().back().getType());
}
CacheType PagedAttentionOp::getKeyCacheType() { return keyCacheType(*this); }
CacheType PagedAttentionOp::getValueCacheType() {
  return valueCacheType(*this);
}
CacheType KvWriteOp::getKeyCacheType() { return keyCacheType(*this); }
CacheType KvWriteOp::getValueCacheType() { return valueCacheType(*this); }

float PagedAttentionOp::getEffectiveSoftmaxScale() {
  if (std::optional<APFloat> scale = getSoftmaxScale())
    return scale->convertToFloat();
  return 1.0f / std::sqrt(static_cast<float>(getKeyDim()));
}

std::optional<int64_t> PagedAttentionOp::getEffectiveWindowRight() {
  if (getCausal())
    return 0;
  return getWindowRight();
}

/// Checks every memref of a list, and that each is contiguous inside.
static LogicalResult verifyMemRefs(Operation *op,
                                   ArrayRef<NamedMemRef> operands) {
  for (const NamedMemRef &operand : operands)
    if (failed(verifyMemRef(op, operand, /*contiguous=*/true)))
      return failure();
  return success();
}

/// Checks both scales of the caches of `op`.
template <typename Op> static LogicalResult verifyScales(Op op) {
  return success(
      succeeded(verifyCacheScale(op, {"key_scale", op.getKeyScale()},
                                 op.getKeyScaleMap(), op.getKeyCacheType())) &&
      succeeded(verifyCacheScale(op, {"value_scale", op.getValueScale()},
                                 op.getValueScaleMap(),
                                 op.getValueCacheType())));
}

/// Checks heads and channels of query, out and lse.
static LogicalResult verifyShapes(PagedAttentionOp op) {
  NamedMemRef query{"query", op.getQuery()}, out{"out", op.getOut()},
      lse{"lse", op.getLse()};
  // paged_attention_c1
  int64_t heads = query.size(1), kvHeads = op.getNumKvHeads();
  if (heads < 1 || heads % kvHeads != 0)
    return noteDefinition(op.emitOpError("expects heads of query (")
                              << sizeText(heads)
                              << ") to be a multiple of heads of the cache ("
                              << kvHeads << ")",
                          "the cache", op.getKeyCache());
  // paged_attention_c2
  if (failed(verifySizeOfCache(op, "head dim", query, 2, op.getKeyCache(),
                               "head_dim", op.getKeyDim())))
    return failure();
  // paged_attention_c3
  if (out.size(1) != heads)
    return noteDefinition(op.emitOpError("expects heads of out (")
                              << sizeText(out.size(1))
                              << ") to equal heads of query (" << heads << ")",
                          "query", op.getQuery());
  // paged_attention_c12
  if (failed(verifySizeOfCache(op, "head dim", out, 2, op.getValueCache(),
                               "head_dim", op.getValueDim())))
    return failure();
  // paged_attention_c4
  if (lse.value && lse.size(1) != heads)
    return noteDefinition(op.emitOpError("expects heads of lse (")
                              << sizeText(lse.size(1))
                              << ") to equal heads of query (" << heads << ")",
                          "query", op.getQuery());
  // paged_attention_c5
  if (failed(verifySizesAgree(op, "tokens", out, 0, query, 0)))
    return failure();
  return lse.value ? verifySizesAgree(op, "tokens", lse, 0, query, 0)
                   : success();
}

/// Checks that query_start, seq_lens and block_table are of one batch.
static LogicalResult verifyBatch(PagedAttentionOp op) {
  NamedMemRef seqLens{"seq_lens", op.getSeqLens()},
      table{"block_table", op.getBlockTable()};
  // paged_attention_c6
  int64_t starts = op.getQueryStart().getType().getDimSize(0);
  int64_t sequences = seqLens.size(0);
  if (!ShapedType::isDynamic(starts) &&
      (starts < 1 ||
       (!ShapedType::isDynamic(sequences) && starts - 1 != sequences)))
    return noteDefinition(
        op.emitOpError("expects query_start to have one element more than "
                       "seq_lens (")
            << sizeText(sequences) << "), got " << starts,
        seqLens.name, seqLens.value);
  // paged_attention_c7
  return verifySizesAgree(op, "sequences", table, 0, seqLens, 0);
}

/// Checks which keys a query sees, and the sink.
static LogicalResult verifyVisibility(PagedAttentionOp op) {
  // paged_attention_c9
  for (auto [name, side] : {std::pair("window_left", op.getWindowLeftAttr()),
                            std::pair("window_right", op.getWindowRightAttr())})
    if (side && side.getInt() < 0)
      return op.emitOpError("expects ")
             << name << " to be at least 0, got " << side.getInt();
  // paged_attention_c10
  if (op.getCausal() && op.getWindowRight())
    return op.emitOpError("expects no window_right beside causal, which is "
                          "window_right = 0, got ")
           << *op.getWindowRight();
  // paged_attention_c11
  NamedMemRef sink{"sink", op.getSink()}, query{"query", op.getQuery()};
  if (sink.value && sink.size(0) != query.size(1))
    return noteDefinition(op.emitOpError("expects sink to have an element for "
                                         "each head of query (")
                              << query.size(1) << "), got "
                              << sizeText(sink.size(0)),
                          query.name, query.value);
  return success();
}

/// Checks what modifies the scores.
static LogicalResult verifyScoreModifiers(PagedAttentionOp op) {
  // paged_attention_c13
  if (std::optional<APFloat> cap = op.getSoftcap())
    if (!cap->isFinite() || cap->isNegative() || cap->isZero())
      return op.emitOpError("expects softcap to be finite and greater than 0, "
                            "got ")
             << op.getSoftcapAttr();
  NamedMemRef alibi{"alibi", op.getAlibi()}, mask{"mask", op.getMask()},
      query{"query", op.getQuery()};
  // paged_attention_c14
  if (alibi.value && alibi.size(0) != query.size(1))
    return noteDefinition(op.emitOpError("expects alibi to have an element for "
                                         "each head of query (")
                              << query.size(1) << "), got "
                              << sizeText(alibi.size(0)),
                          query.name, query.value);
  // paged_attention_c15
  if (mask.value && failed(verifySizesAgree(op, "tokens", mask, 0, query, 0)))
    return failure();
  if (failed(verifyMemRef(op, alibi, /*contiguous=*/true)) ||
      failed(verifyMemRef(op, mask, /*contiguous=*/true)))
    return failure();
  return op.getScore().empty() ? success()
                               : verifyScoreRegion(op, op.getScore());
}

LogicalResult PagedAttentionOp::verify() {
  if (failed(verifyCaches(*this, getCaches())) || failed(verifyShapes(*this)) ||
      failed(verifyScales(*this)) || failed(verifyBatch(*this)) ||
      failed(verifyVisibility(*this)))
    return failure();
  // paged_attention_c8
  if (std::optional<APFloat> scale = getSoftmaxScale())
    if (!scale->isFinite() || scale->isNegative() || scale->isZero())
      return emitOpError("expects softmax_scale to be finite and greater than "
                         "0, got ")
             << getSoftmaxScaleAttr();
  if (failed(verifyScoreModifiers(*this)))
    return failure();
  return verifyMemRefs(*this, {{"query", getQuery()},
                               {"query_start", getQueryStart()},
                               {"seq_lens", getSeqLens()},
                               {"block_table", getBlockTable()},
                               {"sink", getSink()},
                               {"out", getOut()},
                               {"lse", getLse()}});
}

LogicalResult MergeOp::verify() {
  NamedMemRef first{"first_out", getFirstOut()};
  // merge_c1
  for (unsigned dim : {1, 2})
    if (first.size(dim) < 1)
      return emitOpError("expects heads and channels of first_out to be static "
                         "and at least 1, got ")
             << first.type();
  // merge_c2
  constexpr int64_t kChannels = 8;
  if (first.size(2) % kChannels != 0)
    return emitOpError("expects channels of first_out to be a multiple of ")
           << kChannels << ", got " << first.size(2);
  NamedMemRef operands[] = {first,
                            {"first_lse", getFirstLse()},
                            {"second_out", getSecondOut()},
                            {"second_lse", getSecondLse()},
                            {"out", getOut()},
                            {"lse", getLse()}};
  for (const NamedMemRef &operand : ArrayRef(operands).drop_front()) {
    // merge_c3
    ArrayRef<int64_t> inner = operand.type().getShape().drop_front();
    if (inner != first.type().getShape().slice(1, inner.size()))
      return noteDefinition(emitOpError("expects heads and channels of ")
                                << operand.name
                                << " to equal those of first_out ("
                                << first.size(1) << " x " << first.size(2)
                                << "), got " << operand.type(),
                            first.name, first.value);
    // merge_c4
    if (failed(verifySizesAgree(*this, "tokens", operand, 0, first, 0)))
      return failure();
  }
  if (failed(verifyMergedTypes(*this, first, operands[2], operands[4])))
    return failure();
  return verifyMemRefs(*this, operands);
}

LogicalResult KvWriteOp::verify() {
  if (failed(verifyCaches(*this, getCaches())))
    return failure();
  NamedMemRef key{"key", getKey()}, slots{"slots", getSlots()};
  std::pair<NamedMemRef, Value> stores[] = {
      {key, getKeyCache()}, {{"value", getValue()}, getValueCache()}};
  for (auto [source, cache] : stores) {
    auto type = cast<CacheType>(cache.getType());
    // kv_write_c1
    if (failed(verifySizeOfCache(*this, "heads", source, 1, cache, "heads",
                                 type.getNumHeads())))
      return failure();
    // kv_write_c2
    if (failed(verifySizeOfCache(*this, "head dim", source, 2, cache,
                                 "head_dim", type.getHeadDim())))
      return failure();
    // kv_write_c3
    if (failed(verifySizesAgree(*this, "tokens", source, 0, slots, 0)))
      return failure();
  }
  if (failed(verifyScales(*this)))
    return failure();
  return verifyMemRefs(*this, {key, {"value", getValue()}, slots});
}

LogicalResult RepackOp::verify() {
  CacheType source = getSource().getType();
  auto withoutLayout = [](CacheType type) {
    return std::make_tuple(type.getContent(), type.getNumHeads(),
                           type.getHeadDim(), type.getPageTokens(),
                           type.getElementType());
  };
  // repack_c1
  if (withoutLayout(getDestination().getType()) != withoutLayout(source))
    return noteDefinition(
        emitOpError("expects a destination that differs from source (")
            << source << ") in the layout only, got "
            << getDestination().getType(),
        "source", getSource());
  // repack_c2
  NamedMemRef pages{"pages", getPages()};
  if (pages.value && pages.size(1) != 2)
    return emitOpError("expects pages to have two columns, the page of source "
                       "and that of destination, got ")
           << pages.type();
  return verifyMemRef(*this, pages, /*contiguous=*/true);
}

/// Checks quantize and dequantize, which differ in direction only.
template <typename Op> static LogicalResult verifyConvert(Op op) {
  NamedMemRef source{"source", op.getSource()},
      destination{"destination", op.getDestination()};
  // convert_c1
  if (failed(verifyCompatibleShape(source.type(), destination.type())))
    return noteDefinition(op.emitOpError("expects destination (")
                              << destination.type()
                              << ") to have the shape of source ("
                              << source.type() << ")",
                          source.name, source.value);
  if (failed(verifyTensorScale(op, {"scale", op.getScale()}, op.getScaleMap(),
                               source)))
    return failure();
  return verifyMemRefs(op, {source, destination});
}
LogicalResult QuantizeOp::verify() { return verifyConvert(*this); }
LogicalResult DequantizeOp::verify() { return verifyConvert(*this); }
