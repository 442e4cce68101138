//===- Model.cpp - a small decoder ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled without contraction (CMakeLists.txt): whether a product and a sum
// become one instruction must not differ between two copies of a loop.
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

using namespace serving;

/// A generator that needs no order: the random bits of a number (SplitMix64,
/// Steele, Lea and Flood, 2014).
static uint64_t hashBits(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// Returns about a normal number: the sum of four uniform ones of 16 bits,
/// whose standard deviation is 2^16 / sqrt(3).
static float hashNormal(uint64_t x) {
  const uint64_t bits = hashBits(x);
  float sum = -2 * 65535.0f;
  for (int i = 0; i < 4; ++i)
    sum += float(bits >> (16 * i) & 0xFFFF);
  return sum * (1.7320508f / 65536);
}

uint16_t serving::toBf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return uint16_t((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float serving::fromBf16(uint16_t word) {
  return std::bit_cast<float>(uint32_t(word) << 16);
}

Matrix::Matrix(int inputs, int outputs, float deviation, uint64_t seed)
    : inputs(inputs), outputs(outputs), weights(size_t(inputs) * outputs) {
  const uint64_t first = hashBits(seed);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = deviation * hashNormal(first + i);
}

Matrix::Matrix(int inputs, int outputs, const std::vector<float> &rows)
    : inputs(inputs), outputs(outputs), weights(rows.size()) {
  for (int output = 0; output < outputs; ++output)
    for (int i = 0; i < inputs; ++i)
      weights[(size_t(output / kPanel) * inputs + i) * kPanel +
              output % kPanel] = rows[size_t(output) * inputs + i];
}

void Matrix::scale(int begin, int end, float factor) {
  for (int output = begin; output < end; ++output)
    for (int i = 0; i < inputs; ++i)
      weights[(size_t(output / kPanel) * inputs + i) * kPanel +
              output % kPanel] *= factor;
}

void Matrix::copyOutput(int output, float *copy) const {
  for (int i = 0; i < inputs; ++i)
    copy[i] = weights[(size_t(output / kPanel) * inputs + i) * kPanel +
                      output % kPanel];
}

/// The outputs of a panel, as one vector: left to choose which loop becomes
/// vectors, a compiler may take that of the rows, and scatter the sums. Where
/// floats are is where it may be.
typedef float Panel __attribute__((vector_size(Matrix::kPanel * sizeof(float)),
                                   aligned(alignof(float)), may_alias));

void Matrix::multiplyPanel(const float *in, int64_t rows, int panel,
                           float *out) const {
  constexpr int kRows = 4; // whose sums fit the registers of AVX2
  const auto *panelWeights = reinterpret_cast<const Panel *>(
      &weights[size_t(panel) * inputs * kPanel]);
  for (int64_t row = 0; row < rows; row += kRows) {
    // Rows that are missing at the end are the last one again.
    const float *source[kRows];
    for (int r = 0; r < kRows; ++r)
      source[r] = in + std::min(row + r, rows - 1) * inputs;
    Panel sums[kRows] = {};
    for (int i = 0; i < inputs; ++i)
      for (int r = 0; r < kRows; ++r)
        sums[r] += source[r][i] * panelWeights[i];
    for (int r = 0; r < kRows && row + r < rows; ++r)
      std::memcpy(out + (row + r) * outputs + panel * kPanel, &sums[r],
                  sizeof(Panel));
  }
}

void Matrix::multiply(WorkerPool &pool, const float *in, int64_t rows,
                      float *out) const {
  pool.forEach(outputs / kPanel, [&](int64_t panel) {
    multiplyPanel(in, rows, int(panel), out);
  });
}

/// Deviation of weights that keep the mean square of their `inputs` inputs.
static float keepingDeviation(int inputs) {
  return 1 / std::sqrt(float(inputs));
}

Layer::Layer(uint64_t seed)
    : query(kWidth, kQueryWidth, keepingDeviation(kWidth), seed + 1),
      key(kWidth, kKvWidth, keepingDeviation(kWidth), seed + 2),
      value(kWidth, kKvWidth, keepingDeviation(kWidth), seed + 3),
      output(kQueryWidth, kWidth, keepingDeviation(kQueryWidth), seed + 4),
      gate(kWidth, kHiddenWidth, keepingDeviation(kWidth), seed + 5),
      up(kWidth, kHiddenWidth, keepingDeviation(kWidth), seed + 6),
      down(kHiddenWidth, kWidth, keepingDeviation(kHiddenWidth), seed + 7),
      attentionGain(kWidth, 1.0f), hiddenGain(kWidth, 1.0f) {
  // Heads differ in size, as in trained models. Inputs of a projection have a
  // mean square of 1, so an element's deviation is its head's gain: 8 of them
  // are hardly ever reached. Keys are large enough for attention to choose, or
  // its output would be a mean that hardly changes.
  constexpr float kDeviations = 8;
  for (int head = 0; head < kKvHeads; ++head) {
    const float keyGain = 3.0f + float(head), valueGain = 2.0f / (1 + head);
    key.scale(head * kHeadDim, (head + 1) * kHeadDim, keyGain);
    value.scale(head * kHeadDim, (head + 1) * kHeadDim, valueGain);
    keyMost[head] = kDeviations * keyGain;
    valueMost[head] = kDeviations * valueGain;
  }
}

static std::string nameOfLayer(int layer) {
  return "blocks." + std::to_string(layer);
}

static Matrix readLayer(const Checkpoint &file, int layer, const char *name,
                        int inputs, int outputs) {
  return {inputs, outputs,
          file.readMatrix(nameOfLayer(layer) + "." + name + ".weight", outputs,
                          inputs)};
}

Layer::Layer(const Checkpoint &file, int layer)
    : query(readLayer(file, layer, "wq", kWidth, kQueryWidth)),
      key(readLayer(file, layer, "wk", kWidth, kKvWidth)),
      value(readLayer(file, layer, "wv", kWidth, kKvWidth)),
      output(readLayer(file, layer, "wo", kQueryWidth, kWidth)),
      gate(readLayer(file, layer, "w1", kWidth, kHiddenWidth)),
      up(readLayer(file, layer, "w3", kWidth, kHiddenWidth)),
      down(readLayer(file, layer, "w2", kHiddenWidth, kWidth)),
      attentionGain(
          file.readVector(nameOfLayer(layer) + ".attn_norm.weight", kWidth)),
      hiddenGain(
          file.readVector(nameOfLayer(layer) + ".mlp_norm.weight", kWidth)) {
  std::fill_n(keyMost, kKvHeads, 1.0f);
  std::fill_n(valueMost, kKvHeads, 1.0f);
}

Model::Model(const Checkpoint &file)
    : embedding(kWidth, kVocabulary,
                file.readMatrix("embed.weight", kVocabulary, kWidth)),
      gain(file.readVector("norm.weight", kWidth)) {
  do
    layers.emplace_back(file, int(layers.size()));
  while (file.hasMatrix(nameOfLayer(int(layers.size())) + ".wq.weight"));
  computeRotations();
}

Model::Model(int numLayers, uint64_t seed)
    : embedding(kWidth, kVocabulary, 1, seed), gain(kWidth, 1.0f) {
  constexpr uint64_t kSeedsOfLayer = 100;
  for (int layer = 0; layer < numLayers; ++layer)
    layers.emplace_back(seed + kSeedsOfLayer * (layer + 1));
  computeRotations();
}

void Model::computeRotations() {
  constexpr double kBase = 10000; // of rotary positions (Su et al., 2021)
  rotations.resize(size_t(kMaxPositions) * kHeadDim);
  for (int position = 0; position < kMaxPositions; ++position)
    for (int pair = 0; pair < kHeadDim / 2; ++pair) {
      const double angle = position * std::pow(kBase, -2.0 * pair / kHeadDim);
      float *rotation = &rotations[size_t(position) * kHeadDim + 2 * pair];
      rotation[0] = float(std::cos(angle));
      rotation[1] = float(std::sin(angle));
    }
}

void serving::normalizeRows(WorkerPool &pool, const float *in, int64_t rows,
                            const std::vector<float> &gain, float *out) {
  constexpr float kEpsilon = 1e-5f;
  pool.forEach(rows, [&](int64_t row) {
    const float *source = in + row * kWidth;
    float squares = 0;
    for (int i = 0; i < kWidth; ++i)
      squares += source[i] * source[i];
    const float factor = 1 / std::sqrt(squares / kWidth + kEpsilon);
    for (int i = 0; i < kWidth; ++i)
      out[row * kWidth + i] = source[i] * factor * gain[i];
  });
}

void serving::rotateHeads(const Model &model, float *row, int heads,
                          int32_t position) {
  const float *rotation = &model.rotations[size_t(position) * kHeadDim];
  for (int head = 0; head < heads; ++head)
    for (int pair = 0; pair < kHeadDim / 2; ++pair) {
      const float cosine = rotation[2 * pair], sine = rotation[2 * pair + 1];
      const int i = head * kHeadDim + pair, j = i + kHeadDim / 2;
      const float first = row[i], second = row[j];
      row[i] = first * cosine - second * sine;
      row[j] = first * sine + second * cosine;
    }
}

void serving::addRows(const std::vector<float> &rows,
                      std::vector<float> &sums) {
  for (size_t i = 0; i < sums.size(); ++i)
    sums[i] += rows[i];
}

/// Sets gate to up * gate / (1 + exp(-gate)), element by element of all rows of
/// kHiddenWidth.
static void applyGate(WorkerPool &pool, const float *up, int64_t rows,
                      float *gate) {
  pool.forEach(rows, [&](int64_t row) {
    for (int64_t i = row * kHiddenWidth; i < (row + 1) * kHiddenWidth; ++i)
      gate[i] = up[i] * (gate[i] / (1 + std::exp(-gate[i])));
  });
}

void serving::applyHidden(WorkerPool &pool, const Layer &layer, int64_t rows,
                          HiddenBuffers &buffers, std::vector<float> &state) {
  auto &[normed, gate, up, added] = buffers;
  normed.resize(rows * kWidth);
  gate.resize(rows * kHiddenWidth);
  up.resize(rows * kHiddenWidth);
  added.resize(rows * kWidth);
  normalizeRows(pool, state.data(), rows, layer.hiddenGain, normed.data());
  layer.gate.multiply(pool, normed.data(), rows, gate.data());
  layer.up.multiply(pool, normed.data(), rows, up.data());
  applyGate(pool, up.data(), rows, gate.data());
  layer.down.multiply(pool, gate.data(), rows, added.data());
  addRows(added, state);
}
