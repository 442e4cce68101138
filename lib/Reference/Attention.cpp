//===- Attention.cpp - attention in double precision ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decodes the keys and values of one KV head of one sequence, then computes its
// rows in three plain loops: scores, softmax, weighted sum. Loops run over
// tokens (scores) and channels (sums) innermost, so that the compiler
// vectorises them without changing the order of any sum.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Attention.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace fp8attn::reference;

/// Means of e4m3 words are 2^-104 of the value, so that f32 counts them in
/// steps of 2^-149: half a step of 2^-45 is lost by the division by the
/// denominator, and less by products that are no normal numbers.
static constexpr double kFp8Underflow = 1.0 / (int64_t(1) << 45);
/// Where words are values, a probability below 2^-126 becomes 0, and so does a
/// product; the denominator is at least 1/2.
static constexpr double kWordUnderflow = 0x1p-125;

/// Relative errors of probabilities where products are of f32, in units of u32:
/// beside a score's D products in a chain, up to eight factors are multiplied;
/// of a modified one, the functions err by 1e-6, which is 17 units; and
/// exp2 by five, its argument by ln(2) 20 as that is rounded
/// (docs/Numerics.md), the rest is for factors of the value and the division. A
/// sink's exponential is of a difference of two rounded logarithms.
static constexpr double kScoreRoundings = 8, kModifiedRoundings = 17,
                        kProbRoundings = 24, kSinkRoundings = 4,
                        kLogRoundings = 128;

/// One KV head of one sequence, decoded and scaled.
struct DecodedRun {
  int64_t numKeys;
  /// Keys of the prefix, which are the first.
  int64_t numPrefix = 0;
  /// [channels of keys]: what the query is multiplied by before it is rounded,
  /// over `queryPower`; empty if nothing.
  std::vector<float> queryFactors;
  double queryPower = 1;
  /// The largest scale of the values, at least 1 if they differ.
  double valueScale = 0;
  /// [channels, numKeys]
  std::vector<double> keys;
  /// [numKeys, channels]
  std::vector<double> values;
  /// [numKeys]: the largest finite magnitude of a key's values.
  std::vector<double> largestValues;
};

/// Whether elements are multiplied by their scales one by one, because there
/// are bf16 channels behind the codes.
static bool isMixed(const AttentionCall &call) { return call.keys.ropeDim > 0; }

/// Returns an element, less its zero point, times its scale, rounded to bf16
/// before the outer one if every element has a scale of its own, or is treated
/// as if.
static double scaleElement(const AttentionCall &call, double element,
                           const Scales &scales, const ElementPlace &place) {
  element -= scales.zeroPointAt(place);
  const float scale = scales.innerAt(place);
  const double outer = scales.outerAt(place.head);
  const bool isRounded = isMixed(call) || (scales.byToken && scales.byChannel);
  if (!isRounded || call.keepElements)
    return element * scale * outer;
  return outer * decodeBf16(encodeBf16(static_cast<float>(element) * scale));
}

/// Takes the scales of the keys' channels into the query, without the power of
/// two above the largest.
static void scaleQuery(const AttentionCall &call, int64_t head,
                       DecodedRun &run) {
  float largest = 0;
  for (int64_t c = 0; c < call.keys.headDim; ++c) {
    run.queryFactors.push_back(call.keyScale.innerAt({0, head, 0, c}));
    largest = std::max(largest, run.queryFactors.back());
  }
  int exponent;
  std::frexp(largest, &exponent);
  run.queryPower = std::ldexp(1.0, exponent);
  for (float &factor : run.queryFactors)
    factor = std::ldexp(factor, -exponent);
}

/// Where the tokens of a sequence are.
struct TokenPages {
  const int32_t *prefix = nullptr;
  int64_t numPrefix = 0;
  const int32_t *own;

  /// Returns the entry of a token's page, and sets its place in that.
  int32_t find(int64_t token, int64_t pageTokens, int64_t &place) const {
    const bool isShared = token < numPrefix;
    const int64_t index = isShared ? token : token - numPrefix;
    place = index % pageTokens;
    return (isShared ? prefix : own)[index / pageTokens];
  }
};

static TokenPages findPages(const AttentionCall &call, int64_t sequence) {
  TokenPages pages;
  pages.own = call.blockTable + sequence * call.tableStride;
  const SharedPrefixes &shared = call.prefixes;
  for (int64_t group = 0; group < shared.numGroups; ++group)
    if (shared.groupStart[group] <= sequence &&
        sequence < shared.groupStart[group + 1]) {
      pages.prefix = shared.table + group * shared.tableStride;
      pages.numPrefix = shared.lens[group];
    }
  return pages;
}

