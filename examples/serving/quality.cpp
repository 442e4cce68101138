//===- quality.cpp - a table of cache formats -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: quality WEIGHTS TEXT [--workers=N]
//
// Over a cache of each format, reads TEXT, of at most 8192 bytes, and makes 256
// tokens more of a prompt of 23 tokens. Compares with the same model without a
// cache's rounding. Scales of heads are those of TEXT.
//
//===----------------------------------------------------------------------===//

#include "Quality.h"
#include "Calibration.h"
#include "ExactModel.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

using namespace serving;

constexpr char kPrompt[] = "Ge1:1 In the beginning ";
constexpr int32_t kNumOutputs = 256;

namespace {
struct Row {
  CacheFormat format;
  const char *scales;
  Granularity granularity = Granularity::Head;
};
} // namespace
constexpr Row kRows[] = {{CacheFormat::BF16, "none"},
                         {CacheFormat::E4M3, "1", Granularity::One},
                         {CacheFormat::E4M3, "layer", Granularity::Layer},
                         {CacheFormat::E4M3, "head"},
                         {CacheFormat::E4M3Token, "token, head"},
                         {CacheFormat::E5M2, "1", Granularity::One},
                         {CacheFormat::E5M2, "head"}};

namespace {
/// A text with its exact logits, and what is the likeliest behind a prompt.
struct Exact {
  std::vector<Token> text;
  std::vector<float> logits;
  std::vector<Token> prompt, continued;
};
} // namespace

/// Prints the row of a format and its scales.
static void measure(Model model, const Row &row, const Exact &exact,
                    int32_t numWorkers) {
  coarsenScales(model, row.format, row.granularity);
  EngineOptions options;
  options.format = row.format;
  options.workersPerGroup = numWorkers;
  const std::unique_ptr<Sequence> read =
      serveOne(model, options, {0, exact.text, 1, /*keepsLogits=*/true});
  const Quality quality = compareLogits(exact.logits, read->logits, exact.text);

  const std::vector<Token> made =
      serveOne(model, options, {0, exact.prompt, kNumOutputs})->tokens;
  const auto same =
      std::mismatch(made.begin(), made.end(), exact.continued.begin()).first -
      made.begin() - int64_t(exact.prompt.size());
  const int64_t pageBytes =
      KvCache::pageBytes(row.format, int64_t(model.layers.size()));
  std::printf("%-10s  %-11s  %11lld  %7.1e  %7.2f %%  %10.4f  %lld of %d\n",
              nameOf(row.format), row.scales,
              (long long)pageBytes / kPageTokens, quality.divergence,
              100 * quality.agreement, quality.bitsPerToken, (long long)same,
              kNumOutputs);
  std::fflush(stdout);
}

int main(int argc, char **argv) {
  int numWorkers = 1;
  constexpr char kWorkers[] = "--workers=";
  const bool hasOption =
      argc == 4 && !std::strncmp(argv[3], kWorkers, sizeof(kWorkers) - 1);
  if (hasOption)
    numWorkers = std::atoi(argv[3] + sizeof(kWorkers) - 1);
  constexpr int kMostWorkers = 1024;
  if ((argc != 3 && !hasOption) || numWorkers < 1 ||
      numWorkers > kMostWorkers) {
    std::fputs("usage: quality WEIGHTS TEXT [--workers=N], N 1 to 1024\n",
               stderr);
    return 1;
  }
  try {
    Model model{Checkpoint(argv[1])};
    Exact exact;
    exact.text = readText(argv[2]);
    calibrate(model, exact.text);
    exact.logits = ExactModel(model, numWorkers).append(exact.text);
    exact.prompt = tokensOf(kPrompt);
    exact.continued =
        continueExactly(model, exact.prompt, kNumOutputs, numWorkers);
    std::printf(
        "%zu tokens of text, %.4f bits per token without a cache's "
        "rounding\n",
        exact.text.size(),
        compareLogits(exact.logits, exact.logits, exact.text).bitsPerToken);
    std::puts("cache       scales       bytes/token  mean KL  agreement  "
              "bits/token  same text");
    for (const Row &row : kRows)
      measure(model, row, exact, numWorkers);
  } catch (const std::exception &exception) {
    std::fprintf(stderr, "quality: %s\n", exception.what());
    return 1;
  }
}
