//===- Problem.cpp - a batch, its cache and its results -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds batches, calls entry points and asks the reference.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"

#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>

namespace reference = fp8attn::reference;

/// A NaN in each of the cache's types: what was never written must not count.
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
             reference::encodeBf16(NAN));
  lse.resize(rows, NAN);
  key.resize(numKeys * model.numKvHeads * model.headDim);
  value.resize(numKeys * model.numKvHeads * model.valueDim);
  for (std::vector<uint16_t> *tensor : {&query, &key, &value})
    fill(*tensor, fastNormal);
  // About the log-sum-exp of a few hundred keys, so that both sides count.
  constexpr float kMeanSink = 5, kSinkDeviation = 2;
  if (model.sink)
    for (int64_t head = 0; head < model.numHeads(); ++head)
      sink.push_back(kMeanSink + kSinkDeviation * fastNormal(generator));
  makeBlockTable();
  chooseScales();
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
                             int64_t channels) {
  return {&findScaleKind(isNone(kind) ? "tensor" : kind), problem.numPages,
          problem.model.numKvHeads, problem.model.pageTokens, channels};
}
ScaleShape Problem::keyScaleShape() const {
  return scaleShape(*this, model.keyScaleKind, model.headDim);
}
ScaleShape Problem::valueScaleShape() const {
  return scaleShape(*this, model.valueScaleKind, model.valueDim);
}

/// Returns the scales of a [tokens, heads, channels] tensor.
std::vector<float> Problem::scalesOf(const std::vector<uint16_t> &tensor,
                                     fp8attn_type cache,
                                     const ScaleShape &shape) const {
  if (cache == FP8ATTN_TYPE_BF16)
    return {};
  const float largest = cache == FP8ATTN_TYPE_F8E4M3FN ? 448 : 57344;
  std::vector<float> scales(shape.count(),
                            shape.kind->byToken() ? NAN : 1 / largest);
  const bool byChannel = shape.kind->byChannel();
  auto next = tensor.begin();
  for (int64_t slot : slots)
    for (int64_t head = 0; head < shape.heads; ++head) {
      float *scale = nullptr;
      for (int64_t c = 0; c < shape.channels; ++c, ++next) {
        // Looked up once where all channels have the same.
        if (byChannel || c == 0)
          scale = &scales[shape.index(
              {slot / shape.pageTokens, head, slot % shape.pageTokens, c})];
        // fmax takes the number beside a NaN.
        *scale = std::fmax(std::fmax(*scale, 1 / largest),
                           std::fabs(reference::decodeBf16(*next)) / largest);
      }
    }
  return scales;
}

void Problem::chooseScales() {
  keyScale = scalesOf(key, model.cache, keyScaleShape());
  valueScale = scalesOf(value, model.valueCache, valueScaleShape());
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
  all.value = heads(valueTensor(), model.numKvHeads);
  all.slots = vector(slots, FP8ATTN_TYPE_I64);
  all.keyScale = describe(keyScale, keyScaleShape(), typedKeyScale);
  all.valueScale = describe(valueScale, valueScaleShape(), typedValueScale);
  all.keyCache = {keyCache.data(), numPages, model.keyPageBytes()};
  all.valueCache = {valueCache.data(), numPages, model.valuePageBytes()};
  all.query = heads(queryTensor(), model.numHeads());
  all.queryStart = vector(queryStart, FP8ATTN_TYPE_I32);
  all.seqLens = vector(seqLens, FP8ATTN_TYPE_I32);
  all.blockTable =
      fp8attn_tensor_make(blockTable.data(), FP8ATTN_TYPE_I32, 2,
                          int64_t(sequences.size()), maxPages, 0, 0);
  all.sink = vector(sink, FP8ATTN_TYPE_F32);
  all.out = fp8attn_tensor_make(out.data(), model.outType, 3, queryStart.back(),
                                model.numHeads(), model.valueDim, 0);
  all.lse = fp8attn_tensor_make(lse.data(), FP8ATTN_TYPE_F32, 2,
                                queryStart.back(), model.numHeads(), 0, 0);
  return all;
}