/// Decodes what query head `queryHead` sees.
static DecodedRun decodeRun(const AttentionCall &call, int64_t sequence,
                            int64_t queryHead) {
  const int64_t head = queryHead / (call.numHeads / call.keys.heads);
  const int64_t valueHead = queryHead / (call.numHeads / call.values.heads);
  DecodedRun run;
  const bool intoQuery =
      call.keyScale.byChannel && !call.keyScale.byToken && !isMixed(call);
  if (intoQuery)
    scaleQuery(call, head, run);
  if (call.valueScale.byToken || call.valueScale.byChannel)
    run.valueScale = 1;
  const TokenPages pages = findPages(call, sequence);
  run.numPrefix = pages.numPrefix;
  run.numKeys = run.numPrefix + call.seqLens[sequence];
  run.keys.resize(call.keys.headDim * run.numKeys);
  run.values.resize(call.values.headDim * run.numKeys);
  run.largestValues.resize(run.numKeys);
  for (int64_t token = 0; token < run.numKeys; ++token) {
    int64_t place;
    const int64_t page = pages.find(token, call.keys.pageTokens, place);
    if (call.selected.entries && page < 0)
      continue;
    for (int64_t c = 0; c < call.keys.headDim; ++c) {
      const double key = call.keys.load(page, head, place, c);
      run.keys[c * run.numKeys + token] =
          c >= call.keys.codedDim() ? key
          : intoQuery
              ? (key - call.keyScale.zeroPointAt({page, head, place, c})) *
                    call.keyScale.outerAt(head)
              : scaleElement(call, key, call.keyScale, {page, head, place, c});
    }
    for (int64_t c = 0; c < call.values.headDim; ++c) {
      const ElementPlace element = {page, valueHead, place, c};
      const double value =
          scaleElement(call, call.values.load(page, valueHead, place, c),
                       call.valueScale, element);
      run.values[token * call.values.headDim + c] = value;
      if (std::isfinite(value))
        run.largestValues[token] =
            std::max(run.largestValues[token], std::abs(value));
      run.valueScale = std::max(
          run.valueScale, static_cast<double>(call.valueScale.at(element)));
    }
  }
  return run;
}

/// Keys [begin, end).
struct KeyRange {
  int64_t begin;
  int64_t end;
};

/// Returns the keys in the window of a query at `position`, found by looking at
/// each key.
static KeyRange visibleKeys(const AttentionCall &call, int64_t numKeys,
                            int64_t position) {
  const auto sees = [&](int64_t key) {
    return (!call.windowLeft || position - key <= *call.windowLeft) &&
           (!call.windowRight || key - position <= *call.windowRight);
  };
  KeyRange keys = {0, numKeys};
  while (keys.begin < keys.end && !sees(keys.begin))
    ++keys.begin;
  while (keys.begin < keys.end && !sees(keys.end - 1))
    --keys.end;
  return keys;
}

/// Scores of a row with the keys that it sees.
struct RowScores {
  std::vector<double> scores;
  /// What the magnitudes of their products come to, if products are of f32.
  std::vector<double> magnitudes;
};

static RowScores scoreRow(const AttentionCall &call, const DecodedRun &run,
                          int64_t token, int64_t head, KeyRange visible) {
  const int64_t numVisible = visible.end - visible.begin;
  RowScores row;
  std::vector<double> &scores = row.scores;
  scores.resize(numVisible);
  row.magnitudes.resize(call.f32Products ? numVisible : 0);
  for (int64_t c = 0; c < call.keys.headDim; ++c) {
    const float element = call.query.at(token, head, c);
    double q = call.keepQuery || call.f32Products
                   ? element
                   : decodeBf16(encodeBf16(element));
    if (!run.queryFactors.empty()) {
      const float product = static_cast<float>(q) * run.queryFactors[c];
      q = run.queryPower *
          (call.f32Products ? product : decodeBf16(encodeBf16(product)));
    }
    q *= call.softmaxScale;
    if (call.queryScale)
      q *= call.queryScale(token, head);
    const double *keys = run.keys.data() + c * run.numKeys + visible.begin;
    for (int64_t t = 0; t < numVisible; ++t)
      scores[t] += q * keys[t];
    if (call.f32Products)
      for (int64_t t = 0; t < numVisible; ++t)
        row.magnitudes[t] += std::abs(q * keys[t]);
  }
  return row;
}

