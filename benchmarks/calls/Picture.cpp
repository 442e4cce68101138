//===- Picture.cpp - results as a picture ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Roofs are medians over the results below them.
//
//===----------------------------------------------------------------------===//

#include "Picture.h"

#include "Roofline.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>

using namespace mlir::fp8attn;

static bool isDrawn(const Result &result) {
  return result.flops > 0 && result.bytes > 0 && result.medianSeconds();
}

static double medianOver(llvm::ArrayRef<const Result *> results,
                         double Result::*member) {
  std::vector<double> values;
  for (const Result *result : results)
    values.push_back(result->*member);
  return medianOf(std::move(values));
}

static RooflinePoint makePoint(const Result &result) {
  return {
      llvm::formatv("{0} {1} {2}", result.model, result.format, result.call),
      llvm::formatv("{0:F2} of {1}", result.fraction().value_or(0),
                    result.limit.name),
      result.format,
      result.flops,
      result.bytes,
      *result.medianSeconds()};
}

/// Makes the panel of results of one ISA and number of threads.
static RooflinePanel makePanel(llvm::ArrayRef<const Result *> results) {
  const Result &first = *results.front();
  RooflinePanel panel;
  panel.title = llvm::formatv("{0}, {1} thread{2} on {3} core{4}", first.isa,
                              first.threads, first.threads == 1 ? "" : "s",
                              first.cores, first.cores == 1 ? "" : "s");
  panel.peakFlops = medianOver(results, &Result::peakFlops);
  panel.readBytes = medianOver(results, &Result::readBytes);
  panel.interleavedBytes = medianOver(results, &Result::interleavedBytes);
  for (const Result *result : results)
    panel.points.push_back(makePoint(*result));
  return panel;
}

std::string mlir::fp8attn::drawRun(const Run &run) {
  std::map<std::pair<std::string, int64_t>, std::vector<const Result *>> groups;
  for (const Result &result : run.results)
    if (isDrawn(result))
      groups[{result.isa, result.threads}].push_back(&result);
  std::vector<RooflinePanel> panels;
  for (const auto &[key, results] : groups)
    panels.push_back(makePanel(results));
  return drawRooflines(run.machine + "; " + run.date, panels);
}
