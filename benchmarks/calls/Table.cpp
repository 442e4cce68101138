//===- Table.cpp - results as lines of text -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A result without a steady sample shows its best time, and no rate: what it
// would be on a quiet machine is not known.
//
//===----------------------------------------------------------------------===//

#include "Table.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir::fp8attn;

static constexpr double kGiga = 1e9;

static std::string formatSeconds(double seconds) {
  constexpr double kNano = 1e-9, kMicro = 1e-6, kMilli = 1e-3, kMost = 1e4;
  std::string text;
  llvm::raw_string_ostream os(text);
  if (seconds < kMost * kNano)
    os << llvm::format("%.0f ns", seconds / kNano);
  else if (seconds < kMost * kMicro)
    os << llvm::format("%.1f us", seconds / kMicro);
  else
    os << llvm::format("%.2f ms", seconds / kMilli);
  return text;
}

void mlir::fp8attn::printTableHead(llvm::raw_ostream &os, const Run &run) {
  os << run.machine << "\n"
     << run.date << ", load " << llvm::format("%.1f", run.loadBefore) << "\n\n";
  os << llvm::formatv("{0,-14} {1,-5} {2,-11} {3,7} {4,-22} {5,11} {6,11} "
                      "{7,14} {8,6}  {9}\n",
                      "model", "cache", "ISA", "threads", "call", "median",
                      "best", "rate", "steady", "of the limit");
}

/// Returns e.g. "12.3 GB/s".
static std::string formatRate(const Result &result, double seconds) {
  const bool isMemory = result.limit.unit == "B";
  if (result.limit.amount == 0)
    return "";
  return llvm::formatv("{0:F1} {1}", result.limit.amount / seconds / kGiga,
                       isMemory ? "GB/s" : "GFLOP/s");
}

static std::string formatFraction(const Result &result) {
  const std::optional<double> fraction = result.fraction();
  if (!fraction)
    return "";
  std::vector<double> limits;
  for (const Sample &sample : result.samples)
    if (sample.steady)
      limits.push_back(sample.limit());
  std::string text = llvm::formatv("{0:F2} of {1:F1} ({2})", *fraction,
                                   medianOf(limits) / kGiga, result.limit.name);
  if (result.limit.name == kPageReads)
    text += llvm::formatv(", {0:F2} of {1:F1} (of four at once)",
                          result.limit.amount / *result.medianSeconds() /
                              result.interleavedBytes,
                          result.interleavedBytes / kGiga);
  return text;
}

void mlir::fp8attn::printTableRow(llvm::raw_ostream &os, const Result &result) {
  const std::optional<double> median = result.medianSeconds();
  os << llvm::formatv(
      "{0,-14} {1,-5} {2,-11} {3,7} {4,-22} {5,11} {6,11} {7,14} {8,6}  {9}\n",
      result.model, result.format, result.isa,
      llvm::formatv("{0}/{1}", result.threads, result.cores).str(), result.call,
      median ? formatSeconds(*median) : "-",
      formatSeconds(result.bestSeconds()),
      median ? formatRate(result, *median) : "-",
      llvm::formatv("{0}/{1}", result.countSteady(), result.samples.size())
          .str(),
      formatFraction(result));
}

void mlir::fp8attn::printTableNotes(llvm::raw_ostream &os) {
  os << "threads: threads/cores that they have. steady: samples within which "
        "the limit moved by 3 % at most / all;\nmedian, best and rates are of "
        "steady samples (best of all, if none is).\n";
}

void mlir::fp8attn::printTable(llvm::raw_ostream &os, const Run &run) {
  printTableHead(os, run);
  for (const Result &result : run.results)
    printTableRow(os, result);
  printTableNotes(os);
}
