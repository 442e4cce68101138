//===- reference.h - attention in double precision ------------ -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a block of rows should come to, and how far a kernel may be off.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_REFERENCE_H
#define FP8ATTN_TEST_REFERENCE_H

#include "paged_cache.h"

#include <gtest/gtest.h>
#include <initializer_list>

namespace fp8attn::test {

/// Half a unit in the last place of 1, of f32.
constexpr double kEpsF32 = 0x1p-24;

/// Below this, f32 sums may be flushed to zero (VDPBF16PS and TDPBF16PS are
/// not IEEE 754 there).
constexpr double kSmallestNormal = 0x1p-126;

/// Relative error of a probability of a type before it is rounded: for bf16,
/// vector kernels use a cubic for exp2, whose error is 8e-5.
inline double exp2Epsilon(std::string_view products) {
  return products == "bf16" ? 1e-4 : 3e-7;
}

/// The same with the rounding.
inline double probEpsilon(std::string_view products) {
  return exp2Epsilon(products) + elementEpsilon(products);
}

/// Returns a list's n-th value, beginning again at its end: sizes that take
/// turns in a sweep.
inline int64_t takeTurns(std::initializer_list<int64_t> values, size_t n) {
  return values.begin()[n % values.size()];
}

/// Returns a matrix of normally distributed numbers of the type of queries.
Matrix<float> randomQuery(int64_t rows, int64_t columns, Random &random,
                          double deviation = 1);

/// Returns a copy with each element multiplied by 2^exponent.
Matrix<float> scaled(const Matrix<float> &matrix, int exponent);

/// Attention of a block of rows over a cache.
struct AttentionProblem {
  const PagedCache &cache;
  /// Query rows, of the type of queries, before any power of two.
  Matrix<float> query;
  /// Multiplies scores, log2(e) included.
  std::vector<float> rowScale;
  /// The keys that each row sees: from rowBegin to before rowLimit.
  std::vector<int32_t> rowBegin, rowLimit;
};

/// What attention of a row is, and the error allowed for each element.
struct AttentionReference {
  Matrix<double> out;
  Matrix<double> tolerance;
  /// log2 of the sum of 2^score; -inf for an empty row.
  std::vector<double> logSum;
  /// The relative L2 error allowed for all of them.
  double relativeL2;
};

/// Computes the reference. The tolerance of an element is
///   2 (eps + eps_exp2 + ln(2) delta) sum(p |v|) + n eps_f32 sum(p |v|)
/// where eps and eps_exp2 are of the type of queries and probabilities, p sums
/// to 1, n is the number of keys, delta the error of a score in f32, and 2
/// comes from numerator and denominator.
AttentionReference computeReference(const AttentionProblem &problem);

/// Checks each element against its tolerance, and all of them, unless they are
/// but a few, against the relative L2 error: 3e-3, or 1e-5 of products of f32.
testing::AssertionResult matches(const AttentionReference &reference,
                                 const Matrix<double> &out);

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_REFERENCE_H
