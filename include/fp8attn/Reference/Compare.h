//===- Compare.h - judges results against the reference ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compares a result with what was expected, element by element and as a whole.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_COMPARE_H
#define FP8ATTN_REFERENCE_COMPARE_H

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace fp8attn::reference {

/// The verdict on a result.
struct Comparison {
  bool passed = true;
  /// ||actual - expected|| / ||expected|| over the finite elements; 0 if both
  /// are 0.
  double relativeL2 = 0;
  /// The element with the largest ratio of error to allowed error, -1 if there
  /// are no elements; an element that is NaN or infinite where it should not
  /// be, or the reverse, comes first.
  int64_t worstIndex = -1;
  double worstActual = 0;
  double worstExpected = 0;
  double worstAllowed = 0;
  /// |actual - expected| / allowed of that element: above 1 it fails.
  double worstRatio = 0;
  /// One line that says all this.
  std::string text;
};

/// Compares elements: an error of up to `allowed` is accepted (0: exactly
/// equal; NaN equals NaN), and a relative L2 error of up to `allowedRelativeL2`
/// of the whole. All vectors are of one size.
Comparison
compare(const std::vector<double> &actual, const std::vector<double> &expected,
        const std::vector<double> &allowed,
        double allowedRelativeL2 = std::numeric_limits<double>::infinity());

/// Compares bytes, such as FP8 codes in a cache: all must be equal.
Comparison compareBytes(const uint8_t *actual, const uint8_t *expected,
                        int64_t size);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_COMPARE_H
