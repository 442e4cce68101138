//===- Problem.cpp - a batch, its cache and its results -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds batches and calls entry points.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace reference = fp8attn::reference;

/// A NaN in each of the cache's types that have one: what was never written
/// must not count.
static constexpr uint8_t kUnwritten = 0xFF;

/// Pages of the cache that no sequence has.
static constexpr int64_t kSparePages = 2;

AlignedBytes::AlignedBytes(int64_t count, uint8_t fill)
    : bytes(static_cast<uint8_t *>(std::aligned_alloc(
                FP8ATTN_ALIGNMENT, (count + FP8ATTN_ALIGNMENT - 1) /
                                       FP8ATTN_ALIGNMENT * FP8ATTN_ALIGNMENT)),
            std::free),
      count(count) {
  std::memset(bytes.get(), fill, count);
}

bool AlignedBytes::operator==(const AlignedBytes &other) const {
  return count == other.count && std::memcmp(data(), other.data(), count) == 0;
}

const Model &findModel(const char *name) {
  return *std::find_if(kModels, kModels + kNumModels, [&](const Model &model) {
    return std::strcmp(model.name, name) == 0;
  });
}

float fastNormal(std::mt19937 &bits) {
  constexpr int kNumbers = 1 << 16;
  static const std::vector<float> numbers = [] {
    std::mt19937 generator;
    std::normal_distribution<float> normal;
    std::vector<float> result(kNumbers);
    for (float &number : result)
      number = normal(generator);
    return result;
  }();
  return numbers[bits() % kNumbers];
}

float roundTo(float value, fp8attn_type type) {
  float element;
  reference::encodeElement(value, &element, type);
  return static_cast<float>(reference::decodeElement(&element, type));
}

std::vector<uint8_t> encodeElements(const std::vector<float> &values,
                                    fp8attn_type type) {
  const int64_t size = reference::elementBytes(type);
  std::vector<uint8_t> elements(values.size() * size);
  for (size_t i = 0; i < values.size(); ++i)
    reference::encodeElement(values[i], elements.data() + i * size, type);
  return elements;
}

/// Returns what makes NaN of elements of a type: of two, if they are codes.
static uint16_t nanWord(fp8attn_type type) {
  constexpr uint16_t kTwoCodes = 0x7F7F;
  return reference::elementBytes(type) == 1 ? kTwoCodes
                                            : reference::encodeBf16(NAN);
}

std::vector<float> makeRowScales(const std::string &kind, float scale,
                                 int64_t heads, int64_t rows) {
  std::vector<float> scales(kind == "none"     ? 0
                            : kind == "tensor" ? 1
                            : kind == "head"   ? heads
                                               : rows);
  constexpr size_t kPeriod = 5;
  for (size_t i = 0; i < scales.size(); ++i)
    scales[i] = scale * (1 + static_cast<float>(i % kPeriod));
  return scales;
}

float Problem::rowScale(const std::vector<float> &scales, const char *kind,
                        int64_t token, int64_t head) const {
  const std::string by = kind;
  return scales[by == "tensor" ? 0
                : by == "head" ? head
                               : token * model.numHeads() + head];
}

Problem::Problem(const Model &model, std::vector<Sequence> sequences,
                 uint32_t seed)
    : model(model), sequences(std::move(sequences)), generator(seed) {
  queryStart.push_back(0);
  int64_t numKeys = 0;
  for (const Sequence &sequence : this->sequences) {
    queryStart.push_back(queryStart.back() + sequence.queries);
    seqLens.push_back(sequence.keys);
    numKeys += sequence.keys;
  }
  const int64_t rows = queryStart.back() * model.numHeads();
  query.resize(rows * model.headDim);
  out.resize(rows * model.valueDim * reference::elementBytes(model.outType) / 2,
             nanWord(model.outType));
  lse.resize(rows, NAN);
  key.resize(numKeys * model.numKvHeads * model.headDim);
  value.resize(numKeys * model.numValueHeads * model.valueDim);
  for (std::vector<uint16_t> *tensor : {&query, &key, &value})
    fill(*tensor, fastNormal);
  // About the log-sum-exp of a few hundred keys, so that both sides count.
  constexpr float kMeanSink = 5, kSinkDeviation = 2;
  if (model.sink)
    for (int64_t head = 0; head < model.numHeads(); ++head)
      sink.push_back(roundTo(kMeanSink + kSinkDeviation * fastNormal(generator),
                             model.headType));
  queryScale =
      makeRowScales(model.queryScaleKind, kQueryScale, model.numHeads(), rows);
  outScale =
      makeRowScales(model.outScaleKind, kOutScale, model.numHeads(), rows);
  makeBlockTable();
  if (model.selects()) {
    entriesOfList = maxPages * model.pageTokens / model.selectedUnit();
    selected.resize(queryStart.back() * model.listsOfToken() * entriesOfList);
    for (size_t i = 0; i < selected.size(); ++i)
      selected[i] = static_cast<int32_t>(i % entriesOfList);
  }
  chooseScales();
  chooseZeroPoints();
  keyCache = AlignedBytes(numPages * model.keyPageBytes(), kUnwritten);
  if (model.split)
    valueCache = AlignedBytes(numPages * model.valuePageBytes(), kUnwritten);
  fp8attn_context_init(&context);
}

