//===- serve.cpp - serves a trace of requests -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: serve TRACE [--option=value...]; kUsage has the options.
//
//===----------------------------------------------------------------------===//

#include "Engine.h"
#include "Metrics.h"
#include "Trace.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <malloc.h>
#include <thread>
#include <unistd.h>

using namespace serving;

constexpr char kUsage[] =
    "usage: serve TRACE [--option=value...]\n"
    "  --cache=FORMAT     bf16, e4m3, e4m3-token or e5m2, of keys and values "
    "(e4m3)\n"
    "  --layers=N         of the model (4)\n"
    "  --groups=N         worker groups, each with a context of its own (1)\n"
    "  --workers=N        of each group (1)\n"
    "  --pages=N          of 32 tokens, for all sequences (1024)\n"
    "  --rows=N           most tokens of a step (256)\n"
    "  --sequences=N      most that run at a time (32)\n"
    "  --drafts=N         most tokens guessed behind the last one (3)\n"
    "  --window=0|1       let tokens see the 128 before them only, and free "
    "pages behind (0)\n"
    "  --share=0|1        let prompts share the pages of equal beginnings (1)\n"
    "  --prefix=0|1       let attention read a prefix that requests name once "
    "for all (1)\n"
    "  --check=0|1        compare each text with that of the request alone "
    "(0)\n";

namespace {
struct Options {
  EngineOptions engine;
  int32_t numLayers = 4, window = 0, share = 1, prefix = 1, check = 0;
};
} // namespace

/// Sets what an argument says. Returns false if it says nothing known.
static bool parseOption(const std::string &argument, Options &options) {
  for (CacheFormat format : kCacheFormats)
    if (argument == std::string("--cache=") + nameOf(format)) {
      options.engine.format = format;
      return true;
    }
  constexpr int32_t kMost = 1 << 20;
  SchedulerOptions &scheduler = options.engine.scheduler;
  const struct {
    const char *name;
    int32_t &value;
    int32_t least, most;
  } numbers[] = {{"--layers=", options.numLayers, 1, 64},
                 {"--groups=", options.engine.numGroups, 1, 64},
                 {"--workers=", options.engine.workersPerGroup, 1, 1024},
                 {"--pages=", scheduler.numPages, 1, kMost},
                 {"--rows=", scheduler.maxRows, 1, kMost},
                 {"--sequences=", scheduler.maxSequences, 1, kMost},
                 {"--drafts=", scheduler.numDrafts, 0, 64},
                 {"--window=", options.window, 0, 1},
                 {"--share=", options.share, 0, 1},
                 {"--prefix=", options.prefix, 0, 1},
                 {"--check=", options.check, 0, 1}};
  for (const auto &number : numbers)
    if (argument.starts_with(number.name)) {
      const char *begin = argument.c_str() + std::strlen(number.name);
      const char *end = argument.c_str() + argument.size();
      const auto [last, error] = std::from_chars(begin, end, number.value);
      return error == std::errc() && last == end &&
             number.value >= number.least && number.value <= number.most;
    }
  return false;
}

static double now() {
  const std::chrono::duration<double> time =
      std::chrono::steady_clock::now().time_since_epoch();
  return time.count();
}

/// On a terminal, a line that says how far the run is.
static void showProgress(const char *what, size_t done, size_t all,
                         double seconds) {
  if (!isatty(STDERR_FILENO))
    return;
  std::fprintf(stderr, "\r\033[K%s: %zu of %zu requests, %.0f s", what, done,
               all, seconds);
  if (done > 0)
    std::fprintf(stderr, ", about %.0f s left",
                 seconds / double(done) * double(all - done));
  if (done == all)
    std::fputs("\r\033[K", stderr);
}

