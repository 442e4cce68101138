//===- RandomSelection.h - random lists of keys -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lists of pages or tokens for the queries of a problem, and what must not
// count because no list has it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_RANDOMSELECTION_H
#define FP8ATTN_TEST_INTEGRATION_RANDOMSELECTION_H

#include "Problem.h"

#include <vector>

class Draw;

/// Which slots of the cache the lists show: [lists of a token][slots].
struct Selection {
  std::vector<std::vector<bool>> isSeen;

  /// Makes NaN of what no query of a head sees, where the element type has it,
  /// or a large number: scores and values would be others.
  void hideOthers(const Problem &problem) const;
};

/// Draws the lists of a problem whose model selects: in any order, with entries
/// twice, none, and behind what the query sees. Pages that nobody selects are
/// taken off the block table.
Selection drawSelection(Draw &draw, Problem &problem);

#endif // FP8ATTN_TEST_INTEGRATION_RANDOMSELECTION_H
