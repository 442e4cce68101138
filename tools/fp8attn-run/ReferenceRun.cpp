//===- ReferenceRun.cpp - what a run should have computed -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function for each operation. Caches are compared at the end, for several
// operations may write to one.
//
//===----------------------------------------------------------------------===//

#include "Expectations.h"
#include "ScoreEvaluator.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Reference/Merge.h"
#include "fp8attn/Reference/Rotation.h"
#include "fp8attn/Target/ElementTypes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

using namespace mlir;
using namespace mlir::fp8attn;

static float getSoftmaxScale(AttentionInterface op, const Arguments &inputs) {
  if (std::optional<float> known = op.getEffectiveSoftmaxScale())
    return *known;
  Value scale = op.getSoftmaxScaleValue();
  FloatAttr constant;
  return matchPattern(scale, m_Constant(&constant))
             ? constant.getValue().convertToFloat()
             : inputs[scale].number.real;
}

/// Fills in what paged and dense attention have in common; `sinks` hold those
/// that the call points to.
template <typename Call>
static void describeScores(AttentionInterface op, const Arguments &inputs,
                           std::vector<float> &sinks, Call &call) {
  if (auto paged = dyn_cast<PagedAttentionOp>(op.getOperation())) {
    call.keyScale = getScales(inputs, getKeyOperands(paged));
    // Values of a latent cache are part of the keys.
    call.valueScale = paged.valuesAreKeys()
                          ? call.keyScale
                          : getScales(inputs, getValueOperands(paged));
  } else {
    call.keyScale = getScales(inputs, {op.getKeyScale(), op.getKeyScaleMap()});
    call.valueScale =
        getScales(inputs, {op.getValueScale(), op.getValueScaleMap()});
  }
  call.softmaxScale = getSoftmaxScale(op, inputs);
  call.f32Products = op.getPrecision() == Precision::F32;
  if (IntegerAttr left = op.getWindowLeftAttr())
    call.windowLeft = left.getInt();
  call.windowRight = op.getEffectiveWindowRight();
  call.topLeft = op.getAlignmentAttr().getValue() == Alignment::TopLeft;
  if (op.getSink()) {
    const std::vector<double> elements = getElements(inputs[op.getSink()]);
    sinks.assign(elements.begin(), elements.end());
    call.sink = sinks.data();
  }
  call.modifyScore = makeScoreFunction(op, inputs);
}

/// Returns the scale of element `index` of a tensor.
static float getScaleOf(const Argument &source, const Argument &scale,
                        AffineMap map, int64_t index) {
  int64_t place = 0;
  for (AffineExpr result : map.getResults()) {
    int64_t inner = 1;
    const int64_t dim = cast<AffineDimExpr>(result).getPosition();
    for (int64_t d = dim + 1; d < source.tensor.rank; ++d)
      inner *= source.tensor.sizes[d];
    place = place * source.tensor.sizes[dim] +
            index / inner % source.tensor.sizes[dim];
  }
  return scale.at<float>(place);
}

/// Returns the scale of each row of a tensor, or nothing if it has none.
static std::vector<double> getRowScales(const Argument &tensor, Value scale,
                                        std::optional<AffineMap> map,
                                        const Arguments &inputs) {
  std::vector<double> scales;
  const int64_t channels = tensor.tensor.sizes[tensor.tensor.rank - 1];
  for (int64_t i = 0; scale && i < tensor.getNumElements(); i += channels)
    scales.push_back(getScaleOf(tensor, inputs[scale], *map, i));
  return scales;
}

static void expectAttention(AttentionInterface op,
                            reference::AttentionResult expected,
                            const Arguments &memory,
                            Expectations &expectations) {
  const Argument &out = memory[op.getOut()];
  const auto outType = fp8attn_type(out.tensor.type);
  if (op.getOutScale())
    expected = reference::overScales(
        std::move(expected), outType,
        getRowScales(out, op.getOutScale(), op.getOutScaleMap(), memory));
  expectations.write(op.getOut(), expected.out,
                     reference::allowedOutError(expected, outType),
                     reference::allowedRelativeL2(expected, outType));
  if (op.getLse())
    expectations.write(op.getLse(), expected.lse,
                       reference::allowedLseError(expected));
}

