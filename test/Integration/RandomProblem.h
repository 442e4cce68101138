//===- RandomProblem.h - a problem for every seed ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place where random batches, numbers, scales, masks and strides come
// from. A model of models.py takes part as soon as it is in the table: what a
// model can vary (types, heads, pages, windows, what modifies scores) is drawn
// by drawing the model.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_RANDOMPROBLEM_H
#define FP8ATTN_TEST_INTEGRATION_RANDOMPROBLEM_H

#include "PlacedTensor.h"
#include "RandomSelection.h"
#include "Scores.h"

#include <string>
#include <vector>

class Draw;

/// The problem of a seed: always the same one, small enough for the reference
/// to need some milliseconds.
class RandomProblem {
public:
  explicit RandomProblem(uint32_t seed);

  /// Forget all results and write the cache, then put NaN and infinity where
  /// the seed has them; attend to it. Tensors are at the places of the seed.
  fp8attn_status write();
  fp8attn_status attend();
  /// Returns the exact results for what is in the cache now.
  fp8attn::reference::AttentionResult expected() const {
    return problem.referenceAttend(scores.modifier());
  }
  /// Returns whether nothing but the elements of the results was written.
  bool gapsAreUntouched() const;
  /// Returns whether the bound of the whole holds: see docs/Numerics.md.
  bool roundsIndependently() const;
  /// Returns the model, the batch and what is special in one line.
  std::string describe() const;

  Problem problem;

private:
  /// An element of the cache that is written by hand.
  struct Special {
    bool isValue;
    int64_t page, head, token, channel;
    uint16_t code;
  };

  RandomProblem(Draw &draw, uint32_t seed);
  void drawSpecials(Draw &draw);
  void place(Draw &draw);
  Arguments arguments();

  MaskKind mask;
  Scores scores;
  std::vector<Special> specials;
  bool hasFlatTensor = false;
  Selection selection;
  /// The tensors that have strides of their own.
  std::vector<std::pair<fp8attn_tensor Arguments::*, PlacedTensor>> placed;
};

#endif // FP8ATTN_TEST_INTEGRATION_RANDOMPROBLEM_H
