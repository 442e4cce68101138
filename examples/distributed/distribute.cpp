//===- distribute.cpp - a long sequence on several processes --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: mpiexec -n RANKS distribute [--option=value...]; kUsage has the
// options.
//
//===----------------------------------------------------------------------===//

#include "Reference.h"
#include "ShardedAttention.h"
#ifdef FP8ATTN_DISTRIBUTED_WITH_MPI
#include "MpiCommunicator.h"
#endif

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>

using namespace distributed;

constexpr char kUsage[] =
    "usage: [mpiexec -n RANKS] distribute [--option=value...]\n"
    "  --shard=sequence|heads  what ranks divide among them (sequence)\n"
    "  --segments=N            of the sequence, merged in their order (4)\n"
    "  --segment-tokens=N      tokens of each, a multiple of 32 (32768)\n"
    "  --groups=N              of 8 query heads over 2 KV heads (1)\n"
    "  --queries=N             new tokens (1)\n"
    "  --repeat=N              steps to time; the best counts (5)\n"
    "  --timeout=N             seconds to wait for other ranks (30)\n"
    "  --check=0|1             compare the first group with double precision "
    "(0)\n"
    "  --stop-rank=N           the rank that stops before the first step, to "
    "see\n"
    "                          what the others do (-1: none)\n";

namespace {
struct Options {
  Shape shape;
  ShardBy shardBy = ShardBy::Sequence;
  int64_t repeat = 5, timeout = 30, check = 0, stopRank = -1;
};
} // namespace

/// Sets what an argument says. Returns false if it says nothing known.
static bool parseOption(const std::string &argument, Options &options) {
  if (argument == "--shard=sequence" || argument == "--shard=heads") {
    options.shardBy =
        argument.ends_with("heads") ? ShardBy::Heads : ShardBy::Sequence;
    return true;
  }
  const struct {
    std::string name;
    int64_t &value;
    int64_t least, most;
  } numbers[] = {
      {"--segments=", options.shape.numSegments, 1, 4096},
      {"--segment-tokens=", options.shape.segmentTokens, kPageTokens, 1 << 20},
      {"--groups=", options.shape.numGroups, 1, 64},
      {"--queries=", options.shape.numQueries, 1, 4096},
      {"--repeat=", options.repeat, 1, 1 << 20},
      {"--timeout=", options.timeout, 1, 1 << 20},
      {"--check=", options.check, 0, 1},
      {"--stop-rank=", options.stopRank, -1, 4096}};
  for (const auto &number : numbers)
    if (argument.starts_with(number.name)) {
      const char *begin = argument.c_str() + number.name.size();
      const char *end = argument.c_str() + argument.size();
      const auto [last, error] = std::from_chars(begin, end, number.value);
      return error == std::errc() && last == end &&
             number.value >= number.least && number.value <= number.most;
    }
  return false;
}

/// Returns a digest of all bits: FNV-1a.
static uint64_t digestOf(const std::vector<float> &numbers) {
  uint64_t digest = 0xCBF29CE484222325;
  for (float number : numbers) {
    const auto bits = std::bit_cast<uint32_t>(number);
    for (int shift = 0; shift < 32; shift += 8)
      digest = (digest ^ ((bits >> shift) & 0xFF)) * 0x100000001B3;
  }
  return digest;
}

/// Returns the times of the slowest rank, phase by phase.
static StepTimes slowest(Communicator &communicator, const StepTimes &own) {
  std::vector<StepTimes> all(size_t(communicator.size()));
  communicator.allGather(&own, sizeof(own), all.data());
  StepTimes most;
  for (const StepTimes &times : all) {
    most.attention = std::max(most.attention, times.attention);
    most.exchange = std::max(most.exchange, times.exchange);
    most.merge = std::max(most.merge, times.merge);
  }
  return most;
}

static void run(const Options &options, Communicator &communicator) {
  const Shape &shape = options.shape;
  ShardedAttention attention(shape, options.shardBy, communicator);
  if (communicator.rank() == options.stopRank)
    raise(SIGSTOP);

  std::vector<float> rows;
  StepTimes best{1e9, 1e9, 1e9};
  for (int64_t i = 0; i < options.repeat; ++i) {
    StepTimes times;
    rows = attention.attend(times);
    times = slowest(communicator, times);
    best = {std::min(best.attention, times.attention),
            std::min(best.exchange, times.exchange),
            std::min(best.merge, times.merge)};
  }
  if (options.shardBy == ShardBy::Heads) {
    std::vector<float> all(rows.size() * size_t(communicator.size()));
    communicator.allGather(rows.data(), rows.size() * sizeof(float),
                           all.data());
    rows = std::move(all);
  }
  // All ranks have the result; one says what it is.
  if (communicator.rank() != 0)
    return;
  std::printf("%lld keys in %lld segments, %lld group(s) of 8 query heads over "
              "2 KV heads, %lld new token(s), %d rank(s) by %s\n",
              (long long)shape.numTokens(), (long long)shape.numSegments,
              (long long)shape.numGroups, (long long)shape.numQueries,
              communicator.size(),
              options.shardBy == ShardBy::Heads ? "heads" : "sequence");
  std::printf("digest     %016llx\n", (unsigned long long)digestOf(rows));
  if (options.check)
    std::printf("error      %.2e relative L2 against double precision\n",
                relativeError(shape, rows));
  std::printf("attention  %.6f ms, slowest rank, best of %lld\n",
              best.attention * 1e3, (long long)options.repeat);
  std::printf("exchange   %.6f ms, %zu bytes to each other rank\n",
              best.exchange * 1e3, attention.exchangedBytes());
  std::printf("merge      %.6f ms\n", best.merge * 1e3);
}

int main(int argc, char **argv) {
  Options options;
  std::string refusal;
  for (int i = 1; i < argc && refusal.empty(); ++i)
    if (!parseOption(argv[i], options))
      refusal = "does not understand '" + std::string(argv[i]) + "'";
  const Shape &shape = options.shape;
  if (refusal.empty() && shape.segmentTokens % kPageTokens != 0)
    refusal = "expects --segment-tokens to be a multiple of 32, got " +
              std::to_string(shape.segmentTokens);
  if (refusal.empty() && shape.numQueries > shape.segmentTokens)
    refusal = "expects --queries of at most the tokens of a segment (" +
              std::to_string(shape.segmentTokens) + "), got " +
              std::to_string(shape.numQueries);
  if (!refusal.empty()) {
    std::fprintf(stderr, "distribute: %s\n%s", refusal.c_str(), kUsage);
    return 1;
  }
#ifdef FP8ATTN_DISTRIBUTED_WITH_MPI
  MpiCommunicator communicator(argc, argv, double(options.timeout));
#else
  Alone communicator;
#endif
  try {
    run(options, communicator);
    return 0;
  } catch (const std::exception &exception) {
    std::fprintf(stderr, "distribute: %s\n", exception.what());
#ifdef FP8ATTN_DISTRIBUTED_WITH_MPI
    MpiCommunicator::abort();
#endif
    return 1;
  }
}
