//===- Description.cpp - what an operation computes -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. Everything that changes a result is named, what is left to a
// default included.
//
//===----------------------------------------------------------------------===//

#include "Description.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Collects what is said, with commas.
class Phrases {
public:
  template <typename... Parts> void add(const Parts &...parts) {
    os << (isFirst ? "" : ", ");
    (os << ... << parts);
    isFirst = false;
  }
  std::string take() { return std::move(text); }

private:
  std::string text;
  llvm::raw_string_ostream os{text};
  bool isFirst = true;
};
} // namespace

static void addScale(Phrases &phrases, StringRef name, Value scale,
                     std::optional<AffineMap> map) {
  if (scale)
    phrases.add(name, " of ", AffineMapAttr::get(*map));
}

/// Says what the scales of keys and values are multiplied with.
template <typename Op> static void addOuterScales(Phrases &phrases, Op op) {
  for (auto [name, outer] :
       {std::pair<StringRef, Value>("key_outer_scale", op.getKeyOuterScale()),
        {"value_outer_scale", op.getValueOuterScale()}})
    if (outer)
      phrases.add(name, " of ", outer.getType());
}

template <typename Op> static void addZeroPoints(Phrases &phrases, Op op) {
  addScale(phrases, "key_zero_point", op.getKeyZeroPoint(),
           op.getKeyZeroPointMap());
  addScale(phrases, "value_zero_point", op.getValueZeroPoint(),
           op.getValueZeroPointMap());
}

static void addVisibility(Phrases &phrases, AttentionInterface op) {
  phrases.add(op.getCausal() ? "causal" : "not causal");
  if (IntegerAttr left = op.getWindowLeftAttr())
    phrases.add("window_left ", left.getInt());
  if (IntegerAttr right = op.getWindowRightAttr())
    phrases.add("window_right ", right.getInt());
  phrases.add("alignment ",
              stringifyAlignment(op.getAlignmentAttr().getValue()));
}

static void addSoftmaxScale(Phrases &phrases, AttentionInterface op) {
  std::optional<float> scale = op.getEffectiveSoftmaxScale();
  if (!scale)
    phrases.add("softmax_scale of the call");
  else if (op.getSoftmaxScaleAttr())
    phrases.add("softmax_scale ", llvm::format("%g", *scale));
  else
    phrases.add("softmax_scale ", llvm::format("%g", *scale), " (1 / sqrt(",
                op.getKeyDim(), "))");
}

static std::string describeAttention(AttentionInterface op) {
  Phrases phrases;
  addVisibility(phrases, op);
  if (op.getPrecision() != Precision::Bf16)
    phrases.add("precision ", stringifyPrecision(op.getPrecision()));
  addSoftmaxScale(phrases, op);
  if (FloatAttr softcap = op.getSoftcapAttr())
    phrases.add("softcap ", llvm::format("%g", softcap.getValueAsDouble()));
  if (op.getAlibi())
    phrases.add("alibi");
  if (!op.getScore().empty())
    phrases.add("score region");
  if (op.getMask())
    phrases.add("mask of ", op.getMask().getType().getElementType());
  if (auto dense = dyn_cast<AttentionOp>(op.getOperation())) {
    if (dense.getKeyLens())
      phrases.add("key_lens");
    if (dense.getQueryOffsets())
      phrases.add("query_offsets");
  }
  if (op.getDraftMask())
    phrases.add("draft mask of ", op.getDraftMask().getType().getElementType());
  if (op.getSink())
    phrases.add("sink");
  if (auto paged = dyn_cast<PagedAttentionOp>(op.getOperation())) {
    if (paged.hasPrefix())
      phrases.add("shared prefixes");
    if (paged.getSelected())
      phrases.add("selected ", paged.getSelectedPages() ? "pages" : "tokens");
  }
  addScale(phrases, "key_scale", op.getKeyScale(), op.getKeyScaleMap());
  addScale(phrases, "value_scale", op.getValueScale(), op.getValueScaleMap());
  addScale(phrases, "query_scale", op.getQueryScale(), op.getQueryScaleMap());
  addScale(phrases, "out_scale", op.getOutScale(), op.getOutScaleMap());
  if (auto paged = dyn_cast<PagedAttentionOp>(op.getOperation())) {
    addOuterScales(phrases, paged);
    addZeroPoints(phrases, paged);
  }
  return phrases.take();
}

