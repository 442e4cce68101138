//===- Rotation.cpp - norms and rotary embedding --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element by element. Each operation is rounded to f32: the build allows no
// fused products here.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Rotation.h"

#include <cmath>

using namespace fp8attn::reference;

/// Sums that a row's squares are added to, in turn.
static constexpr int64_t kSums = 16;

static void normalise(const Rotation &rotation, float *row) {
  const auto channels = static_cast<int64_t>(rotation.norm.size());
  float sums[kSums] = {};
  for (int64_t c = 0; c < channels; ++c)
    sums[c % kSums] += row[c] * row[c];
  for (int64_t half = kSums / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      sums[i] += sums[half + i];
  const float mean = sums[0] / static_cast<float>(channels);
  const float factor = 1 / std::sqrt(mean + rotation.eps);
  for (int64_t c = 0; c < channels; ++c)
    row[c] = row[c] * factor * rotation.norm[c];
}

void fp8attn::reference::rotateRow(const Rotation &rotation, int64_t token,
                                   float *row) {
  if (!rotation.norm.empty())
    normalise(rotation, row);
  row += rotation.firstRotated;
  for (int64_t j = 0; j < rotation.columns; ++j) {
    const int64_t entry = rotation.positions[token] * rotation.columns + j;
    const float cos = rotation.cos[entry], sin = rotation.sin[entry];
    const int64_t a = rotation.interleaved ? 2 * j : j;
    const int64_t b = rotation.interleaved ? 2 * j + 1 : j + rotation.columns;
    const float first = row[a], second = row[b];
    row[a] = first * cos - second * sin;
    row[b] = second * cos + first * sin;
  }
}

std::vector<float> fp8attn::reference::rotate(const Rotation &rotation,
                                              const HeadTensor &source,
                                              int64_t heads, int64_t channels) {
  std::vector<float> rows(source.tokens * heads * channels);
  for (int64_t token = 0; token < source.tokens; ++token)
    for (int64_t head = 0; head < heads; ++head) {
      float *row = rows.data() + (token * heads + head) * channels;
      for (int64_t c = 0; c < channels; ++c)
        row[c] = source.at(token, head, c);
      rotateRow(rotation, token, row);
    }
  return rows;
}

HeadTensor fp8attn::reference::asHeadTensor(const std::vector<float> &rows,
                                            int64_t tokens, int64_t heads,
                                            int64_t channels) {
  return {rows.data(), tokens, heads * channels, channels, FP8ATTN_TYPE_F32};
}