/// Masks the scores of keys that a query has not in its list, of all from the
/// first on. Returns the number of those that are left.
static int64_t maskOthers(const SelectedKeys &selected, int64_t token,
                          int64_t list, std::vector<double> &scores) {
  const auto numKeys = static_cast<int64_t>(scores.size());
  std::vector<bool> isListed(numKeys);
  const int32_t *row =
      selected.entries + token * selected.stride + list * selected.listStride;
  for (int64_t i = 0; i < selected.numEntries; ++i)
    for (int64_t t = row[i] * selected.unit;
         row[i] >= 0 && t < std::min(numKeys, (row[i] + 1) * selected.unit);
         ++t)
      isListed[t] = true;
  for (int64_t t = 0; t < numKeys; ++t)
    if (!isListed[t])
      scores[t] = -std::numeric_limits<double>::infinity();
  return std::count(isListed.begin(), isListed.end(), true);
}

/// Turns scores into probabilities; returns the log-sum-exp, of which the sink
/// is a part.
static double softmax(std::vector<double> &scores, double sink) {
  double max = sink;
  bool anyNan = false;
  for (double score : scores) {
    max = std::max(max, score);
    anyNan |= std::isnan(score);
  }
  if (std::isinf(max) && max < 0 && !anyNan) {
    // No key, or all are masked; no sink.
    std::fill(scores.begin(), scores.end(), 0);
    return max;
  }
  double sum = std::exp(sink - max);
  for (double &score : scores) {
    score = std::exp(score - max);
    sum += score;
  }
  for (double &prob : scores)
    prob /= sum;
  return max + std::log(sum);
}

/// See AttentionResult::commonRounding.
static double commonRounding(const std::vector<double> &probs, bool hasSink) {
  double weight = 0, squares = 0;
  for (double prob : probs) {
    weight += prob;
    squares += prob * prob;
  }
  const double sink =
      hasSink && weight > 0 ? (1 - weight) * std::sqrt(squares) / weight : 0;
  return sink + (2 * squares > weight * weight);
}

/// Adds a key's values, times its probability, to the sums of a row: of the
/// terms, of their magnitudes, and of the squares of those that are finite.
/// Each channel has sums of its own, so that the order of none hinders vectors.
static void addTerms(double prob, const double *value, int64_t channels,
                     double *__restrict out, double *__restrict magnitude,
                     double *__restrict squares) {
  for (int64_t c = 0; c < channels; ++c) {
    const double term = prob * value[c], size = std::abs(term);
    out[c] += term;
    magnitude[c] += size;
    squares[c] +=
        size < std::numeric_limits<double>::infinity() ? term * term : 0.0;
  }
}

/// Adds up the errors of a row's probabilities where products are of f32. They
/// are of the keys from `firstKey` of the run on.
static void addProbErrors(const AttentionCall &call, const DecodedRun &run,
                          const std::vector<double> &probs,
                          const std::vector<double> &errors, int64_t firstKey,
                          int64_t row, AttentionResult &result) {
  const int64_t channels = call.values.headDim;
  double *sums = result.probErrors.data() + row * channels;
  double weight = 0, mean = 0;
  for (size_t t = 0; t < probs.size(); ++t) {
    if (probs[t] == 0)
      continue;
    const double error = probs[t] * errors[t];
    const double *value = run.values.data() + (firstKey + t) * channels;
    for (int64_t c = 0; c < channels; ++c)
      sums[c] += error * std::abs(value[c]);
    weight += probs[t];
    mean += error;
  }
  if (weight > 0)
    mean /= weight;
  // The share of a sink is a power of its distance to the keys.
  if (call.sink && weight > 0 && weight < 1)
    mean += kLogRoundings +
            kSinkRoundings * (std::abs(result.lse[row] + std::log(1 - weight)) +
                              std::abs(result.lse[row] + std::log(weight)));
  result.meanProbError[row] = mean;
  for (int64_t c = 0; c < channels; ++c)
    sums[c] += mean * result.magnitude[row * channels + c];
}