void Problem::fill(std::vector<uint16_t> &tensor,
                   const std::function<float(std::mt19937 &)> &value) {
  for (uint16_t &word : tensor)
    word = reference::encodeBf16(value(generator));
}

static bool isNone(const char *kind) { return std::strcmp(kind, "none") == 0; }

static ScaleShape scaleShape(const Problem &problem, const char *kind,
                             int64_t heads, int64_t channels) {
  return {&findScaleKind(isNone(kind) ? "tensor" : kind), problem.numPages,
          heads, problem.model.pageTokens, channels};
}
ScaleShape Problem::keyScaleShape() const {
  return scaleShape(*this, model.keyScaleKind, model.numKvHeads,
                    model.codedDim());
}
ScaleShape Problem::valueScaleShape() const {
  return scaleShape(*this, model.valueScaleKind, model.numValueHeads,
                    model.valueDim);
}

ScaleShape Problem::keyZeroShape() const {
  return scaleShape(*this, model.keyZeroKind, model.numKvHeads, model.headDim);
}
ScaleShape Problem::valueZeroShape() const {
  return scaleShape(*this, model.valueZeroKind, model.numValueHeads,
                    model.valueDim);
}

void Problem::chooseZeroPoints() {
  // A share of the codes saturates.
  constexpr uint32_t kMost = 40;
  const auto choose = [&](std::vector<int8_t> &points, const char *kind,
                          const ScaleShape &shape) {
    points.resize(isNone(kind) ? 0 : shape.count());
    for (int8_t &point : points)
      point = static_cast<int8_t>(generator() % (2 * kMost + 1) - kMost);
  };
  choose(keyZero, model.keyZeroKind, keyZeroShape());
  choose(valueZero, model.valueZeroKind, valueZeroShape());
}

/// Returns the scales of a [tokens, heads, channels] tensor.
std::vector<float> Problem::scalesOf(const std::vector<uint16_t> &tensor,
                                     fp8attn_type cache,
                                     const ScaleShape &shape,
                                     int64_t unscaled) const {
  if (cache == FP8ATTN_TYPE_BF16)
    return {};
  const float largest = reference::largestCode(cache);
  std::vector<float> scales(shape.count(),
                            shape.kind->byToken() ? NAN : 1 / largest);
  // Channels that have one scale are looked at together.
  const int64_t step = shape.kind->byChannel() ? 1 : shape.channels;
  auto next = tensor.begin();
  for (int64_t slot : slots)
    for (int64_t head = 0; head < shape.heads; ++head, next += unscaled)
      for (int64_t c = 0; c < shape.channels; c += step) {
        // fmax takes the number beside a NaN.
        float magnitude = 0;
        for (const auto end = next + step; next != end; ++next)
          magnitude =
              std::fmax(magnitude, std::fabs(reference::decodeBf16(*next)));
        float &scale = scales[shape.index(
            {slot / shape.pageTokens, head, slot % shape.pageTokens, c})];
        scale = std::fmax(std::fmax(scale, 1 / largest), magnitude / largest);
      }
  return scales;
}

void Problem::chooseScales() {
  keyScale = scalesOf(key, model.cache, keyScaleShape(), model.ropeDim);
  valueScale = scalesOf(value, model.valueCache, valueScaleShape(), 0);
  roundScales();
}

void Problem::setScales(float keys, float values) {
  for (auto [scales, number] :
       {std::pair(&keyScale, keys), std::pair(&valueScale, values)})
    for (float &scale : *scales)
      scale = std::isnan(scale) ? scale : number;
}

void Problem::roundScales() {
  const auto round = [](std::vector<float> &scales, const ScaleShape &shape) {
    for (float &scale : scales)
      if (shape.kind->type == FP8ATTN_TYPE_F8E8M0FNU && !std::isnan(scale))
        scale = std::exp2(std::ceil(std::log2(scale)));
  };
  round(keyScale, keyScaleShape());
  round(valueScale, valueScaleShape());
}

/// Describes scales; elements of another type are put into `typed`.
static fp8attn_tensor describe(const std::vector<float> &scales,
                               const ScaleShape &shape,
                               std::vector<uint8_t> &typed) {
  if (shape.kind->type == FP8ATTN_TYPE_F32)
    return shape.describe(scales.data());
  typed.resize(scales.size());
  for (size_t i = 0; i < scales.size(); ++i)
    reference::encodeElement(scales[i], &typed[i], shape.kind->type);
  return shape.describe(typed.data());
}

