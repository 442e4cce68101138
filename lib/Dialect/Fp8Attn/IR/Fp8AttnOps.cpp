//===- Fp8AttnOps.cpp - attention over caches and dense tensors ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers of paged_attention and attention. Each check carries the tag of its
// constraint in docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "Limits.h"
#include "OperandTypes.h"
#include "TensorCasts.h"
#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

#include <cstdint>

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.cpp.inc"

/// Checks heads and channels of query, out and lse.
static LogicalResult verifyShapes(PagedAttentionOp op) {
  NamedShaped query{"query", op.getQuery()}, out{"out", op.getOut()},
      lse{"lse", op.getLse()};
  // paged_attention_c1
  if (failed(verifyStatic(op, "heads", query, 1)))
    return failure();
  const int64_t heads = query.size(1);
  for (Value cache : op.getCaches())
    if (const int64_t kvHeads = cast<CacheType>(cache.getType()).getNumHeads();
        heads < 1 || heads % kvHeads != 0)
      return noteDefinition(op.emitOpError("expects heads of query (")
                                << heads
                                << ") to be a multiple of heads of the cache ("
                                << kvHeads << ")",
                            "the cache", cache);
  // paged_attention_c2
  if (failed(verifySizeOfCache(op, "head dim", query, 2, op.getKeyCache(),
                               "head_dim", op.getKeyDim())))
    return failure();
  // paged_attention_c3
  if (failed(verifyStatic(op, "heads", out, 1)))
    return failure();
  if (out.size(1) != heads)
    return noteDefinition(op.emitOpError("expects heads of out (")
                              << out.size(1) << ") to equal heads of query ("
                              << heads << ")",
                          "query", op.getQuery());
  // paged_attention_c12
  if (failed(
          verifySizeOfCache(op, "head dim", out, 2, op.getValueCache(),
                            op.valuesAreKeys() ? "value_head_dim" : "head_dim",
                            op.getValueDim())))
    return failure();
  // paged_attention_c4
  if (lse.value && failed(verifyStatic(op, "heads", lse, 1)))
    return failure();
  if (lse.value && lse.size(1) != heads)
    return noteDefinition(op.emitOpError("expects heads of lse (")
                              << lse.size(1) << ") to equal heads of query ("
                              << heads << ")",
                          "query", op.getQuery());
  // paged_attention_c5
  if (failed(verifySizesAgree(op, "tokens", out, 0, query, 0)))
    return failure();
  return lse.value ? verifySizesAgree(op, "tokens", lse, 0, query, 0)
                   : success();
}

/// Checks that a starts operand has one element more than `lens`.
static LogicalResult verifyStarts(PagedAttentionOp op, NamedShaped starts,
                                  NamedShaped lens) {
  const int64_t numStarts = starts.size(0), numLens = lens.size(0);
  if (ShapedType::isDynamic(numStarts) ||
      (numStarts >= 1 &&
       (ShapedType::isDynamic(numLens) || numStarts - 1 == numLens)))
    return success();
  return noteDefinition(op.emitOpError("expects ")
                            << starts.name << " to have one element more than "
                            << lens.name << " (" << sizeText(numLens)
                            << "), got " << numStarts,
                        lens.name, lens.value);
}

/// Checks that query_start, seq_lens and block_table are of one batch.
static LogicalResult verifyBatch(PagedAttentionOp op) {
  NamedShaped seqLens{"seq_lens", op.getSeqLens()},
      table{"block_table", op.getBlockTable()};
  // paged_attention_c6
  if (failed(verifyStarts(op, {"query_start", op.getQueryStart()}, seqLens)))
    return failure();
  // paged_attention_c7
  return verifySizesAgree(op, "sequences", table, 0, seqLens, 0);
}

