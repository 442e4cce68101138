//===- Comparison.cpp - faster or slower than before ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Changes of a few percent are noise, or the place that the linker gave the
// code.
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir::fp8attn;

static constexpr double kAlike = 0.05;

static bool isSlower(const Comparison::Change &change) {
  return change.speed < 1 - kAlike;
}

static bool isFaster(const Comparison::Change &change) {
  return change.speed > 1 + kAlike;
}

int64_t Comparison::countSlower() const {
  return llvm::count_if(changes, isSlower);
}

void Comparison::print(llvm::raw_ostream &os) const {
  std::vector<Change> sorted = changes;
  llvm::sort(sorted, [](const Change &left, const Change &right) {
    return std::pair(left.speed, left.key) < std::pair(right.speed, right.key);
  });
  for (const Change &change : sorted)
    if (isSlower(change) || isFaster(change))
      os << llvm::formatv("{0:F2} times as fast: {1}\n", change.speed,
                          change.key);
  const int64_t slower = countSlower();
  const int64_t faster = llvm::count_if(changes, isFaster);
  os << llvm::formatv("{0} slower, {1} faster, {2} alike within 5 %, {3} not "
                      "compared\n",
                      slower, faster, changes.size() - slower - faster,
                      notCompared);
}

/// Returns how many times as fast; nothing if that cannot be told.
static std::optional<double> compare(const Result &result,
                                     const Result &other) {
  const std::optional<double> fraction = result.fraction(),
                              otherFraction = other.fraction();
  if (fraction && otherFraction && result.limit.name == other.limit.name)
    return *fraction / *otherFraction;
  const std::optional<double> seconds = result.medianSeconds(),
                              otherSeconds = other.medianSeconds();
  if (seconds && otherSeconds)
    return *otherSeconds / *seconds;
  return std::nullopt;
}

Comparison mlir::fp8attn::compareRuns(const Run &run, const Run &other) {
  llvm::StringMap<const Result *> others;
  for (const Result &result : other.results)
    others[result.key()] = &result;
  Comparison comparison;
  for (const Result &result : run.results) {
    const Result *before = others.lookup(result.key());
    std::optional<double> speed;
    if (before)
      speed = compare(result, *before);
    if (speed)
      comparison.changes.push_back({result.key(), *speed});
    else
      ++comparison.notCompared;
  }
  return comparison;
}

Comparison mlir::fp8attn::compareBuilds(const Run &run) {
  Comparison comparison;
  for (const Result &result : run.results)
    if (std::optional<double> ratio = result.againstRatio())
      comparison.changes.push_back({result.key(), *ratio});
    else
      ++comparison.notCompared;
  return comparison;
}
