//===- Progress.h - how far a run is ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One line on the terminal, which the next one replaces; nothing if the errors
// of the program go elsewhere. Without LLVM: tests and fuzzers have it, too.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMMON_PROGRESS_H
#define FP8ATTN_TOOLS_COMMON_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>

namespace mlir::fp8attn {

/// Counts what a run has done, and shows how much of all that is and how long
/// the rest takes if it goes on like this. For one thread.
class Progress {
public:
  /// `units` names what is counted, as in "7 of 20 calls".
  Progress(int64_t total, std::string units);
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Shows the line now, with what is being done if that is said.
  void show(const std::string &what = "");
  /// Counts. The line changes a few times a second, however often this is
  /// called.
  void advance(int64_t count = 1) { reach(done + count); }
  /// Sets the count.
  void reach(int64_t count);
  /// Takes the line away, before something else is printed.
  void clear();

private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);

  const bool isShown;
  const int64_t total;
  const std::string units;
  int64_t done = 0;
  std::string what;
  const Clock::time_point begin;
  Clock::time_point drawn;
  /// Whether there is a line on the terminal.
  bool isThere = false;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_PROGRESS_H