/// Checks the groups of sequences that share a prefix, and that nothing asks
/// for a distance from a query to the keys of the prefix.
static LogicalResult verifyPrefix(PagedAttentionOp op) {
  NamedShaped starts{"group_start", op.getGroupStart()},
      lens{"prefix_lens", op.getPrefixLens()},
      table{"prefix_table", op.getPrefixTable()};
  // prefix_c1
  if (!starts.value != !lens.value || !starts.value != !table.value)
    return op.emitOpError("expects group_start, prefix_lens and prefix_table, "
                          "or none of them, got no ")
           << (!starts.value ? starts
               : !lens.value ? lens
                             : table)
                  .name;
  if (!op.hasPrefix())
    return success();
  // prefix_c2
  if (failed(verifyStarts(op, starts, lens)))
    return failure();
  // prefix_c3
  if (failed(verifySizesAgree(op, "groups", table, 0, lens, 0)))
    return failure();
  // prefix_c4
  if (op.getWindowLeftAttr() || op.getAlibi() || !op.getScore().empty())
    return op.emitOpError("expects no ")
           << (op.getWindowLeftAttr() ? "window_left"
               : op.getAlibi()        ? "alibi"
                                      : "score region")
           << " beside a prefix, whose keys have no distance from a query";
  return verifyMemRefs(op, {starts, lens, table});
}

/// Checks which keys a query sees, and the sink.
static LogicalResult verifyVisibility(AttentionInterface op) {
  // paged_attention_c9
  for (auto [name, side] : {std::pair("window_left", op.getWindowLeftAttr()),
                            std::pair("window_right", op.getWindowRightAttr())})
    if (side && side.getInt() < 0)
      return op->emitOpError("expects ")
             << name << " to be at least 0, got " << side.getInt();
  // paged_attention_c10
  if (op.getCausal() && op.getWindowRightAttr())
    return op->emitOpError("expects no window_right beside causal, which is "
                           "window_right = 0, got ")
           << op.getWindowRightAttr().getInt();
  // paged_attention_c11
  NamedShaped sink{"sink", op.getSink()}, query{"query", op.getQuery()};
  if (sink.value && failed(verifyStatic(op, "the size", sink, 0)))
    return failure();
  if (sink.value && sink.size(0) != query.size(1))
    return noteDefinition(op->emitOpError("expects sink to have an element for "
                                          "each head of query (")
                              << query.size(1) << "), got " << sink.size(0),
                          query.name, query.value);
  return success();
}

/// Checks the softmax scale and what modifies the scores, but for the sizes of
/// the mask.
static LogicalResult verifyScores(AttentionInterface op) {
  // paged_attention_c8
  // paged_attention_c13
  if (failed(verifyPositive(op, "softmax_scale", op.getSoftmaxScaleAttr())) ||
      failed(verifyPositive(op, "softcap", op.getSoftcapAttr())))
    return failure();
  // paged_attention_c16
  if (op.getSoftmaxScaleValue() && op.getSoftmaxScaleAttr())
    return op->emitOpError("expects softmax_scale as an attribute or as a "
                           "value, got both");
  NamedShaped alibi{"alibi", op.getAlibi()}, mask{"mask", op.getMask()},
      query{"query", op.getQuery()};
  // paged_attention_c14
  if (alibi.value && failed(verifyStatic(op, "the size", alibi, 0)))
    return failure();
  if (alibi.value && alibi.size(0) != query.size(1))
    return noteDefinition(
        op->emitOpError("expects alibi to have an element for "
                        "each head of query (")
            << query.size(1) << "), got " << alibi.size(0),
        query.name, query.value);
  if (failed(verifyMemRef(op, alibi, /*contiguous=*/true)) ||
      failed(verifyMemRef(op, mask, /*contiguous=*/true)))
    return failure();
  if (op.getScore().empty())
    return success();
  auto model = cast<ModelOpInterface>(op.getOperation());
  return verifyScoreRegion(op, op.getScore(), model.hasTensors());
}

/// Checks the scales of the query and of the result.
static LogicalResult verifyRowScales(AttentionInterface op) {
  return success(
      succeeded(verifyRowScale(op, {"query_scale", op.getQueryScale()},
                               op.getQueryScaleMap(),
                               {"query", op.getQuery()})) &&
      succeeded(verifyRowScale(op, {"out_scale", op.getOutScale()},
                               op.getOutScaleMap(), {"out", op.getOut()})));
}

