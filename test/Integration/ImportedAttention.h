//===- ImportedAttention.h - tests of imported attention --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For tests that call attention of front ends on each ISA: numbers to call it
// with, and a row of attention by its formula. No operation of this project is
// asked what it means.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_IMPORTEDATTENTION_H
#define FP8ATTN_TEST_INTEGRATION_IMPORTEDATTENTION_H

#include "DirectCall.h"

#include <cmath>
#include <limits>

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Softmax of scores, times values: keys are added one by one.
class FormulaRow {
public:
  explicit FormulaRow(int64_t channels) : sums(channels) {}

  /// Adds a key with its modified score, and its value.
  void add(double score, const float *value) {
    const double weight = std::exp(score);
    total += weight;
    for (size_t c = 0; c < sums.size(); ++c)
      sums[c] += weight * value[c];
  }
  /// Adds a logit that has no value.
  void addSink(double logit) { total += std::exp(logit); }

  /// Returns <query, key>.
  double multiply(const float *query, const float *key) const {
    double product = 0;
    for (size_t c = 0; c < sums.size(); ++c)
      product += double(query[c]) * key[c];
    return product;
  }

  /// Compares a row of a result.
  void expectOut(const float *out) const {
    for (size_t c = 0; c < sums.size(); ++c)
      ASSERT_NEAR(out[c], total == 0 ? 0 : sums[c] / total, kTolerance)
          << "channel " << c;
  }
  /// Compares its log-sum-exp.
  void expectLse(float lse) const {
    if (total == 0)
      ASSERT_EQ(lse, -kInfinity);
    else
      ASSERT_NEAR(lse, std::log(total), kTolerance);
  }

private:
  // Values are at most 1, of which a probability in bf16 loses 2^-9 at most.
  static constexpr double kTolerance = 1.0 / 256;

  std::vector<double> sums;
  double total = 0;
};

class ImportedAttention : public IsaCallTest {
protected:
  /// Numbers that bf16 has, so that nothing but probabilities is rounded.
  Floats makeFloats(std::vector<int64_t> sizes) {
    Floats tensor(FP8ATTN_TYPE_F32, std::move(sizes));
    for (float &number : tensor.elements)
      number = std::uniform_int_distribution<int>(-128, 128)(random) / 128.0f;
    return tensor;
  }
};

#endif // FP8ATTN_TEST_INTEGRATION_IMPORTEDATTENTION_H
