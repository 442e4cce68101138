//===- ExactModel.cpp - the model without a cache's rounding --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExactModel.h"

#include <algorithm>
#include <cmath>

using namespace serving;

/// Returns the sum of products of two heads, in kPartial sums that fill
/// registers.
static float dot(const float *a, const float *b) {
  constexpr int kPartial = 8;
  float sums[kPartial] = {};
  for (int i = 0; i < kHeadDim; i += kPartial)
    for (int j = 0; j < kPartial; ++j)
      sums[j] += a[i + j] * b[i + j];
  float sum = 0;
  for (float part : sums)
    sum += part;
  return sum;
}

void ExactModel::attend(int layer, const std::vector<float> &query,
                        int32_t first, std::vector<float> &out) {
  const float *const key = keys[layer].data(), *const value =
                                                   values[layer].data();
  pool.forEach(int64_t(query.size()) / kHeadDim, [&](int64_t index) {
    const int64_t numKeys = first + index / kQueryHeads + 1;
    const int64_t kvHead = index % kQueryHeads * kKvHeads / kQueryHeads;
    const float *source = &query[index * kHeadDim];
    std::vector<float> probs(numKeys);
    for (int64_t k = 0; k < numKeys; ++k)
      probs[k] = dot(source, &key[k * kKvWidth + kvHead * kHeadDim]) /
                 std::sqrt(float(kHeadDim));
    const float most = *std::max_element(probs.begin(), probs.end());
    float *target = &out[index * kHeadDim];
    std::fill_n(target, kHeadDim, 0.0f);
    double sum = 0;
    for (int64_t k = 0; k < numKeys; ++k) {
      probs[k] = std::exp(probs[k] - most);
      sum += probs[k];
      for (int i = 0; i < kHeadDim; ++i)
        target[i] += probs[k] * value[k * kKvWidth + kvHead * kHeadDim + i];
    }
    for (int i = 0; i < kHeadDim; ++i)
      target[i] /= float(sum);
  });
}

std::vector<float> ExactModel::append(std::span<const Token> tokens) {
  const auto rows = int64_t(tokens.size());
  const auto first = int32_t(keys[0].size() / kKvWidth);
  const auto make = [&](int width) {
    return std::vector<float>(size_t(rows) * width);
  };
  std::vector<float> state = make(kWidth), normed = make(kWidth),
                     added = make(kWidth), query = make(kQueryWidth),
                     out = make(kQueryWidth), kv = make(kKvWidth);
  HiddenBuffers buffers;
  for (int64_t row = 0; row < rows; ++row)
    model.embedding.copyOutput(tokens[row], &state[row * kWidth]);
  for (size_t index = 0; index < model.layers.size(); ++index) {
    const Layer &layer = model.layers[index];
    normalizeRows(pool, state.data(), rows, layer.attentionGain, normed.data());
    layer.query.multiply(pool, normed.data(), rows, query.data());
    layer.key.multiply(pool, normed.data(), rows, kv.data());
    for (int64_t row = 0; row < rows; ++row) {
      const int32_t position = first + int32_t(row);
      rotateHeads(model, &query[row * kQueryWidth], kQueryHeads, position);
      rotateHeads(model, &kv[row * kKvWidth], kKvHeads, position);
    }
    keys[index].insert(keys[index].end(), kv.begin(), kv.end());
    layer.value.multiply(pool, normed.data(), rows, kv.data());
    values[index].insert(values[index].end(), kv.begin(), kv.end());
    attend(int(index), query, first, out);
    layer.output.multiply(pool, out.data(), rows, added.data());
    addRows(added, state);
    applyHidden(pool, layer, rows, buffers, state);
  }
  normalizeRows(pool, state.data(), rows, model.gain, normed.data());
  std::vector<float> logits = make(kVocabulary);
  model.embedding.multiply(pool, normed.data(), rows, logits.data());
  return logits;
}
