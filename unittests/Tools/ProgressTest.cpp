//===- ProgressTest.cpp - a line on a terminal, and nowhere else ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The errors of this process go to a pseudoterminal, or to a pipe.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <string>
#include <thread>
#include <unistd.h>

using mlir::fp8attn::Progress;

/// Returns what `body` writes to its errors, `writer`, as it comes from
/// `reader`; closes both.
static std::string readErrors(int reader, int writer,
                              const std::function<void()> &body) {
  const int errors = dup(STDERR_FILENO);
  dup2(writer, STDERR_FILENO);
  body();
  dup2(errors, STDERR_FILENO);
  close(errors);
  // Reading ends where all who write are gone.
  close(writer);
  std::string text;
  char part[256];
  for (ssize_t bytes; (bytes = read(reader, part, sizeof(part))) > 0;)
    text.append(part, size_t(bytes));
  close(reader);
  return text;
}

static std::string readTerminal(const std::function<void()> &body) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_EQ(grantpt(terminal), 0);
  EXPECT_EQ(unlockpt(terminal), 0);
  const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  EXPECT_GE(end, 0);
  return readErrors(terminal, end, body);
}

/// More than the line waits before it changes.
static void wait() {
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
}

TEST(ProgressTest, SaysHowFarAndHowLongStill) {
  EXPECT_EQ(readTerminal([] {
              Progress progress(101, "calls");
              progress.show("compiling");
              wait();
              progress.advance(100);
            }),
            "\r\033[K0 of 101 calls: compiling"
            "\r\033[K100 of 101 calls, 0 s left: compiling"
            "\r\033[K");
}

TEST(ProgressTest, TellsLongTimesInMinutesAndHours) {
  const std::string text = readTerminal([] {
    Progress progress(120000, "inputs");
    wait();
    progress.reach(100);
    progress.reach(1);
    progress.show();
  });
  // 300 s and 30,000 s, or more on a machine that is busy.
  EXPECT_NE(text.find(" min left"), std::string::npos) << text;
  EXPECT_NE(text.find(" h left"), std::string::npos) << text;
}

TEST(ProgressTest, WritesAFewTimesASecond) {
  const std::string text = readTerminal([] {
    Progress progress(1000, "inputs");
    for (int i = 0; i < 1000; ++i)
      progress.advance();
  });
  EXPECT_LT(text.size(), 500u);
}

TEST(ProgressTest, TakesTheLineAwayOnce) {
  EXPECT_EQ(readTerminal([] {
              Progress progress(2, "files");
              progress.clear();
              progress.show();
              progress.clear();
              progress.clear();
            }),
            "\r\033[K0 of 2 files\r\033[K");
}

TEST(ProgressTest, ShowsNothingToPrograms) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(readErrors(ends[0], ends[1],
                       [] {
                         Progress progress(4, "calls");
                         progress.show("compiling");
                         wait();
                         progress.advance();
                       }),
            "");
}
