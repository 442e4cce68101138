//===- reference.cpp - attention in double precision ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The textbook formula, and the error bound that goes with it.
//
//===----------------------------------------------------------------------===//

#include "reference.h"

#include "golden.h"
#include "kernel_under_test.h"

#include <math.h>

namespace fp8attn::test {

Matrix<float> randomQuery(int64_t rows, int64_t columns, Random &random,
                          double deviation) {
  Matrix<float> matrix(rows, columns);
  for (float &element : matrix.elements)
    element = elementValue(
        queryType, nearestElement(queryType, deviation * normalNumber(random)));
  return matrix;
}

Matrix<float> scaled(const Matrix<float> &matrix, int exponent) {
  Matrix<float> scaled = matrix;
  for (float &element : scaled.elements)
    element = ldexpf(element, exponent);
  return scaled;
}

AttentionReference computeReference(const AttentionProblem &problem) {
  const CacheShape &shape = problem.cache.shape();
  const Matrix<float> &query = problem.query;
  AttentionReference reference{Matrix<double>(query.rows, shape.valueChannels),
                               Matrix<double>(query.rows, shape.valueChannels),
                               {},
                               queryType == "bf16" ? 3e-3 : 1e-5};
  for (int64_t row = 0; row < query.rows; ++row) {
    const size_t r = static_cast<size_t>(row);
    const int64_t begin = problem.rowBegin[r];
    const int64_t keys = problem.rowLimit[r] - begin;
    std::vector<double> scores(static_cast<size_t>(keys));
    double max = -INFINITY, delta = 0;
    for (int64_t key = 0; key < keys; ++key) {
      double score = 0, magnitude = 0;
      for (int64_t c = 0; c < shape.keyChannels; ++c) {
        const double product =
            query.at(row, c) * problem.cache.key(begin + key, c);
        score += product;
        magnitude += fabs(product);
      }
      scores[static_cast<size_t>(key)] = score * problem.rowScale[r];
      max = fmax(max, scores[static_cast<size_t>(key)]);
      delta = fmax(delta, static_cast<double>(shape.keyChannels + 2) * kEpsF32 *
                              magnitude * problem.rowScale[r]);
    }
    double sum = 0;
    for (double &score : scores)
      sum += score = exp2(score - max);
    reference.logSum.push_back(keys ? max + log2(sum) : -INFINITY);
    const double relative = 2 * (probEpsilon(queryType) + M_LN2 * delta) +
                            static_cast<double>(keys) * kEpsF32;
    for (int64_t c = 0; c < shape.valueChannels; ++c) {
      double out = 0, magnitude = 0;
      for (int64_t key = 0; key < keys; ++key) {
        const double weighted = scores[static_cast<size_t>(key)] / sum *
                                problem.cache.value(begin + key, c);
        out += weighted;
        magnitude += fabs(weighted);
      }
      reference.out.at(row, c) = out;
      reference.tolerance.at(row, c) = relative * magnitude;
    }
  }
  return reference;
}

testing::AssertionResult matches(const AttentionReference &reference,
                                 const Matrix<double> &out) {
  // The bound is on a mean of errors: that of a few elements says little.
  constexpr size_t kEnoughElements = 16;
  double error = 0, norm = 0;
  for (int64_t row = 0; row < out.rows; ++row)
    for (int64_t c = 0; c < out.columns; ++c) {
      const double expected = reference.out.at(row, c);
      const double difference = out.at(row, c) - expected;
      if (!(fabs(difference) <= reference.tolerance.at(row, c)))
        return testing::AssertionFailure()
               << "row " << row << " channel " << c << ": " << out.at(row, c)
               << " instead of " << expected << " +- "
               << reference.tolerance.at(row, c);
      error += difference * difference;
      norm += expected * expected;
    }
  if (out.elements.size() >= kEnoughElements &&
      error > reference.relativeL2 * reference.relativeL2 * norm)
    return testing::AssertionFailure()
           << "relative L2 error " << sqrt(error / norm);
  return testing::AssertionSuccess();
}

} // namespace fp8attn::test