static void runAttention(AttentionOp op, const Arguments &inputs,
                         Expectations &expectations) {
  reference::DenseCall call;
  call.query = getDenseTensor(inputs[op.getQuery()]);
  call.key = getDenseTensor(inputs[op.getKey()]);
  call.value = getDenseTensor(inputs[op.getValue()]);
  for (auto [operand, numbers] :
       {std::pair<Value, const int32_t **>(op.getKeyLens(), &call.keyLens),
        {op.getQueryOffsets(), &call.queryOffsets}})
    if (operand)
      *numbers = static_cast<const int32_t *>(inputs[operand].tensor.data);
  const std::vector<double> scales = getRowScales(
      inputs[op.getQuery()], op.getQueryScale(), op.getQueryScaleMap(), inputs);
  const int64_t heads = call.query.sizes[1], queries = call.query.sizes[2];
  if (!scales.empty())
    call.queryScale = [&](int64_t entry, int64_t head, int64_t query) {
      return scales[(entry * heads + head) * queries + query];
    };
  std::vector<float> sinks;
  describeScores(op, inputs, sinks, call);
  expectAttention(op, reference::attend(call), inputs, expectations);
}

static void runAttention(PagedAttentionOp op, const Arguments &inputs,
                         Expectations &expectations) {
  reference::AttentionCall call;
  call.query = getHeadTensor(inputs[op.getQuery()]);
  call.numHeads = op.getNumHeads();
  CacheParts parts =
      getCacheParts(inputs, op.getKeyCache(), op.getValueCache());
  call.keys = parts.keys;
  call.values = parts.values;
  const fp8attn_tensor &table = inputs[op.getBlockTable()].tensor;
  call.numSeqs = table.sizes[0];
  call.tableStride = table.strides[0];
  auto getInts = [&](Value value) {
    return static_cast<const int32_t *>(inputs[value].tensor.data);
  };
  call.queryStart = getInts(op.getQueryStart());
  call.seqLens = getInts(op.getSeqLens());
  call.blockTable = getInts(op.getBlockTable());
  if (op.hasPrefix()) {
    const fp8attn_tensor &prefixTable = inputs[op.getPrefixTable()].tensor;
    call.prefixes = {prefixTable.sizes[0], getInts(op.getGroupStart()),
                     getInts(op.getPrefixLens()), getInts(op.getPrefixTable()),
                     prefixTable.strides[0]};
  }
  if (Value selected = op.getSelected()) {
    const fp8attn_tensor &list = inputs[selected].tensor;
    const int64_t lists = op.getNumSelectedLists();
    call.selected = {getInts(selected),
                     list.sizes[lists > 0 ? 2 : 1],
                     list.strides[0],
                     op.getSelectedUnit(),
                     std::max<int64_t>(lists, 1),
                     lists > 0 ? list.strides[1] : 0};
  }
  const std::vector<double> scales = getRowScales(
      inputs[op.getQuery()], op.getQueryScale(), op.getQueryScaleMap(), inputs);
  if (!scales.empty())
    call.queryScale = [&](int64_t token, int64_t head) {
      return scales[token * call.numHeads + head];
    };
  std::vector<float> sinks;
  describeScores(op, inputs, sinks, call);
  expectAttention(op, reference::attend(call), inputs, expectations);
}

static void runMerge(MergeOp op, const Arguments &inputs,
                     Expectations &expectations) {
  auto getPart = [&](Value out, Value lse) {
    return reference::PartialResult{getElements(inputs[out]),
                                    getElements(inputs[lse])};
  };
  const reference::MergeResult expected =
      reference::merge(getPart(op.getFirstOut(), op.getFirstLse()),
                       getPart(op.getSecondOut(), op.getSecondLse()),
                       getAbiType(op.getFirstOut().getType().getElementType()),
                       getAbiType(op.getOut().getType().getElementType()));
  expectations.write(op.getOut(), expected.out, expected.allowedOutError);
  expectations.write(op.getLse(), expected.lse, expected.allowedLseError);
}

/// Returns what a write does to keys, or to queries, of which `norm` has the
/// weights, if there are any.
static reference::Rotation getRotation(KvWriteOp op, Value norm,
                                       const Arguments &inputs) {
  auto getFloats = [&](Value value) {
    const std::vector<double> elements = getElements(inputs[value]);
    return std::vector<float>(elements.begin(), elements.end());
  };
  reference::Rotation rotation;
  rotation.interleaved = op.getInterleaved();
  rotation.firstRotated = op.getFirstRotated();
  if (norm) {
    rotation.norm = getFloats(norm);
    rotation.eps = op.getNormEpsAttr().getValue().convertToFloat();
  }
  if (op.getPositions()) {
    rotation.cos = getFloats(op.getCos());
    rotation.sin = getFloats(op.getSin());
    rotation.columns = inputs[op.getCos()].tensor.sizes[1];
    rotation.positions =
        static_cast<const int32_t *>(inputs[op.getPositions()].tensor.data);
  }
  return rotation;
}

