//===- Report.cpp - what fp8attn-run says ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prints reports. Both forms have the same content.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "Roofline.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool Report::passed() const {
  return llvm::all_of(
      checks, [](const Check &check) { return check.comparison.passed; });
}

static constexpr double kGiga = 1e9;

static std::string count(int64_t number, const char *what) {
  return llvm::formatv("{0} {1}{2}", number, what, number == 1 ? "" : "s");
}

void Report::printText(llvm::raw_ostream &os) const {
  os << entry << ": ran on " << isa << ", " << count(workers, "worker") << ", "
     << count(numSeqs, "sequence") << ", " << count(numTokens, "query token")
     << ", seed " << seed << "\n";
  if (!isaReason.empty())
    os << "no better ISA: " << isaReason << "\n";
  for (const std::string &operation : operations)
    os << "computed " << operation << "\n";
  for (const Check &check : checks)
    os << "check of " << check.argument << " " << check.comparison.text << "\n";
  if (!measurement)
    return;
  const Measurement &m = *measurement;
  os << llvm::format("time: median %.3f us, best %.3f us\n",
                     m.medianSeconds * 1e6, m.bestSeconds * 1e6);
  if (work.flops > 0) {
    const double flops = work.flops / m.medianSeconds;
    os << llvm::format("compute: %.2f GFLOP/s", flops / kGiga);
    if (m.peakFlops > 0)
      os << llvm::format(", %.3f of the register peak of %.1f",
                         flops / m.peakFlops, m.peakFlops / kGiga);
    os << "\n";
  }
  os << llvm::format("memory: %.2f GB/s, %.3f of a plain read at %.2f\n",
                     work.bytes / m.medianSeconds / kGiga,
                     m.readSeconds / m.medianSeconds,
                     work.bytes / m.readSeconds / kGiga);
}

static llvm::json::Object toJson(const Check &check) {
  const reference::Comparison &c = check.comparison;
  // JSON has no infinity: errors that have no number are left out.
  llvm::json::Object object{{"argument", check.argument},
                            {"passed", c.passed},
                            {"relative_l2", c.relativeL2},
                            {"worst_index", c.worstIndex},
                            {"text", c.text}};
  if (std::isfinite(c.worstRatio))
    object["worst_ratio"] = c.worstRatio;
  return object;
}

void Report::printJson(llvm::raw_ostream &os) const {
  llvm::json::Object object{
      {"entry", entry},      {"isa", isa},        {"isa_reason", isaReason},
      {"workers", workers},  {"seed", seed},      {"seqs", numSeqs},
      {"tokens", numTokens}, {"passed", passed()}};
  object["operations"] = llvm::json::Array(operations);
  llvm::json::Array list;
  for (const Check &check : checks)
    list.push_back(toJson(check));
  object["checks"] = std::move(list);
  if (measurement)
    object["time"] =
        llvm::json::Object{{"median_seconds", measurement->medianSeconds},
                           {"best_seconds", measurement->bestSeconds},
                           {"flops", work.flops},
                           {"bytes", work.bytes},
                           {"read_seconds", measurement->readSeconds},
                           {"peak_flops_per_second", measurement->peakFlops}};
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(object))) << "\n";
}

std::string Report::drawRoofline() const {
  const Measurement &m = *measurement;
  RooflinePanel panel;
  panel.title = isa + ", " + count(workers, "worker");
  panel.peakFlops = m.peakFlops;
  panel.readBytes = work.bytes / m.readSeconds;
  const std::string fraction = llvm::formatv(
      "{0:F2} of multiplications, {1:F2} of reads",
      m.peakFlops > 0 ? work.flops / m.medianSeconds / m.peakFlops : 0,
      m.readSeconds / m.medianSeconds);
  panel.points.push_back(
      {entry, fraction, format, work.flops, work.bytes, m.medianSeconds});
  return drawRooflines(llvm::formatv("{0}: {1}, {2}; {3}", entry,
                                     count(numSeqs, "sequence"),
                                     count(numTokens, "query token"),
                                     llvm::sys::getHostCPUName()),
                       {panel});
}
