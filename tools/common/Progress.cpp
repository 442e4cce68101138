//===- Progress.cpp - how far a run is ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is counted may take from nanoseconds to minutes each: the terminal is
// written to a few times a second, and what is left is a guess.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include <cstdio>
#include <unistd.h>
#include <utility>

using namespace mlir::fp8attn;

Progress::Progress(int64_t total, std::string units)
    : isShown(isatty(STDERR_FILENO)), total(total), units(std::move(units)),
      begin(Clock::now()), drawn(begin) {}

/// Returns a time in the unit that people would say it in.
static std::string formatSeconds(double seconds) {
  constexpr double kMinute = 60, kHour = 3600;
  char text[32];
  if (seconds < 2 * kMinute)
    std::snprintf(text, sizeof(text), "%.0f s", seconds);
  else if (seconds < 2 * kHour)
    std::snprintf(text, sizeof(text), "%.0f min", seconds / kMinute);
  else
    std::snprintf(text, sizeof(text), "%.1f h", seconds / kHour);
  return text;
}

void Progress::draw(Clock::time_point now) {
  std::string left;
  if (done > 0) {
    const std::chrono::duration<double> passed = now - begin;
    left = ", " +
           formatSeconds(passed.count() / double(done) * double(total - done)) +
           " left";
  }
  const std::string text = what.empty() ? "" : ": " + what;
  std::fprintf(stderr, "\r\033[K%lld of %lld %s%s%s",
               static_cast<long long>(done), static_cast<long long>(total),
               units.c_str(), left.c_str(), text.c_str());
  std::fflush(stderr);
  drawn = now;
  isThere = true;
}

void Progress::show(const std::string &what) {
  if (!isShown)
    return;
  this->what = what;
  draw(Clock::now());
}

void Progress::reach(int64_t count) {
  constexpr std::chrono::milliseconds kPause(200);
  done = count;
  if (!isShown)
    return;
  const Clock::time_point now = Clock::now();
  if (now - drawn >= kPause)
    draw(now);
}

void Progress::clear() {
  if (isThere)
    std::fputs("\r\033[K", stderr);
  isThere = false;
}
