//===- RandomDense.h - a dense problem for every seed -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As RandomProblem.h, for attention over dense tensors.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_RANDOMDENSE_H
#define FP8ATTN_TEST_INTEGRATION_RANDOMDENSE_H

#include "DenseProblem.h"
#include "Draw.h"

#include <string>

/// The problem of a seed: always the same one, small enough for the reference
/// to need some milliseconds.
class RandomDense {
public:
  explicit RandomDense(uint32_t seed);

  /// Returns whether the bound of the whole holds: see docs/Numerics.md.
  bool roundsIndependently() const { return !hasFlatTensor; }
  /// Returns the model, the sizes and what is special in one line.
  std::string describe() const;

private:
  Draw draw;

public:
  DenseProblem problem;

private:
  void drawNumbers();
  void drawMask();
  void drawSpecials();

  bool hasFlatTensor = false;
  int64_t numSpecials = 0;
};

#endif // FP8ATTN_TEST_INTEGRATION_RANDOMDENSE_H