/// Computes the query that a write gives.
static void runQuery(KvWriteOp op, const Arguments &inputs,
                     Expectations &expectations) {
  const Argument &query = inputs[op.getQuery()],
                 &out = inputs[op.getQueryOut()];
  const std::vector<float> rows = reference::rotate(
      getRotation(op, op.getQueryNorm(), inputs), getHeadTensor(query),
      query.tensor.sizes[1], query.tensor.sizes[2]);
  for (auto [index, value] : llvm::enumerate(rows))
    reference::encodeElement(value, out.getElement(index),
                             fp8attn_type(out.tensor.type));
  expectations.writeExactly(op.getQueryOut());
}

/// Computes the scales, and zero points, of a dynamic write of keys or values,
/// in place.
static void computeScales(KvWriteOp op, const CodeOperands &operands,
                          const reference::CachePart &part,
                          const reference::HeadTensor &source,
                          const int64_t *slots, const Arguments &inputs,
                          Expectations &expectations) {
  const Argument &argument = inputs[operands.scale];
  const auto type = fp8attn_type(argument.tensor.type);
  reference::Scales scales = getScales(inputs, operands);
  reference::computeScales(part, source, slots, type, op.getMicroscaling(),
                           scales);
  for (auto [index, value] : llvm::enumerate(scales.values))
    reference::encodeElement(value, argument.getElement(index), type);
  expectations.writeExactly(operands.scale);
  if (!operands.zeroPoint)
    return;
  const Argument &zeroPoint = inputs[operands.zeroPoint];
  for (auto [index, value] : llvm::enumerate(scales.zeroPoints))
    zeroPoint.at<int8_t>(index) = value;
  expectations.writeExactly(operands.zeroPoint);
}

static void runKvWrite(KvWriteOp op, const Arguments &inputs,
                       Expectations &expectations) {
  CacheParts parts =
      getCacheParts(inputs, op.getKeyCache(), op.getValueCache());
  auto *slots = static_cast<const int64_t *>(inputs[op.getSlots()].tensor.data);
  reference::HeadTensor key = getHeadTensor(inputs[op.getKey()]);
  std::vector<float> rotated;
  if (op.isRotated()) {
    rotated = reference::rotate(getRotation(op, op.getKeyNorm(), inputs), key,
                                parts.keys.heads, parts.keys.headDim);
    key = reference::asHeadTensor(rotated, key.tokens, parts.keys.heads,
                                  parts.keys.headDim);
  }
  if (op.getQuery())
    runQuery(op, inputs, expectations);
  if (op.getDynamic())
    computeScales(op, getKeyOperands(op), parts.keys, key, slots, inputs,
                  expectations);
  reference::writeCache(parts.keys, key, slots,
                        getScales(inputs, getKeyOperands(op)));
  // Values of a latent cache are part of the keys.
  if (!op.getValue())
    return;
  const reference::HeadTensor value = getHeadTensor(inputs[op.getValue()]);
  if (op.getDynamic())
    computeScales(op, getValueOperands(op), parts.values, value, slots, inputs,
                  expectations);
  reference::writeCache(parts.values, value, slots,
                        getScales(inputs, getValueOperands(op)));
}

/// Copies scales from or to the rows of a cache that has them within.
static void runRowScales(RepackOp op, const CacheParts &from,
                         const CacheParts &to, const reference::PageList &pages,
                         const Arguments &inputs, Expectations &expectations) {
  reference::Scales scales =
      getScales(inputs, {op.getKeyScale(), op.getKeyScaleMap()});
  reference::repackRowScales(from.keys, to.keys, pages, scales);
  if (!op.takesScales())
    return;
  const Argument &written = inputs[op.getKeyScale()];
  for (auto [index, value] : llvm::enumerate(scales.values))
    reference::encodeElement(value, written.getElement(index),
                             FP8ATTN_TYPE_F32);
  expectations.writeExactly(op.getKeyScale());
}

