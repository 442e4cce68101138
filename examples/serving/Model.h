//===- Model.h - a small decoder --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small transformer of the Llama form over bytes: grouped queries, rotary
// positions, layers that all call one compiled attention. Its weights come from
// a file; or from a seed, and then its text means nothing, and depends on every
// token before it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_MODEL_H
#define FP8ATTN_EXAMPLES_SERVING_MODEL_H

#include "Checkpoint.h"
#include "WorkerPool.h"

#include <cstdint>
#include <vector>

namespace serving {

using Token = int32_t;

/// As in attention.mlir.
constexpr int kQueryHeads = 8, kKvHeads = 2, kHeadDim = 64, kPageTokens = 32;
constexpr int kQueryWidth = kQueryHeads * kHeadDim;
constexpr int kKvWidth = kKvHeads * kHeadDim;
constexpr int kWindow = 128;
/// Of the model alone.
constexpr int kWidth = 256, kHiddenWidth = 704, kVocabulary = 256;
constexpr int kMaxPositions = 8192;

/// A matrix of weights [inputs, outputs], in panels of kPanel outputs, so that
/// a product reads memory in order.
class Matrix {
public:
  static constexpr int kPanel = 16;

  /// Fills with numbers of mean 0 and of the given standard deviation.
  Matrix(int inputs, int outputs, float deviation, uint64_t seed);

  /// Takes weights [outputs, inputs] in row-major order, as files have them.
  Matrix(int inputs, int outputs, const std::vector<float> &rows);

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
  /// What normalised rows are multiplied by, by channel, before attention and
  /// before the gate.
  std::vector<float> attentionGain, hiddenGain;
  /// The largest magnitude that an element of a head is expected to have.
  float keyMost[kKvHeads], valueMost[kKvHeads];

  explicit Layer(uint64_t seed);
  /// Reads the layer of a number from a file. keyMost and valueMost are 1 until
  /// calibrate (Calibration.h) sets them.
  Layer(const Checkpoint &file, int layer);
};

struct Model {
  std::vector<Layer> layers;
  /// Of the input and of the logits: [kWidth, kVocabulary].
  Matrix embedding;
  /// As those of layers, before the logits.
  std::vector<float> gain;
  /// Cosine and sine by position and pair of channels: [kMaxPositions,
  /// kHeadDim / 2, 2].
  std::vector<float> rotations;
  /// Whether a token sees only itself and the kWindow tokens before it.
  bool isWindowed = false;

  Model(int numLayers, uint64_t seed);
  /// Reads all layers of a file, under the names that README.md lists. Throws
  /// std::runtime_error with the name of what is not as expected.
  explicit Model(const Checkpoint &file);

private:
  void computeRotations();
};

/// Sets each of `rows` rows of kWidth to itself over its root mean square,
/// times the gain of each channel.
void normalizeRows(WorkerPool &pool, const float *in, int64_t rows,
                   const std::vector<float> &gain, float *out);

/// Turns the heads of a row to its position.
void rotateHeads(const Model &model, float *row, int heads, int32_t position);

/// Adds rows to others, element by element.
void addRows(const std::vector<float> &rows, std::vector<float> &sums);

/// What applyHidden works in, of as many rows as there were at most.
struct HiddenBuffers {
  std::vector<float> normed, gate, up, added;
};

/// Adds to `state`, `rows` rows of kWidth, what the part of a layer behind its
/// attention makes of them.
void applyHidden(WorkerPool &pool, const Layer &layer, int64_t rows,
                 HiddenBuffers &buffers, std::vector<float> &state);

/// These round to the nearest bf16, ties to even, and back.
uint16_t toBf16(float value);
float fromBf16(uint16_t word);

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_MODEL_H
