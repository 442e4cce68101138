//===- Replay.cpp - runs a fuzz target on files ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: TARGET FILE-OR-FOLDER...
//        TARGET --random SEED COUNT
//
// Stands for libFuzzer where only the seeds are to be run, or inputs at random:
// those of the seeds from SEED on. What breaks the target ends the program, as
// it would there. On a terminal, a line says how far it is.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  // Flushed, so that the last name is of the file that broke the target.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()),
                         bytes.size());
}

/// Replaces folders by the files in them.
static std::vector<std::filesystem::path> listFiles(int count, char **names) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::is_directory(names[i])) {
      files.emplace_back(names[i]);
      continue;
    }
    for (const auto &entry :
         std::filesystem::recursive_directory_iterator(names[i]))
      if (entry.is_regular_file())
        files.push_back(entry.path());
  }
  return files;
}

static int replayAll(const std::vector<std::filesystem::path> &files) {
  mlir::fp8attn::Progress progress(static_cast<int64_t>(files.size()), "files");
  for (const std::filesystem::path &path : files) {
    progress.clear(); // Names are printed.
    replay(path);
    progress.advance();
  }
  progress.clear();
  std::printf("%zu files\n", files.size());
  return files.empty() ? 1 : 0;
}

static unsigned long currentSeed;

/// Says which seed broke the target.
static void reportSeed(int number) {
  std::fprintf(stderr, "\nsignal %d; repeat with --random %lu 1\n", number,
               currentSeed);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

static int runRandom(unsigned long first, unsigned long count) {
  constexpr size_t kMostBytes = 64;
  for (int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM})
    std::signal(number, reportSeed);
  mlir::fp8attn::Progress progress(static_cast<int64_t>(count), "inputs");
  for (currentSeed = first; currentSeed < first + count; ++currentSeed) {
    std::mt19937 bits(static_cast<uint32_t>(currentSeed));
    std::vector<uint8_t> bytes(bits() % (kMostBytes + 1));
    for (uint8_t &byte : bytes)
      byte = static_cast<uint8_t>(bits());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    progress.advance();
  }
  progress.clear();
  std::printf("%lu inputs at random, from seed %lu\n", count, first);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && !std::strcmp(argv[1], "--random"))
    return runRandom(std::strtoul(argv[2], nullptr, 10),
                     std::strtoul(argv[3], nullptr, 10));
  return replayAll(listFiles(argc - 1, argv + 1));
}