static void runRepack(RepackOp op, const Arguments &inputs,
                      Expectations &expectations) {
  const CacheParts from = getCacheParts(inputs, op.getSource(), op.getSource());
  const CacheParts to =
      getCacheParts(inputs, op.getDestination(), op.getDestination());
  const int64_t sourcePages = op.getPagesOfEntry(/*ofSource=*/true);
  const int64_t toPages = op.getPagesOfEntry(/*ofSource=*/false);
  Value list = op.getPages();
  const int64_t entries =
      list ? inputs[list].tensor.sizes[0]
           : inputs[op.getSource()].cache.num_pages / sourcePages;
  // Those of a list are in its columns from `first` on.
  auto pagesOf = [&](int64_t entry, int64_t first, int64_t count) {
    std::vector<int64_t> pages(count);
    for (int64_t i = 0; i < count; ++i)
      pages[i] = list ? inputs[list].at<int32_t>(
                            entry * (sourcePages + toPages) + first + i)
                      : entry * count + i;
    return pages;
  };
  reference::PageList pages;
  for (int64_t entry = 0; entry < entries; ++entry)
    pages.push_back(
        {pagesOf(entry, 0, sourcePages), pagesOf(entry, sourcePages, toPages)});
  runRowScales(op, from, to, pages, inputs, expectations);
  if (op.getSource().getType().hasKeys())
    // Keys of two element types are not converted.
    reference::repackCache(
        from.keys, to.keys, pages,
        op.getSource().getType().isMixed()
            ? reference::Scales()
            : getScales(inputs, {op.getKeyScale(), op.getKeyScaleMap()}));
  if (op.getSource().getType().hasValues())
    reference::repackCache(
        from.values, to.values, pages,
        getScales(inputs, {op.getValueScale(), op.getValueScaleMap()}));
}

/// What is left is exactly equal, but for the bits of NaN.
template <typename ConvertOp>
static void runConversion(ConvertOp op, const Arguments &inputs,
                          Expectations &expectations) {
  const Argument &source = inputs[op.getSource()];
  const Argument &destination = inputs[op.getDestination()];
  const auto sourceType = fp8attn_type(source.tensor.type);
  const auto type = fp8attn_type(destination.tensor.type);
  for (int64_t i = 0; i < source.getNumElements(); ++i) {
    const float scale =
        getScaleOf(source, inputs[op.getScale()], op.getScaleMap(), i);
    const auto value = static_cast<float>(
        reference::decodeElement(source.getElement(i), sourceType));
    reference::encodeElement(reference::elementBytes(type) == 1 ? value / scale
                                                                : value * scale,
                             destination.getElement(i), type);
  }
  expectations.writeExactly(op.getDestination());
}

static void runOperation(Operation *op, Arguments &inputs,
                         Expectations &expectations) {
  llvm::TypeSwitch<Operation *>(op)
      .Case<PagedAttentionOp, AttentionOp>([&](auto attention) {
        runAttention(attention, inputs, expectations);
      })
      .Case([&](MergeOp merge) { runMerge(merge, inputs, expectations); })
      .Case([&](KvWriteOp write) { runKvWrite(write, inputs, expectations); })
      .Case([&](RepackOp repack) { runRepack(repack, inputs, expectations); })
      .Case<QuantizeOp, DequantizeOp>(
          [&](auto convert) { runConversion(convert, inputs, expectations); })
      .Case([&](memref::CopyOp copy) { expectations.copy(copy); });
}

FailureOr<std::vector<Check>>
mlir::fp8attn::checkResults(ArrayRef<Operation *> ops, Arguments &inputs,
                            const Arguments &results) {
  Expectations expectations(ops, inputs, results);
  llvm::SmallSetVector<Value, 2> writtenCaches;
  for (Operation *op : ops) {
    if (failed(expectations.prepareReads(op)))
      return failure();
    runOperation(op, inputs, expectations);
    if (auto write = dyn_cast<KvWriteOp>(op))
      writtenCaches.insert_range(write.getCaches());
    if (auto repack = dyn_cast<RepackOp>(op))
      writtenCaches.insert(repack.getDestination());
  }
  std::vector<Check> checks = expectations.compare();
  for (Value cache : writtenCaches) {
    const Argument &actual = results[cache];
    checks.push_back(
        {actual.name, reference::compareBytes(actual.storage.data(),
                                              inputs[cache].storage.data(),
                                              actual.storage.size())});
  }
  return checks;
}
