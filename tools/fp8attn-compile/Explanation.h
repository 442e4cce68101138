//===- Explanation.h - which kernels were chosen, as a table ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Collects the remarks of kernel selection and prints them for people.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_COMPILE_EXPLANATION_H
#define FP8ATTN_TOOLS_FP8ATTN_COMPILE_EXPLANATION_H

#include "mlir/IR/Remarks.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::fp8attn {

/// What the passes said about kernels, in the order in which they said it.
class Explanation {
public:
  /// Returns what passes report to; they write to this explanation.
  std::unique_ptr<remark::detail::MLIRRemarkStreamerBase> makeStreamer();

  /// Prints a line for each function, ISA and phase: the chosen kernels, and
  /// whether computing or reading takes their time.
  void printChoices(llvm::raw_ostream &os) const;

  /// Prints a table for each function, ISA and phase: the chosen kernels first,
  /// the others by cost.
  void printCandidates(llvm::raw_ostream &os) const;

private:
  class Streamer;

  /// A kernel, or a pair of them, that was chosen or not.
  struct Row {
    std::string function, isa;
    /// Of attention, what is typical of its phase; "-" of other operations.
    std::string phase, queryRows, bytesPerKey, source, costs;
    bool isChosen;
    /// Predicted cycles of a key, the larger one of those that computing and
    /// reading take; "-" if none are predicted.
    std::string cycles, computeCycles, readCycles;
    std::string kernel;
    std::string whyNot;

    /// Returns what a table of candidates is of.
    std::string getTitle() const;

    /// Returns what the cycles are of, of computing and reading.
    llvm::StringRef getLimit() const;
  };

  std::vector<Row> rows;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_COMPILE_EXPLANATION_H