static LogicalResult verifyDraftMask(PagedAttentionOp op) {
  NamedShaped mask{"draft_mask", op.getDraftMask()};
  if (!mask.value)
    return success();
  // paged_attention_c20
  if (failed(verifyMemRef(op, mask, /*contiguous=*/true)) ||
      failed(
          verifySizesAgree(op, "tokens", mask, 0, {"query", op.getQuery()}, 0)))
    return failure();
  // paged_attention_c21
  if (op.getAlignment() != Alignment::BottomRight)
    return op.emitOpError("expects alignment = bottom_right beside draft_mask, "
                          "whose keys are the last of a sequence, got ")
           << stringifyAlignment(op.getAlignment());
  return success();
}

/// Checks that no element is rounded to bf16 where products are to be of f32.
static LogicalResult verifyPrecision(PagedAttentionOp op) {
  if (op.getPrecision() != Precision::F32)
    return success();
  // paged_attention_c22
  for (auto [name, scale, map] :
       {std::tuple("key_scale", op.getKeyScale(), op.getKeyScaleMap()),
        std::tuple("value_scale", op.getValueScale(), op.getValueScaleMap())}) {
    if (!map)
      continue;
    const ScaleGranularity granularity = getGranularity(*map);
    const bool byElement = (granularity.byToken && granularity.byChannel) ||
                           op.getKeyCacheType().isMixed();
    if (byElement && !isa<Float8E8M0FNUType>(scale.getType().getElementType()))
      return op.emitOpError("expects ")
             << name << " of f8E8M0FNU beside precision = f32 where it differs "
             << "by page or token and by channel, or there are bf16 channels, "
             << "as bf16 has its products with elements exactly, got "
             << scale.getType().getElementType();
  }
  return success();
}

LogicalResult PagedAttentionOp::verify() {
  if (failed(verifyTypes(*this)) || failed(verifyCaches(*this, getCaches())) ||
      failed(verifyShapes(*this)) || failed(verifyCacheScales(*this)) ||
      failed(verifyRowScales(*this)) || failed(verifyBatch(*this)) ||
      failed(verifyPrefix(*this)) || failed(verifyVisibility(*this)) ||
      failed(verifyScores(*this)))
    return failure();
  // paged_attention_c15
  NamedShaped mask{"mask", getMask()};
  if (mask.value && mask.size(0) != 1 &&
      failed(
          verifySizesAgree(*this, "tokens", mask, 0, {"query", getQuery()}, 0)))
    return failure();
  if (failed(verifyDraftMask(*this)) || failed(verifySelection(*this)) ||
      failed(verifyPrecision(*this)))
    return failure();
  NamedShaped out{"out", getOut()}, lse{"lse", getLse()};
  if (failed(verifyOwnMemory(*this, {out, lse},
                             {{"key_scale", getKeyScale()},
                              {"value_scale", getValueScale()},
                              {"sink", getSink()},
                              {"alibi", getAlibi()},
                              {"mask", getMask()},
                              {"draft_mask", getDraftMask()},
                              {"query_scale", getQueryScale()},
                              {"out_scale", getOutScale()},
                              {"key_outer_scale", getKeyOuterScale()},
                              {"value_outer_scale", getValueOuterScale()},
                              {"key_zero_point", getKeyZeroPoint()},
                              {"value_zero_point", getValueZeroPoint()}})))
    return failure();
  return verifyMemRefs(*this, {{"query", getQuery()},
                               {"query_start", getQueryStart()},
                               {"seq_lens", getSeqLens()},
                               {"block_table", getBlockTable()},
                               {"sink", getSink()},
                               out,
                               lse});
}

//===----------------------------------------------------------------------===//
// Dense attention
//===----------------------------------------------------------------------===//