void Problem::forget() {
  std::fill_n(keyCache.data(), keyCache.size(), kUnwritten);
  std::fill_n(valueCache.data(), valueCache.size(), kUnwritten);
  std::fill(out.begin(), out.end(), reference::encodeBf16(NAN));
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

static reference::HeadTensor headTensor(const std::vector<uint16_t> &tensor,
                                        int64_t heads, int64_t channels) {
  return {tensor.data(), int64_t(tensor.size()) / (heads * channels),
          heads * channels, channels};
}

/// Returns `words` as elements of `type` in `memory`, with digits that bf16
/// does not have: up to half a place, so that rounding goes either way.
static reference::HeadTensor typedTensor(const std::vector<uint16_t> &words,
                                         int64_t heads, int64_t channels,
                                         fp8attn_type type,
                                         AlignedBytes &memory) {
  reference::HeadTensor tensor = headTensor(words, heads, channels);
  if (type == FP8ATTN_TYPE_BF16)
    return tensor;
  const int64_t size = reference::elementBytes(type);
  // Memory stays where it is while its size does.
  if (memory.size() != int64_t(words.size()) * size)
    memory = AlignedBytes(int64_t(words.size()) * size);
  for (size_t i = 0; i < words.size(); ++i) {
    const float digits = float(int(i * 37 % 255) - 127) * 0x1p-15f;
    reference::encodeElement(reference::decodeBf16(words[i]) * (1 + digits),
                             memory.data() + i * size, type);
  }
  tensor.data = memory.data();
  tensor.type = type;
  return tensor;
}

reference::HeadTensor Problem::keyTensor() {
  return typedTensor(key, model.numKvHeads, model.headDim, model.sourceType,
                     typedKey);
}

reference::HeadTensor Problem::valueTensor() {
  return typedTensor(value, model.numKvHeads, model.valueDim, model.sourceType,
                     typedValue);
}

reference::HeadTensor Problem::queryTensor() const {
  return typedTensor(query, model.numHeads(), model.headDim, model.queryType,
                     typedQuery);
}

/// Returns the cache of `problem` with elements of these types at `keys` and
/// `values`.
static reference::PairsCache pairsCache(const Model &model,
                                        fp8attn_type keyType,
                                        fp8attn_type valueType, uint8_t *keys,
                                        uint8_t *values) {
  using reference::Content;
  const auto part = [&](uint8_t *data, Content content, fp8attn_type type,
                        int64_t channels) {
    return reference::makePairsCache(data, content, type, model.numKvHeads,
                                     channels, model.pageTokens);
  };
  if (!model.split)
    return part(keys, Content::KeyValue, keyType, model.headDim);
  reference::PairsCache cache =
      part(keys, Content::Key, keyType, model.headDim);
  cache.values = part(values, Content::Value, valueType, model.valueDim).values;
  return cache;
}

reference::PairsCache Problem::referenceCache() const {
  return pairsCache(model, model.cache, model.valueCache, keyCache.data(),
                    valueCache.data());
}

static reference::AttentionResult
attendTo(const Problem &problem, reference::HeadTensor query, bool keepQuery,
         reference::PairsCache cache, reference::Scales keyScale,
         reference::Scales valueScale, Problem::ModifyScore modifyScore) {
  const Model &model = problem.model;
  reference::AttentionCall call;
  call.query = query;
  call.keepQuery = keepQuery;
  call.numHeads = model.numHeads();
  call.keys = std::move(cache.keys);
  call.values = std::move(cache.values);
  call.keyScale = std::move(keyScale);
  call.valueScale = std::move(valueScale);
  call.numSeqs = problem.sequences.size();
  call.queryStart = problem.queryStart.data();
  call.seqLens = problem.seqLens.data();
  call.blockTable = problem.blockTable.data();
  call.tableStride = problem.maxPages;
  call.softmaxScale = 1 / std::sqrt(double(model.headDim));
  call.windowLeft = model.windowLeft;
  call.windowRight = model.causal ? 0 : model.windowRight;
  call.topLeft = model.topLeft;
  call.sink = model.sink ? problem.sink.data() : nullptr;
  call.modifyScore = std::move(modifyScore);
  return reference::attend(call);
}

static reference::Scales referenceScales(const std::vector<float> &scales,
                                         const ScaleShape &shape) {
  return scales.empty() ? reference::Scales() : shape.reference(scales);
}

reference::AttentionResult
Problem::referenceAttend(ModifyScore modifyScore) const {
  return attendTo(*this, queryTensor(), false, referenceCache(),
                  referenceScales(keyScale, keyScaleShape()),
                  referenceScales(valueScale, valueScaleShape()),
                  std::move(modifyScore));
}

reference::AttentionResult Problem::unroundedAttend() const {
  return attendTo(*this, queryTensor(), true, referenceCache(),
                  referenceScales(keyScale, keyScaleShape()),
                  referenceScales(valueScale, valueScaleShape()), nullptr);
}

reference::AttentionResult Problem::unquantizedAttend() {
  // bf16 words, so that nothing is rounded; room for twice the FP8 bytes.
  AlignedBytes keys(2 * keyCache.size()), values(2 * valueCache.size());
  const reference::PairsCache cache = pairsCache(
      model, FP8ATTN_TYPE_BF16, FP8ATTN_TYPE_BF16, keys.data(), values.data());
  reference::writeCache(cache.keys,
                        headTensor(key, model.numKvHeads, model.headDim),
                        slots.data(), {});
  reference::writeCache(cache.values,
                        headTensor(value, model.numKvHeads, model.valueDim),
                        slots.data(), {});
  return attendTo(*this, queryTensor(), false, cache, {}, {}, nullptr);
}

bool Problem::sees(size_t sequence, int64_t query, int64_t key) const {
  const Sequence &tokens = sequences[sequence];
  const int64_t position =
      model.topLeft ? query : tokens.keys - tokens.queries + query;
  constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
  const int64_t right = model.causal ? 0 : model.windowRight.value_or(kAll);
  return position - key <= model.windowLeft.value_or(kAll) &&
         key - position <= right;
}

std::vector<double> Problem::outAsDouble() const {
  const int64_t words = reference::elementBytes(model.outType) / 2;
  std::vector<double> result(out.size() / words);
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = reference::decodeElement(out.data() + i * words, model.outType);
  return result;
}

testing::AssertionResult agrees(const Problem &problem,
                                const reference::AttentionResult &expected,
                                bool roundsIndependently) {
  const fp8attn_type outType = problem.model.outType;
  const reference::Comparison outs = reference::compare(
      problem.outAsDouble(), expected.out,
      reference::allowedOutError(expected, outType),
      roundsIndependently ? reference::allowedRelativeL2(expected, outType)
                          : std::numeric_limits<double>::infinity());
  if (!outs.passed)
    return testing::AssertionFailure()
           << problem.model.name << " out: " << outs.text;
  if (!problem.model.lse)
    return testing::AssertionSuccess();
  const reference::Comparison lses =
      reference::compare({problem.lse.begin(), problem.lse.end()}, expected.lse,
                         reference::allowedLseError(expected));
  if (!lses.passed)
    return testing::AssertionFailure()
           << problem.model.name << " lse: " << lses.text;
  return testing::AssertionSuccess();
}

testing::AssertionResult ranOn(const Problem &problem, fp8attn_status status,
                               fp8attn_isa isa) {
  if (status != FP8ATTN_OK)
    return testing::AssertionFailure()
           << fp8attn_status_string(status) << ": " << problem.context.message;
  if (problem.context.isa != isa)
    return testing::AssertionFailure()
           << "expected " << fp8attn_isa_string(isa) << ", ran on "
           << fp8attn_isa_string(fp8attn_isa(problem.context.isa)) << ": "
           << problem.context.message;
  return testing::AssertionSuccess();
}
