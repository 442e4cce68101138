//===- ProgressListener.cpp - how far a test program is -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On a terminal, a line below GoogleTest's own says how many of the program's
// tests are done, and how long the others take if they take as long: thousands
// of them run for an hour where random problems are asked for.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include <gtest/gtest.h>

#include <optional>

using mlir::fp8attn::Progress;

namespace {
class ProgressListener : public testing::EmptyTestEventListener {
  void OnTestProgramStart(const testing::UnitTest &program) override {
    progress.emplace(program.test_to_run_count(), "tests");
  }
  // The printer of results, which is older, begins first and ends last.
  void OnTestStart(const testing::TestInfo &) override { progress->show(); }
  void OnTestEnd(const testing::TestInfo &) override {
    progress->advance();
    progress->clear();
  }

  std::optional<Progress> progress;
};
} // namespace

/// Before main, which is GoogleTest's.
[[maybe_unused]] static const bool isListening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new ProgressListener);
  return true;
}();