/// Checks the sizes that kernels are compiled for.
static LogicalResult verifyDenseHeads(AttentionOp op) {
  NamedShaped query{"query", op.getQuery()}, key{"key", op.getKey()},
      value{"value", op.getValue()};
  // attention_c1
  for (const NamedShaped &tensor : {key, value}) {
    if (failed(verifyStatic(op, "heads", tensor, 1)))
      return failure();
    if (tensor.size(1) < 1 || tensor.size(1) > kMaxHeads)
      return op.emitOpError("expects 1 to ")
             << kMaxHeads << " heads of " << tensor.name << ", got "
             << tensor.size(1);
  }
  // attention_c2
  for (const NamedShaped &tensor : {key, value}) {
    if (failed(verifyStatic(op, "channels", tensor, 3)))
      return failure();
    if (!isHeadDim(tensor.size(3)))
      return op.emitOpError("expects channels of ")
             << tensor.name << " that are a multiple of " << kHeadDimGranule
             << " up to " << kMaxHeadDim << ", got " << tensor.size(3);
  }
  // attention_c3
  if (failed(verifyStatic(op, "heads", query, 1)))
    return failure();
  const int64_t heads = query.size(1);
  for (const NamedShaped &tensor : {key, value})
    if (heads < 1 || heads % tensor.size(1) != 0)
      return noteDefinition(op.emitOpError("expects heads of query (")
                                << heads << ") to be a multiple of heads of "
                                << tensor.name << " (" << tensor.size(1) << ")",
                            tensor.name, tensor.value);
  return success();
}

/// Checks that a size is static, and the static one of another operand.
static LogicalResult verifySameSize(Operation *op, StringRef what,
                                    NamedShaped operand, unsigned dim,
                                    NamedShaped other) {
  if (failed(verifyStatic(op, what, operand, dim)))
    return failure();
  if (operand.size(dim) == other.size(dim))
    return success();
  return noteDefinition(op->emitOpError("expects static ")
                            << what << " of " << operand.name << " ("
                            << operand.size(dim) << ") to equal " << what
                            << " of " << other.name << " (" << other.size(dim)
                            << ")",
                        other.name, other.value);
}

static LogicalResult verifyDenseMask(AttentionOp op) {
  NamedShaped mask{"mask", op.getMask()}, query{"query", op.getQuery()};
  if (!mask.value)
    return success();
  // attention_c8
  for (auto [dim, what] :
       {std::pair(0, "batch"), std::pair(1, "heads"), std::pair(2, "queries")})
    if (mask.size(dim) != 1 &&
        failed(verifySizesAgree(op, what, mask, dim, query, dim)))
      return failure();
  if (ShapedType::isDynamic(mask.size(1)))
    return op.emitOpError("expects static heads of mask, 1 or those of query (")
           << query.size(1) << "), got ?";
  NamedShaped key{"key", op.getKey()};
  if (!ShapedType::isDynamic(mask.size(3)) &&
      !ShapedType::isDynamic(key.size(2)) && mask.size(3) > key.size(2))
    return noteDefinition(op.emitOpError("expects at most as many keys of mask "
                                         "as keys of key (")
                              << key.size(2) << "), got " << mask.size(3),
                          key.name, key.value);
  return success();
}

/// Checks the numbers of each batch entry.
static LogicalResult verifyEntries(AttentionOp op) {
  NamedShaped lens{"key_lens", op.getKeyLens()},
      offsets{"query_offsets", op.getQueryOffsets()};
  // attention_c10
  for (const NamedShaped &operand : {lens, offsets})
    if (operand.value && failed(verifySizesAgree(op, "batch", operand, 0,
                                                 {"query", op.getQuery()}, 0)))
      return failure();
  // attention_c11
  if (offsets.value && op.getAlignment() != Alignment::BottomRight)
    return op.emitOpError(
               "expects no alignment beside query_offsets, which say "
               "where queries stand, got ")
           << stringifyAlignment(op.getAlignment());
  return verifyMemRefs(op, {lens, offsets});
}

