//===- Compare.cpp - judges results against the reference -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds the worst element and the relative L2 error, and puts them into words.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Compare.h"

#include <cmath>
#include <cstdio>

using namespace fp8attn::reference;

/// Returns the error in units of the allowed one: infinite where none is
/// allowed, or where one is not a number that the other should be.
static double errorRatio(double actual, double expected, double allowed) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return 0;
  if (!std::isfinite(actual) || !std::isfinite(expected) || allowed == 0)
    return std::numeric_limits<double>::infinity();
  return std::abs(actual - expected) / allowed;
}

static std::string describe(const Comparison &comparison,
                            double allowedRelativeL2) {
  if (comparison.worstIndex < 0)
    return "passed: no elements";
  const double error =
      comparison.worstRatio == 0
          ? 0 // Not the difference: of two infinities it is NaN.
          : std::abs(comparison.worstActual - comparison.worstExpected);
  char text[256];
  std::snprintf(
      text, sizeof(text),
      "%s: relative L2 error %.3g%s, worst element %lld: got %.6g, expected "
      "%.6g, error %.3g of %.3g allowed",
      comparison.passed ? "passed" : "failed", comparison.relativeL2,
      comparison.relativeL2 > allowedRelativeL2 ? " (too large)" : "",
      static_cast<long long>(comparison.worstIndex), comparison.worstActual,
      comparison.worstExpected, error, comparison.worstAllowed);
  return text;
}

Comparison fp8attn::reference::compare(const std::vector<double> &actual,
                                       const std::vector<double> &expected,
                                       const std::vector<double> &allowed,
                                       double allowedRelativeL2) {
  Comparison result;
  double errorSquares = 0, squares = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double ratio = errorRatio(actual[i], expected[i], allowed[i]);
    if (result.worstIndex < 0 || ratio > result.worstRatio) {
      result.worstIndex = i;
      result.worstActual = actual[i];
      result.worstExpected = expected[i];
      result.worstAllowed = allowed[i];
      result.worstRatio = ratio;
    }
    if (std::isfinite(actual[i]) && std::isfinite(expected[i])) {
      errorSquares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      squares += expected[i] * expected[i];
    }
  }
  if (errorSquares > 0)
    result.relativeL2 = std::sqrt(errorSquares / squares);
  result.passed =
      result.worstRatio <= 1 && result.relativeL2 <= allowedRelativeL2;
  result.text = describe(result, allowedRelativeL2);
  return result;
}

Comparison fp8attn::reference::compareBytes(const uint8_t *actual,
                                            const uint8_t *expected,
                                            int64_t size) {
  Comparison result;
  int64_t numDifferent = 0;
  for (int64_t i = 0; i < size; ++i) {
    if (actual[i] == expected[i])
      continue;
    if (numDifferent++ == 0) {
      result.worstIndex = i;
      result.worstActual = actual[i];
      result.worstExpected = expected[i];
      result.worstRatio = std::numeric_limits<double>::infinity();
    }
  }
  result.passed = numDifferent == 0;
  char text[160];
  if (result.passed)
    std::snprintf(text, sizeof(text), "passed: all %lld bytes are equal",
                  static_cast<long long>(size));
  else
    std::snprintf(text, sizeof(text),
                  "failed: %lld of %lld bytes differ, first byte %lld: got "
                  "0x%02X, expected 0x%02X",
                  static_cast<long long>(numDifferent),
                  static_cast<long long>(size),
                  static_cast<long long>(result.worstIndex),
                  actual[result.worstIndex], expected[result.worstIndex]);
  result.text = text;
  return result;
}