/// Serves all of a trace. Returns the sequences by id, or none if a call fails.
static std::vector<std::unique_ptr<Sequence>>
serveTrace(Engine &engine, const std::vector<Arrival> &trace,
           Metrics &metrics) {
  std::vector<std::unique_ptr<Sequence>> sequences(trace.size());
  const double begin = now();
  double shown = 0;
  for (size_t next = 0; next < trace.size() || !engine.isIdle();) {
    double time = now() - begin;
    if (engine.isIdle() && trace[next].seconds > time) {
      std::this_thread::sleep_for(
          std::chrono::duration<double>(trace[next].seconds - time));
      time = trace[next].seconds;
    }
    for (; next < trace.size() && trace[next].seconds <= time; ++next) {
      metrics.arrive(int64_t(next), trace[next].seconds);
      if (const auto refusal = engine.submit(trace[next].request)) {
        std::fprintf(stderr, "serve: request %zu: %s\n", next,
                     refusal->c_str());
        return {};
      }
    }
    StepReport report = engine.step();
    if (report.status != FP8ATTN_OK) {
      std::fprintf(stderr, "serve: %s: %s\n",
                   fp8attn_status_string(report.status),
                   report.message.c_str());
      return {};
    }
    time = now() - begin;
    metrics.note(report, engine.getScheduler(), time);
    for (std::unique_ptr<Sequence> &sequence : report.ended)
      sequences[sequence->request.id] = std::move(sequence);
    if (time - shown > 0.2 || engine.isIdle()) {
      shown = time;
      showProgress("serving", metrics.numEnded(), trace.size(), time);
    }
  }
  return sequences;
}

/// Serves each request again, alone, with its prompt in one chunk, or two where
/// it names a prefix. Returns the number of texts of which a bit differs.
static size_t
countDifferent(const Model &model, EngineOptions options,
               const std::vector<std::unique_ptr<Sequence>> &sequences) {
  options.scheduler.maxRows = kMaxPositions;
  options.scheduler.numDrafts = 0;
  options.scheduler.sharePrefixes = false;
  Engine engine(model, options);
  const double begin = now();
  size_t numDifferent = 0, done = 0;
  for (const std::unique_ptr<Sequence> &sequence : sequences) {
    engine.submit(sequence->request);
    while (!engine.isIdle()) {
      const StepReport report = engine.step();
      if (report.status != FP8ATTN_OK)
        engine.cancel(sequence->request.id);
      for (const auto &alone : report.ended)
        numDifferent += alone->tokens != sequence->tokens ||
                        alone->digest != sequence->digest;
    }
    showProgress("serving each alone", ++done, sequences.size(), now() - begin);
  }
  return numDifferent;
}

/// Serves the trace and prints what it was like. Returns the exit status.
static int run(const Options &options, const std::vector<Arrival> &trace) {
  Model model(options.numLayers, /*seed=*/1);
  model.isWindowed = options.window;
  Engine engine(model, options.engine);
  Metrics metrics(trace.size());
  const double begin = now();
  const std::vector<std::unique_ptr<Sequence>> sequences =
      serveTrace(engine, trace, metrics);
  if (sequences.empty())
    return 1;
  metrics.print(now() - begin, engine, options.engine.format);
  if (!options.check)
    return 0;
  const size_t numDifferent = countDifferent(model, options.engine, sequences);
  std::printf("%-20s %zu of %zu differ from those of the requests alone\n",
              "texts", numDifferent, sequences.size());
  return numDifferent > 0;
}

/// Has malloc keep what attention behind a prefix gives back at the end of each
/// call, results of parts of some hundred KB: by default glibc returns these to
/// the system, and each call pays for the faults of new pages.
static void keepFreedMemory() {
  constexpr int kKept = 32 << 20; // the most that glibc takes
  mallopt(M_MMAP_THRESHOLD, kKept);
  mallopt(M_TRIM_THRESHOLD, kKept);
}

int main(int argc, char **argv) {
  keepFreedMemory();
  Options options;
  for (int i = 2; i < argc; ++i)
    if (!parseOption(argv[i], options)) {
      std::fprintf(stderr, "serve: does not understand '%s'\n%s", argv[i],
                   kUsage);
      return 1;
    }
  if (argc < 2 || argv[1][0] == '-') {
    std::fputs(kUsage, stderr);
    return 1;
  }
  std::vector<Arrival> trace;
  std::string error;
  if (!readTrace(argv[1], trace, error)) {
    std::fprintf(stderr, "serve: %s\n", error.c_str());
    return 1;
  }
  options.engine.scheduler.sharePrefixes = options.share;
  if (!options.prefix)
    for (Arrival &arrival : trace)
      arrival.request.prefixTokens = 0;
  try {
    return run(options, trace);
  } catch (const std::exception &exception) { // no memory, or no thread
    std::fprintf(stderr, "serve: %s\n", exception.what());
    return 1;
  }
}
