//===- Report.h - what fp8attn-run says -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The result of a run, as text for people or JSON for programs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_REPORT_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_REPORT_H

#include "Batch.h"
#include "Measurement.h"
#include "ReferenceRun.h"

#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace mlir::fp8attn {

/// What a run found out.
struct Report {
  std::string entry;
  std::string isa;
  /// Why no better ISA was used, or empty.
  std::string isaReason;
  int32_t workers;
  uint64_t seed;
  int64_t numSeqs;
  int64_t numTokens;
  /// Elements of the keys that are attended to: "e4m3", "f16"; empty if there
  /// are none.
  std::string format;
  /// A line on each operation.
  std::vector<std::string> operations;
  std::vector<Check> checks;
  Work work;
  std::optional<Measurement> measurement;

  bool passed() const;
  void printText(llvm::raw_ostream &os) const;
  void printJson(llvm::raw_ostream &os) const;
  /// Returns the measurement as an SVG. There must be operations in it.
  std::string drawRoofline() const;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_REPORT_H
