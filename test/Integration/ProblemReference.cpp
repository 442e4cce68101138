//===- ProblemReference.cpp - what the results of a problem must be -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Asks the reference, and compares with it what a call has written.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"

#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"

#include <cmath>
#include <limits>

namespace reference = fp8attn::reference;

static reference::HeadTensor headTensor(const std::vector<uint16_t> &tensor,
                                        int64_t heads, int64_t channels) {
  return {tensor.data(), int64_t(tensor.size()) / (heads * channels),
          heads * channels, channels};
}

/// Returns `words` as elements of `type` in `memory`, with digits that bf16
/// does not have: up to half a place, so that rounding goes either way. Codes
/// are of quotients by the scale of the row's token and head.
static reference::HeadTensor
typedTensor(const std::vector<uint16_t> &words, int64_t heads, int64_t channels,
            fp8attn_type type, AlignedBytes &memory,
            const std::function<float(int64_t, int64_t)> &scaleOf = nullptr) {
  reference::HeadTensor tensor = headTensor(words, heads, channels);
  if (type == FP8ATTN_TYPE_BF16)
    return tensor;
  const int64_t size = reference::elementBytes(type);
  // Memory stays where it is while its size does.
  if (memory.size() != int64_t(words.size()) * size)
    memory = AlignedBytes(int64_t(words.size()) * size);
  for (size_t i = 0; i < words.size(); ++i) {
    const float digits = float(int(i * 37 % 255) - 127) * 0x1p-15f;
    const float value = reference::decodeBf16(words[i]) * (1 + digits);
    const int64_t row = int64_t(i) / channels;
    const float scale = size == 1 ? scaleOf(row / heads, row % heads) : 1;
    reference::encodeElement(value / scale, memory.data() + i * size, type);
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
  return typedTensor(value, model.numValueHeads, model.valueDim,
                     model.sourceType, typedValue);
}

reference::HeadTensor Problem::queryTensor() const {
  return typedTensor(query, model.numHeads(), model.headDim, model.queryType,
                     typedQuery, [this](int64_t token, int64_t head) {
                       return rowScale(queryScale, model.queryScaleKind, token,
                                       head);
                     });
}

std::vector<double> Problem::outScales() const {
  std::vector<double> scales;
  for (int64_t token = 0; token < queryStart.back(); ++token)
    for (int64_t head = 0; head < model.numHeads(); ++head)
      scales.push_back(rowScale(outScale, model.outScaleKind, token, head));
  return scales;
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
    const int64_t heads =
        content == Content::Value ? model.numValueHeads : model.numKvHeads;
    return reference::makePairsCache(data, content, type, heads, channels,
                                     model.pageTokens);
  };
  if (model.ropeDim > 0)
    return reference::makeMixedCache(keys, keyType, model.headDim,
                                     model.valueDim, model.ropeDim,
                                     model.pageTokens);
  if (!model.split && !model.latent)
    return part(keys, Content::KeyValue, keyType, model.headDim);
  reference::PairsCache cache =
      part(keys, Content::Key, keyType, model.headDim);
  cache.values =
      model.latent
          ? reference::firstChannels(cache.keys, model.valueDim)
          : part(values, Content::Value, valueType, model.valueDim).values;
  return cache;
}

reference::PairsCache Problem::referenceCache() const {
  return pairsCache(model, model.cache, model.valueCache, keyCache.data(),
                    valueCache.data());
}

static reference::AttentionResult
attendTo(const Problem &problem, reference::HeadTensor query,
         decltype(reference::AttentionCall::queryScale) queryScale,
         bool keepQuery, reference::PairsCache cache,
         reference::Scales keyScale, reference::Scales valueScale,
         Problem::ModifyScore modifyScore) {
  const Model &model = problem.model;
  reference::AttentionCall call;
  call.query = query;
  call.keepQuery = keepQuery;
  call.f32Products = model.f32Products;
  call.queryScale = std::move(queryScale);
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
  if (model.selects())
    call.selected = {problem.selected.data(),
                     problem.entriesOfList,
                     problem.entriesOfList * model.listsOfToken(),
                     model.selectedUnit(),
                     model.listsOfToken(),
                     problem.entriesOfList};
  call.softmaxScale = 1 / std::sqrt(double(model.headDim));
  call.windowLeft = model.windowLeft;
  call.windowRight = model.causal ? 0 : model.windowRight;
  call.topLeft = model.topLeft;
  call.sink = model.sink ? problem.sink.data() : nullptr;
  call.modifyScore = std::move(modifyScore);
  reference::AttentionResult result = reference::attend(call);
  return problem.outScale.empty()
             ? result
             : reference::overScales(std::move(result), model.outType,
                                     problem.outScales());
}

static reference::Scales referenceScales(const std::vector<float> &scales,
                                         const ScaleShape &shape,
                                         const std::vector<int8_t> &zeroPoints,
                                         const ScaleShape &zeroShape) {
  if (scales.empty())
    return {};
  reference::Scales described = shape.reference(scales);
  described.zeroPoints = zeroPoints;
  described.zeroIndex = [zeroShape](const auto &place) {
    return zeroShape.index(place);
  };
  return described;
}

reference::Scales Problem::keyScales() const {
  return referenceScales(keyScale, keyScaleShape(), keyZero, keyZeroShape());
}

reference::Scales Problem::valueScales() const {
  return model.latent ? keyScales()
                      : referenceScales(valueScale, valueScaleShape(),
                                        valueZero, valueZeroShape());
}

std::function<double(int64_t, int64_t)> Problem::queryScales() const {
  if (queryScale.empty())
    return nullptr;
  return [this](int64_t token, int64_t head) {
    return rowScale(queryScale, model.queryScaleKind, token, head);
  };
}

reference::AttentionResult
Problem::referenceAttend(ModifyScore modifyScore) const {
  return attendTo(*this, queryTensor(), queryScales(), false, referenceCache(),
                  keyScales(), valueScales(), std::move(modifyScore));
}

reference::AttentionResult Problem::unroundedAttend() const {
  return attendTo(*this, queryTensor(), queryScales(), true, referenceCache(),
                  keyScales(), valueScales(), nullptr);
}

reference::AttentionResult Problem::unquantizedAttend() {
  // bf16 words, so that nothing is rounded: of codes of 4 bits, four times as
  // many bytes.
  constexpr int64_t kMost = 4;
  AlignedBytes keys(kMost * keyCache.size()), values(kMost * valueCache.size());
  const reference::PairsCache cache = pairsCache(
      model, FP8ATTN_TYPE_BF16, FP8ATTN_TYPE_BF16, keys.data(), values.data());
  reference::writeCache(cache.keys,
                        headTensor(key, model.numKvHeads, model.headDim),
                        slots.data(), {});
  if (!model.latent)
    reference::writeCache(
        cache.values, headTensor(value, model.numValueHeads, model.valueDim),
        slots.data(), {});
  return attendTo(*this, queryTensor(), queryScales(), false, cache, {}, {},
                  nullptr);
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
  const int64_t size = reference::elementBytes(model.outType);
  const auto *elements = reinterpret_cast<const uint8_t *>(out.data());
  std::vector<double> result(out.size() * sizeof(uint16_t) / size);
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = reference::decodeElement(elements + i * size, model.outType);
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