void Problem::makeBlockTable() {
  const auto pagesOf = [&](int64_t keys) {
    return (keys + model.pageTokens - 1) / model.pageTokens;
  };
  numPages = kSparePages;
  maxPages = 1;
  for (const Sequence &sequence : sequences) {
    numPages += pagesOf(sequence.keys);
    maxPages = std::max(maxPages, pagesOf(sequence.keys) + 1);
  }
  std::vector<int32_t> pages(numPages);
  std::iota(pages.begin(), pages.end(), 0);
  std::shuffle(pages.begin(), pages.end(), generator);

  blockTable.assign(sequences.size() * maxPages, -1);
  size_t used = 0;
  for (size_t i = 0; i < sequences.size(); ++i) {
    int32_t *row = blockTable.data() + i * maxPages;
    for (int64_t page = 0; page < pagesOf(sequences[i].keys); ++page)
      row[page] = pages[used++];
    for (int64_t token = 0; token < sequences[i].keys; ++token)
      slots.push_back(int64_t(row[token / model.pageTokens]) *
                          model.pageTokens +
                      token % model.pageTokens);
  }
}

fp8attn_tensor Problem::describeRowScale(std::vector<float> &scales,
                                         const char *kind) {
  const std::string by = kind;
  const int64_t tokens = queryStart.back(), heads = model.numHeads();
  if (by == "token_head")
    return fp8attn_tensor_make(scales.data(), FP8ATTN_TYPE_F32, 2, tokens,
                               heads, 0, 0);
  return fp8attn_tensor_make(scales.data(), FP8ATTN_TYPE_F32, by == "head",
                             heads, 0, 0, 0);
}

Arguments Problem::arguments() {
  const auto vector = [](auto &data, fp8attn_type type) {
    return fp8attn_tensor_make(data.data(), type, 1, data.size(), 0, 0, 0);
  };
  const auto heads = [&](const reference::HeadTensor &tensor,
                         int64_t numHeads) {
    return fp8attn_tensor_make(const_cast<void *>(tensor.data), tensor.type, 3,
                               tensor.tokens, numHeads, tensor.headStride, 0);
  };
  Arguments all = {};
  all.key = heads(keyTensor(), model.numKvHeads);
  all.value = heads(valueTensor(), model.numValueHeads);
  all.slots = vector(slots, FP8ATTN_TYPE_I64);
  all.keyScale = describe(keyScale, keyScaleShape(), typedKeyScale);
  all.valueScale = describe(valueScale, valueScaleShape(), typedValueScale);
  all.keyZeroPoint = keyZeroShape().describe(keyZero.data(), FP8ATTN_TYPE_I8);
  all.valueZeroPoint =
      valueZeroShape().describe(valueZero.data(), FP8ATTN_TYPE_I8);
  all.keyCache = {keyCache.data(), numPages, model.keyPageBytes()};
  all.valueCache = {valueCache.data(), numPages, model.valuePageBytes()};
  all.query = heads(queryTensor(), model.numHeads());
  all.queryStart = vector(queryStart, FP8ATTN_TYPE_I32);
  all.seqLens = vector(seqLens, FP8ATTN_TYPE_I32);
  all.blockTable =
      fp8attn_tensor_make(blockTable.data(), FP8ATTN_TYPE_I32, 2,
                          int64_t(sequences.size()), maxPages, 0, 0);
  typedSink = encodeElements(sink, model.headType);
  all.sink = fp8attn_tensor_make(typedSink.data(), model.headType, 1,
                                 int64_t(sink.size()), 0, 0, 0);
  all.out = fp8attn_tensor_make(out.data(), model.outType, 3, queryStart.back(),
                                model.numHeads(), model.valueDim, 0);
  all.lse = fp8attn_tensor_make(lse.data(), FP8ATTN_TYPE_F32, 2,
                                queryStart.back(), model.numHeads(), 0, 0);
  all.queryScale = describeRowScale(queryScale, model.queryScaleKind);
  all.outScale = describeRowScale(outScale, model.outScaleKind);
  all.selected =
      model.numLists > 0
          ? fp8attn_tensor_make(selected.data(), FP8ATTN_TYPE_I32, 3,
                                queryStart.back(), model.numLists,
                                entriesOfList, 0)
          : fp8attn_tensor_make(selected.data(), FP8ATTN_TYPE_I32, 2,
                                queryStart.back(), entriesOfList, 0, 0);
  return all;
}

void Problem::forget() {
  std::fill_n(keyCache.data(), keyCache.size(), kUnwritten);
  std::fill_n(valueCache.data(), valueCache.size(), kUnwritten);
  std::fill(out.begin(), out.end(), nanWord(model.outType));
  std::fill(lse.begin(), lse.end(), NAN);
}

void Problem::setWorkers(int32_t count) {
  pool.reset(fp8attn_pool_create(count));
  context.parallel_for = fp8attn_pool_parallel_for;
  context.pool = pool.get();
  context.num_workers = count;
}

fp8attn_status Problem::call(EntryPoint entry,
                             int64_t (*workspaceBytes)(int32_t),
                             const Arguments &arguments) {
  workspace = AlignedBytes(workspaceBytes(context.num_workers), kUnwritten);
  context.workspace = workspace.data();
  context.workspace_bytes = workspace.size();
  return entry(&context, arguments);
}

fp8attn_status Problem::write(const Arguments &arguments) {
  return call(model.write, model.writeWorkspaceBytes, arguments);
}

fp8attn_status Problem::attend(const Arguments &arguments) {
  return call(model.attend, model.attendWorkspaceBytes, arguments);
}
