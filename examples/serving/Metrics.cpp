//===- Metrics.cpp - what a run was like ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Metrics.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

using namespace serving;

void Metrics::note(const StepReport &report, const Scheduler &scheduler,
                   double time) {
  ++numSteps;
  numRows += report.numRows;
  numDrafts += report.numDrafts;
  mostPages = std::max(mostPages, scheduler.numPagesInUse());
  for (const StepReport::Emission &emission : report.emissions) {
    Progress &request = requests[emission.id];
    // Tokens of one step share its time: a reader sees them in that pace.
    const int32_t first = request.numTokens == 0;
    if (first)
      toFirst.push_back(time - request.last);
    else
      between.insert(between.end(), emission.numTokens,
                     (time - request.last) / emission.numTokens);
    request.last = time;
    request.numTokens += emission.numTokens;
    numTokens += emission.numTokens;
  }
  for (const std::unique_ptr<Sequence> &sequence : report.ended) {
    ++ended;
    numPreemptions += sequence->numPreemptions;
    numPromptTokens += int64_t(sequence->request.prompt.size());
  }
}

/// Returns the value below which the given part of all is; 0 of none.
static double quantile(std::vector<double> values, double part) {
  if (values.empty())
    return 0;
  const auto place = values.begin() + size_t(part * double(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

static void printTimes(const char *what, const std::vector<double> &seconds) {
  constexpr double kMilliseconds = 1e3;
  std::printf("%-20s p50 %.1f ms, p99 %.1f ms\n", what,
              kMilliseconds * quantile(seconds, 0.5),
              kMilliseconds * quantile(seconds, 0.99));
}

void Metrics::print(double seconds, Engine &engine, CacheFormat format) const {
  std::printf(
      "%zu requests, %lld tokens of prompt and %lld of text in %.1f s\n", ended,
      (long long)numPromptTokens, (long long)numTokens, seconds);
  std::printf("%-20s %.1f tokens of text a second, %.1f with prompts\n",
              "throughput", double(numTokens) / seconds,
              double(numTokens + numPromptTokens) / seconds);
  // Where others run as well, the clock says more about them.
  const double processor = double(std::clock()) / CLOCKS_PER_SEC;
  std::printf("%-20s %.1f s, %.1f tokens of text in each\n", "processor time",
              processor, double(numTokens) / processor);
  printTimes("time to first token", toFirst);
  printTimes("time between tokens", between);
  std::printf("%-20s %lld, of %.1f rows; %lld guesses; %lld preemptions\n",
              "steps", (long long)numSteps, double(numRows) / double(numSteps),
              (long long)numDrafts, (long long)numPreemptions);

  const int64_t layers = engine.getCache().numLayers();
  const double bytes = double(KvCache::pageBytes(format, layers)) * mostPages;
  const double wide =
      double(KvCache::pageBytes(CacheFormat::BF16, layers)) * mostPages;
  std::printf("%-20s at most %d of %d in use: %.1f MiB, %.2f of bf16\n",
              "pages", mostPages, engine.getScheduler().getPool().numPages(),
              bytes / (1 << 20), bytes / wide);

  StepTimes times;
  PrefixReads reads;
  for (const WorkerGroup &group : engine.getGroups()) {
    times.attention += group.times.attention;
    times.write += group.times.write;
    times.all += group.times.all;
    reads.numRead += group.reads.numRead;
    reads.numForEach += group.reads.numForEach;
  }
  std::printf("%-20s %lld tokens read in a layer, %lld if each sequence read "
              "its own\n",
              "prefixes", (long long)reads.numRead,
              (long long)reads.numForEach);
  const double other = times.all - times.attention - times.write;
  std::printf("%-20s attention %.2f s (%.0f %%), kv_write %.2f s (%.0f %%), "
              "elsewhere %.2f s\n",
              "time of the groups", times.attention,
              100 * times.attention / times.all, times.write,
              100 * times.write / times.all, other);
}
