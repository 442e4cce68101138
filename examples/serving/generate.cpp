//===- generate.cpp - text over a cache of each format --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: generate WEIGHTS TEXT PROMPT TOKENS
//
// Prints PROMPT and TOKENS more that are the likeliest after it, one by one,
// over a cache of each format. Scales of heads are those of TEXT, a file.
//
//===----------------------------------------------------------------------===//

#include "Calibration.h"
#include "Quality.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>

using namespace serving;

static int run(const char *weights, const char *text, const char *prompt,
               int32_t numOutputs) {
  Model model{Checkpoint(weights)};
  calibrate(model, readText(text));
  std::map<std::string, std::string> formats;
  const auto begin = std::chrono::steady_clock::now();
  for (CacheFormat format : kCacheFormats) {
    EngineOptions options;
    options.format = format;
    const std::unique_ptr<Sequence> sequence =
        serveOne(model, options, {0, tokensOf(prompt), numOutputs});
    const std::string made(sequence->tokens.begin(), sequence->tokens.end());
    std::printf("%s: %s\n", nameOf(format),
                formats.contains(made)
                    ? ("the same text as " + formats[made]).c_str()
                    : made.c_str());
    formats.emplace(made, nameOf(format));
  }
  const std::chrono::duration<double> passed =
      std::chrono::steady_clock::now() - begin;
  std::printf("%.0f tokens a second\n",
              double(std::size(kCacheFormats)) * numOutputs / passed.count());
  return 0;
}

int main(int argc, char **argv) {
  int32_t numOutputs = 0;
  if (argc == 5)
    std::from_chars(argv[4], argv[4] + std::strlen(argv[4]), numOutputs);
  if (numOutputs < 1 || numOutputs > kMaxPositions) {
    std::fprintf(stderr,
                 "usage: generate WEIGHTS TEXT PROMPT TOKENS, 1 to %d tokens\n",
                 kMaxPositions);
    return 1;
  }
  try {
    return run(argv[1], argv[2], argv[3], numOutputs);
  } catch (const std::exception &exception) {
    std::fprintf(stderr, "generate: %s\n", exception.what());
    return 1;
  }
}
