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

/// Half a unit in the last place of 1, of f32 and bf16.
constexpr double kEpsF32 = 0x1p-24;
constexpr double kEpsBf16 = 0x1p-8;

/// Below this, f32 sums may be flushed to zero (VDPBF16PS and TDPBF16PS are
/// not IEEE 754 there).
constexpr double kSmallestNormal = 0x1p-126;

/// Relative error of a probability before it is rounded to bf16: vector kernels
/// use a cubic for exp2, whose error is 8e-5.
constexpr double kEpsExp2 = 1e-4;

/// Returns a list's n-th value, beginning again at its end: sizes that take
/// turns in a sweep.
inline int64_t takeTurns(std::initializer_list<int64_t> values, size_t n) {
  return values.begin()[n % values.size()];
}

/// Returns a matrix of bf16 codes of normally distributed numbers.
Matrix<uint16_t> randomBf16(int64_t rows, int64_t columns, Random &random,
                            double deviation = 1);

/// Returns a copy with each element multiplied by 2^exponent, which must be
/// exact.
Matrix<uint16_t> scaledBf16(const Matrix<uint16_t> &matrix, int exponent);

/// Attention of a block of rows over a cache.
struct AttentionProblem {
  const PagedCache &cache;
  /// Query rows, bf16, before any power of two.
  Matrix<uint16_t> query;
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
};

/// Computes the reference. The tolerance of an element is
///   2 (eps_bf16 + eps_exp2 + ln(2) delta) sum(p |v|) + n eps_f32 sum(p |v|)
/// where p sums to 1, n is the number of keys, delta the error of a score in
/// f32, and 2 comes from numerator and denominator.
AttentionReference computeReference(const AttentionProblem &problem);

/// Checks each element against its tolerance, and all of them, unless they are
/// but a few, against a relative L2 error of 3e-3.
testing::AssertionResult matches(const AttentionReference &reference,
                                 const Matrix<double> &out);

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_REFERENCE_H