static std::string describe(KvWriteOp op) {
  Phrases phrases;
  if (op.getDynamic())
    phrases.add(op.getMicroscaling() ? "dynamic, microscaling" : "dynamic");
  phrases.add("keys of ", op.getKey().getType().getElementType(), " to ",
              op.getKeyCacheType().getElementType());
  if (op.getValue())
    phrases.add("values of ", op.getValue().getType().getElementType(), " to ",
                op.getValueCacheType().getElementType());
  if (op.getQuery())
    phrases.add("queries of ", op.getQuery().getType().getElementType(), " to ",
                op.getQueryOut().getType().getElementType());
  if (op.getKeyNorm())
    phrases.add("keys normalised");
  if (op.getQueryNorm())
    phrases.add("queries normalised");
  if (op.getPositions())
    phrases.add(op.getInterleaved() ? "rotary, interleaved" : "rotary");
  addScale(phrases, "key_scale", op.getKeyScale(), op.getKeyScaleMap());
  addScale(phrases, "value_scale", op.getValueScale(), op.getValueScaleMap());
  addOuterScales(phrases, op);
  addZeroPoints(phrases, op);
  return phrases.take();
}

static std::string describe(RepackOp op) {
  Phrases phrases;
  phrases.add(op.getPages() ? "a list of pages" : "all pages", " from ",
              op.getSource().getType(), " to ", op.getDestination().getType());
  addScale(phrases, "key_scale", op.getKeyScale(), op.getKeyScaleMap());
  addScale(phrases, "value_scale", op.getValueScale(), op.getValueScaleMap());
  return phrases.take();
}

static std::string describe(MergeOp op) {
  Phrases phrases;
  phrases.add("parts of ", op.getFirstOut().getType().getElementType(), " to ",
              op.getOut().getType().getElementType());
  return phrases.take();
}

static std::string describe(memref::CopyOp op) {
  Phrases phrases;
  phrases.add(op.getSource().getType(), " to ", op.getTarget().getType());
  return phrases.take();
}

template <typename ConvertOp>
static std::string describeConversion(ConvertOp op) {
  Phrases phrases;
  phrases.add(op.getSource().getType().getElementType(), " to ",
              op.getDestination().getType().getElementType());
  addScale(phrases, "scale", op.getScale(), op.getScaleMap());
  return phrases.take();
}

std::string mlir::fp8attn::describeOperation(Operation *op) {
  std::string text =
      llvm::TypeSwitch<Operation *, std::string>(op)
          .Case<PagedAttentionOp, AttentionOp>(
              [](auto attention) { return describeAttention(attention); })
          .Case<KvWriteOp, RepackOp, MergeOp, memref::CopyOp>(
              [](auto typed) { return describe(typed); })
          .Case<QuantizeOp, DequantizeOp>(
              [](auto convert) { return describeConversion(convert); });
  return (op->getName().stripDialect() + ": " + text).str();
}

/// Returns the word of tables and pictures for an element type.
static std::string getWord(Type element) {
  if (isa<Float8E4M3FNType>(element))
    return "e4m3";
  if (isa<Float8E5M2Type>(element))
    return "e5m2";
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

std::string mlir::fp8attn::describeKeyType(ArrayRef<Operation *> ops) {
  for (Operation *op : ops) {
    if (auto attention = dyn_cast<PagedAttentionOp>(op))
      return getWord(attention.getKeyCacheType().getElementType());
    if (auto attention = dyn_cast<AttentionOp>(op))
      return getWord(attention.getKey().getType().getElementType());
  }
  return "";
}
