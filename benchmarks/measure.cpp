//===- measure.cpp - interleaved timing of cases --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rounds over all cases, median and best of each, and their print-out.
//
//===----------------------------------------------------------------------===//

#include "measure.h"

#include "Progress.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace fp8attn {

static double readClock(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  constexpr double kNano = 1e-9;
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) * kNano;
}

double now() { return readClock(CLOCK_THREAD_CPUTIME_ID); }

double wallTime() { return readClock(CLOCK_MONOTONIC); }

std::vector<Timing> measure(const std::string &group,
                            const std::vector<Case> &cases, int rounds) {
  std::vector<std::vector<double>> seconds(cases.size());
  mlir::fp8attn::Progress progress(
      static_cast<int64_t>(cases.size()) * (1 + rounds), "runs");
  for (const Case &one : cases) {
    progress.show(group + " " + one.name);
    one.run();
    progress.advance();
  }
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < cases.size(); ++i) {
      progress.show(group + " " + cases[i].name);
      const double start = now();
      cases[i].run();
      seconds[i].push_back(now() - start);
      progress.advance();
    }
  std::vector<Timing> timings;
  for (std::vector<double> &s : seconds) {
    std::sort(s.begin(), s.end());
    timings.push_back({s[s.size() / 2], s.front()});
  }
  return timings;
}

void report(const std::string &group, const std::vector<Case> &cases,
            const std::vector<Timing> &timings, bool json) {
  constexpr double kGiga = 1e9;
  if (!json)
    std::printf("\n%s\n", group.c_str());
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case &one = cases[i];
    const double median = one.amount / timings[i].median / kGiga;
    const double best = one.amount / timings[i].best / kGiga;
    double fraction = 0;
    for (size_t j = 0; j < cases.size(); ++j)
      if (cases[j].name == one.limit)
        fraction = median / (cases[j].amount / timings[j].median / kGiga);
    const std::string note = one.note ? one.note() : "";
    if (json) {
      std::printf("{\"group\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", "
                  "\"median\": %.4g, \"best\": %.4g, \"milliseconds\": %.5g, "
                  "\"limit\": \"%s\", \"fraction\": %.4g, \"note\": \"%s\"}\n",
                  group.c_str(), one.name.c_str(), one.unit.c_str(), median,
                  best, timings[i].median * 1e3, one.limit.c_str(), fraction,
                  note.c_str());
      continue;
    }
    std::printf("  %-34s %8.2f %-7s (best %8.2f) %9.3f ms", one.name.c_str(),
                median, one.unit.c_str(), best, timings[i].median * 1e3);
    if (fraction > 0)
      std::printf("  %5.2f of %s", fraction, one.limit.c_str());
    std::printf("%s%s\n", note.empty() ? "" : "  ", note.c_str());
  }
  std::fflush(stdout);
}

} // namespace fp8attn