/// `place` is that of the first visible key.
static void attendRow(const AttentionCall &call, const DecodedRun &run,
                      ScorePlace place, KeyRange visible,
                      AttentionResult &result) {
  RowScores scored = scoreRow(call, run, place.token, place.head, visible);
  std::vector<double> &probs = scored.scores;
  for (double &error : scored.magnitudes)
    error = (call.keys.headDim + kScoreRoundings) * error + kProbRoundings;
  const int64_t numVisible = visible.end - visible.begin;
  if (call.modifyScore)
    for (int64_t t = 0; t < numVisible; ++t, ++place.key) {
      probs[t] = call.modifyScore(probs[t], place);
      if (call.f32Products && std::isfinite(probs[t]))
        scored.magnitudes[t] += kModifiedRoundings * std::abs(probs[t]);
    }
  const int64_t list = place.head / (call.numHeads / call.selected.numLists);
  const int64_t numSeen =
      call.selected.entries
          ? maskOthers(call.selected, place.token, list, probs)
          : numVisible;
  const double sink = call.sink ? call.sink[place.head]
                                : -std::numeric_limits<double>::infinity();
  const int64_t row = place.token * call.numHeads + place.head;
  result.lse[row] = softmax(probs, sink);
  result.numKeys[row] = numSeen;
  result.commonRounding[row] = commonRounding(probs, call.sink);
  const int64_t channels = call.values.headDim;
  double *out = result.out.data() + row * channels;
  double *magnitude = result.magnitude.data() + row * channels;
  std::vector<double> squares(channels);
  double largest = 1;
  for (int64_t t = 0; t < numVisible; ++t) {
    // A masked key counts for nothing, whatever its value is.
    if (probs[t] == 0)
      continue;
    const int64_t key = visible.begin + t;
    addTerms(probs[t], run.values.data() + key * channels, channels, out,
             magnitude, squares.data());
    largest = std::max(largest, run.largestValues[key]);
  }
  if (call.f32Products)
    addProbErrors(call, run, probs, scored.magnitudes, visible.begin, row,
                  result);
  result.spread[row] = std::accumulate(squares.begin(), squares.end(), 0.0);
  const fp8attn_type type = call.values.type;
  // Scales by token are in the probabilities, so that the words count.
  // Integers have one number more below 0 than they are quantised to.
  if (areWordsValues(type) && type != FP8ATTN_TYPE_BF16)
    largest = (largestCode(type) + 1) * run.valueScale;
  result.underflow[row] =
      areWordsValues(type)
          ? kWordUnderflow * static_cast<double>(numSeen) * largest
          : kFp8Underflow * run.valueScale;
}

AttentionResult fp8attn::reference::attend(const AttentionCall &call) {
  const int64_t rows = call.query.tokens * call.numHeads;
  AttentionResult result;
  result.out.resize(rows * call.values.headDim);
  result.magnitude.resize(rows * call.values.headDim);
  result.lse.resize(rows);
  result.numKeys.resize(rows);
  result.underflow.resize(rows);
  if (call.valueScale.byToken && !call.valueScale.byChannel && !isMixed(call))
    result.extraProbRoundings = 1;
  result.spread.resize(rows);
  result.f32Products = call.f32Products;
  if (call.f32Products) {
    result.meanProbError.resize(rows);
    result.probErrors.resize(result.out.size());
  }
  result.commonRounding.resize(rows);

  // Heads that share keys and values.
  const int64_t group =
      call.numHeads / std::lcm(call.keys.heads, call.values.heads);
  for (int64_t s = 0; s < call.numSeqs; ++s) {
    const int64_t begin = call.queryStart[s], end = call.queryStart[s + 1];
    for (int64_t firstHead = 0; firstHead < call.numHeads; firstHead += group) {
      const DecodedRun run = decodeRun(call, s, firstHead);
      for (int64_t token = begin; token < end; ++token) {
        const int64_t numOwn = run.numKeys - run.numPrefix;
        const int64_t offset = call.queryOffsets ? call.queryOffsets[s]
                               : call.topLeft    ? 0
                                                 : numOwn - (end - begin);
        const int64_t position = offset + (token - begin);
        KeyRange visible = visibleKeys(call, numOwn, position);
        if (run.numPrefix > 0)
          // No own key is none of any place.
          visible = {-run.numPrefix,
                     visible.begin < visible.end ? visible.end : 0};
        const int64_t first = visible.begin;
        visible = {first + run.numPrefix, visible.end + run.numPrefix};
        for (int64_t head = firstHead; head < firstHead + group; ++head)
          attendRow(call, run, {s, token, head, position, first}, visible,
                    result);
      }
    }
  }
  return result;
}
