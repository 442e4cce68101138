//===- step_ahead.h - the cache lines of the next step ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What prefill fetches while many rows compute: a step is decoded at once, and
// would wait for its lines. The products of the step before it fetch them on
// the way (panel_dot.h), a line now and then: as many at once as are between
// two blocks of products would wait for the core's few places for lines under
// way.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_STEP_AHEAD_H
#define FP8ATTN_X86_VECTOR_STEP_AHEAD_H

#include "x86_vector/prefetch.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The lines of a step of a run, in the order in which they are decoded.
class StepAhead {
public:
  /// Of the step at `key`, none if the run ends before, and none yet.
  StepAhead(const fp8attn_key_run &run, int64_t key)
      : run(run), key(key), order(run, key) {}

  /// Call when it is time to fetch, once or more often.
  void begin() {
    // Rows of tokens are gathered one by one, where they are.
    if (key < run.num_keys && !hasRows(run))
      numGranules =
          order.numberOf(key + stepKeys(key, run.num_keys), StepPart::kKeys);
  }

  /// Returns up to `most` lines that follow each other, to be fetched next.
  LinesAhead take(int64_t most) {
    while (bytesLeft == 0)
      if (!nextHalf())
        return {nullptr, nullptr};
    const int64_t bytes = bytesLeft < most * kLine ? bytesLeft : most * kLine;
    const LinesAhead lines = {line, line + bytes};
    line += bytes;
    bytesLeft -= bytes;
    return lines;
  }

private:
  static constexpr int64_t kLine = 64;

  /// Turns to the next half of a granule. Returns whether there is one.
  [[gnu::noinline]] bool nextHalf() {
    if (number == numGranules)
      return false;
    const GranuleOrder::Granule granule = order.at(number);
    line = isLate ? granule.data.late : granule.data.early;
    bytesLeft = granule.bytes / 2;
    number += isLate;
    isLate = !isLate;
    return true;
  }

  const fp8attn_key_run &run;
  const int64_t key;
  const GranuleOrder order;
  int64_t numGranules = 0;
  /// The granule whose half is next.
  int64_t number = 0;
  bool isLate = false;
  /// What is left of the half before it.
  const uint8_t *line = nullptr;
  int64_t bytesLeft = 0;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_STEP_AHEAD_H