/// Checks that the shapes of all operands are those of one attention.
static LogicalResult verifyDenseShapes(AttentionOp op) {
  NamedShaped query{"query", op.getQuery()}, key{"key", op.getKey()},
      value{"value", op.getValue()}, out{"out", op.getOut()},
      lse{"lse", op.getLse()};
  // attention_c4
  if (failed(verifySameSize(op, "channels", query, 3, key)) ||
      failed(verifySameSize(op, "heads", out, 1, query)) ||
      failed(verifySameSize(op, "channels", out, 3, value)) ||
      (lse.value && failed(verifySameSize(op, "heads", lse, 1, query))))
    return failure();
  // attention_c5
  for (const NamedShaped &operand : {key, value, out, lse})
    if (operand.value &&
        failed(verifySizesAgree(op, "batch", operand, 0, query, 0)))
      return failure();
  // attention_c6
  for (const NamedShaped &operand : {out, lse})
    if (operand.value &&
        failed(verifySizesAgree(op, "queries", operand, 2, query, 2)))
      return failure();
  if (failed(verifySizesAgree(op, "keys", value, 2, key, 2)))
    return failure();
  // attention_c7
  for (auto [what, operand] : {std::pair("queries", query), {"keys", key}})
    if (operand.size(2) > INT32_MAX)
      return op.emitOpError("expects at most ")
             << INT32_MAX << " " << what << ", got " << operand.size(2);
  return success(succeeded(verifyDenseMask(op)) &&
                 succeeded(verifyEntries(op)));
}

/// Checks a scale as that of a cache of what kernels are given.
static LogicalResult verifyDenseScale(AttentionOp op, NamedShaped scale,
                                      std::optional<AffineMap> map,
                                      NamedShaped tensor) {
  MLIRContext *context = op.getContext();
  // attention_c9
  const AffineMap perTensor = AffineMap::get(kNumScaleDims, 0, context);
  const AffineMap perHead =
      AffineMap::get(kNumScaleDims, 0, getAffineDimExpr(kHead, context));
  if (map && *map != perTensor && *map != perHead)
    return op.emitOpError("expects the map of ")
           << scale.name
           << " to be affine_map<(batch, head, token, channel) -> ()>, a scale "
              "for the tensor, or -> (head), got "
           << AffineMapAttr::get(*map);
  Type element = tensor.type().getElementType();
  if (element.getIntOrFloatBitWidth() != 8)
    element = BFloat16Type::get(context);
  auto cache = CacheType::get(context, CacheContent::Key, tensor.size(1),
                              tensor.size(3), FP8ATTN_GRANULE, element,
                              LayoutAttr::get(context, LayoutKind::Pairs));
  return verifyCacheScale(op, scale, map, cache, tensor.name,
                          tensor.type().getElementType());
}

/// Checks that no key or value is rounded to bf16 where products are to be of
/// f32.
static LogicalResult verifyDensePrecision(AttentionOp op) {
  if (op.getPrecision() != Precision::F32)
    return success();
  // attention_c12
  for (const NamedShaped &tensor :
       {NamedShaped{"key", op.getKey()}, NamedShaped{"value", op.getValue()}}) {
    Type element = tensor.type().getElementType();
    if (!element.isBF16() && element.getIntOrFloatBitWidth() != 8)
      return op.emitOpError("expects ")
             << tensor.name
             << " of bf16, f8E4M3FN or f8E5M2 beside precision = "
             << "f32, as others are rounded to bf16, got " << element;
  }
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyTypes(*this)) || failed(verifyDenseHeads(*this)) ||
      failed(verifyDenseShapes(*this)) ||
      failed(verifyDenseScale(*this, {"key_scale", getKeyScale()},
                              getKeyScaleMap(), {"key", getKey()})) ||
      failed(verifyDenseScale(*this, {"value_scale", getValueScale()},
                              getValueScaleMap(), {"value", getValue()})) ||
      failed(verifyRowScales(*this)) || failed(verifyVisibility(*this)) ||
      failed(verifyScores(*this)) || failed(verifyDensePrecision(*this)))
    return failure();
  NamedShaped query{"query", getQuery()}, key{"key", getKey()},
      value{"value", getValue()}, sink{"sink", getSink()}, out{"out", getOut()},
      lse{"lse", getLse()};
  if (failed(verifyOwnMemory(*this, {out, lse},
                             {query,
                              key,
                              value,
                              sink,
                              {"key_scale", getKeyScale()},
                              {"value_scale", getValueScale()},
                              {"alibi", getAlibi()},
                              {"mask", getMask()},
                              {"query_scale", getQueryScale()},
                              {"out_scale", getOutScale()}})))
    return failure();
  return verifyMemRefs(*this, {query, key, value, sink, out, lse});
}
