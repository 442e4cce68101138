//===- DenseProblem.h - dense tensors and their results ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random inputs of an entry point of dense attention, with NaN in every gap
// between rows, and what the reference makes of them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_DENSEPROBLEM_H
#define FP8ATTN_TEST_INTEGRATION_DENSEPROBLEM_H

#include "DenseModel.h"
#include "Problem.h"

#include "fp8attn/Reference/DenseAttention.h"

#include <functional>
#include <random>
#include <vector>

/// Sizes of a dense batch.
struct DenseShape {
  int64_t batch;
  int64_t queries;
  int64_t keys;
  /// [B, S, H, D] in memory, not [B, H, S, D].
  bool tokensFirst = false;
  /// Keys at the end that have no column of the mask.
  int64_t hiddenKeys = 0;
};

/// A tensor in memory of its own. Every byte that is no element is 0xFF.
class StridedTensor {
public:
  StridedTensor() = default;
  /// Sizes of up to four dimensions; `tokensFirst` exchanges the places of
  /// dimensions 1 and 2. Each dimension but the last has a gap behind it.
  StridedTensor(fp8attn_type type, std::vector<int64_t> sizes,
                bool tokensFirst = false);

  /// Makes all elements, too, 0xFF.
  void clear();

  fp8attn_tensor describe() const;
  int64_t numElements() const;
  /// Returns the address of element `index` in row-major order of the sizes.
  uint8_t *element(int64_t index) const;
  /// Replaces the elements in that order; FP8 of the KV heads in dimension 1 is
  /// quantised by `scales`.
  void fill(const std::function<float()> &value,
            const std::vector<float> &scales = {});
  /// The same with a scale for each row, which is 1 if it is not FP8.
  void fillRows(const std::function<float()> &value,
                const std::function<float(int64_t row)> &scaleOf);
  fp8attn::reference::DenseTensor reference() const;
  /// Returns all elements as doubles, in row-major order of the sizes.
  std::vector<double> values() const;
  /// Returns the elements' bytes in that order.
  std::vector<uint8_t> bits() const;
  /// Returns whether every byte that is no element is still 0xFF.
  bool gapsAreIntact() const;

private:
  fp8attn_type type = FP8ATTN_TYPE_F32;
  std::vector<int64_t> sizes, strides;
  AlignedBytes bytes{0};
};

class DenseProblem {
public:
  /// Queries, keys, values and additive masks are standard normal; scales map
  /// the largest magnitude to about the largest finite code.
  DenseProblem(const DenseModel &model, DenseShape shape, uint32_t seed = 1);

  const DenseModel &model;
  const DenseShape shape;
  StridedTensor query, keys, values, out, lse, mask;
  std::vector<float> keyScale, valueScale;
  /// Of an FP8 query and output, as the model's kinds say.
  std::vector<float> queryScale, outScale;
  /// Numbers that the model's type of them has; what entry points take is
  /// encoded by `arguments`.
  std::vector<float> sink, alibi;
  std::vector<int32_t> documents;
  /// One for each batch entry, whether the model takes them or not.
  std::vector<int32_t> keyLens, queryOffsets;
  /// What the calls use; `isa_cap` and `message` are of interest.
  fp8attn_context context;

  /// Replaces the elements of the query.
  void fillQuery(const std::function<float()> &value);
  /// Returns the scales of all rows of the query or of the output, in
  /// row-major order; none if it is not FP8.
  std::vector<double> rowScales(const std::vector<float> &scales) const;
  /// Returns a result of the reference as what the model's `out` stands for.
  fp8attn::reference::AttentionResult
  inOut(fp8attn::reference::AttentionResult result) const;

  DenseArguments arguments() const;
  /// Calls the entry point with what `arguments` says.
  fp8attn_status attend(const DenseArguments &arguments);
  fp8attn_status attend() { return attend(arguments()); }

  /// Runs on this many workers from now on; 1 at first.
  void setWorkers(int32_t count);

  /// Makes the results NaN, as they were at first.
  void forget();

  /// Returns the columns of the mask.
  int64_t columns() const { return shape.keys - shape.hiddenKeys; }

  /// Returns the keys of a batch entry, and the position of its first query.
  int64_t keysOf(int64_t entry) const;
  int64_t firstPosition(int64_t entry) const;
  /// Returns whether a query of a batch entry has a key in its window.
  bool sees(int64_t entry, int64_t query, int64_t key) const;

  /// Returns the call as the reference takes it; a test may change it.
  fp8attn::reference::DenseCall referenceCall() const;

private:
  mutable std::vector<uint8_t> typedSink, typedAlibi;
  std::unique_ptr<fp8attn_pool, void (*)(fp8attn_pool *)> pool{
      nullptr, fp8attn_pool_destroy};
};

/// Returns whether `out` and `lse` are within the bounds of the numerics
/// contract, with the worst element, and nothing was written beside them.
/// The bound of the whole is left out on demand, as in Problem.h.
testing::AssertionResult
agrees(const DenseProblem &problem,
       const fp8attn::reference::AttentionResult &expected,
       bool roundsIndependently = true);

#endif // FP8ATTN_TEST_INTEGRATION_DENSEPROBLEM_H
