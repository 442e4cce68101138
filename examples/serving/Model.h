//===- Model.h - a decoder whose weights come from a seed -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small transformer that has what matters to an engine: grouped queries,
// rotary positions, layers that all call one compiled attention. Its text means
// nothing, and depends on every token before it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_MODEL_H
#define FP8ATTN_EXAMPLES_SERVING_MODEL_H

#include "WorkerPool.h"

#include <cstdint>
#include <vector>

namespace serving {

using Token = int32_t;

/// As in attention.mlir.
constexpr int kQueryHeads = 8, kKvHeads = 2, kHeadDim = 64, kPageTokens = 32;
constexpr int kQueryWidth = kQueryHeads * kHeadDim;
constexpr int kKvWidth = kKvHeads * kHeadDim;
/// Of the model alone.
constexpr int kWidth = 256, kHiddenWidth = 512, kVocabulary = 512;
constexpr int kMaxPositions = 8192;

/// A matrix of weights [inputs, outputs], in panels of kPanel outputs, so that
/// a product reads memory in order.
class Matrix {
public:
  static constexpr int kPanel = 16;

  /// Fills with numbers of mean 0 and of the given standard deviation.
  Matrix(int inputs, int outputs, float deviation, uint64_t seed);

  /// Sets out[r, o] = sum over i of in[r, i] * weight[i, o] for all rows. Each
  /// element is one chain of additions in the order of i, by the same
  /// instructions whatever the other rows are: a row's bits do not depend on
  /// who else is in the batch.
  void multiply(WorkerPool &pool, const float *in, int64_t rows,
                float *out) const;

  /// Multiplies the weights of outputs [begin, end) by a factor.
  void scale(int begin, int end, float factor);

  /// Copies the weights of an output, one for each input.
  void copyOutput(int output, float *weights) const;

private:
  void multiplyPanel(const float *in, int64_t rows, int panel,
                     float *out) const;
  int inputs, outputs;
  std::vector<float> weights;
};

struct Layer {
  Matrix query, key, value, output, gate, up, down;
  /// What one step of an FP8 code of a head means (docs/Numerics.md).
  float keyScale[kKvHeads], valueScale[kKvHeads];

  explicit Layer(uint64_t seed);
};

struct Model {
  std::vector<Layer> layers;
  /// Of the input and of the logits: [kWidth, kVocabulary].
  Matrix embedding;
  /// Cosine and sine by position and pair of channels: [kMaxPositions,
  /// kHeadDim / 2, 2].
  std::vector<float> rotations;

  Model(int numLayers, uint64_t seed);
};

/// Sets each of `rows` rows of kWidth to itself over its root mean square.
void normalizeRows(WorkerPool &pool, const float *in, int64_t rows, float *out);

/// Turns the heads of a row to its position and rounds them to bf16.
void rotateHeads(const Model &model, const float *in, int heads,
                 int32_t position, uint16_t *out);

/// These round to the nearest bf16, ties to even, and back.
uint16_t toBf16(float value);
float fromBf16(uint16_t word);

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_MODEL_H
