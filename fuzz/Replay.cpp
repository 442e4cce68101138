//===- Replay.cpp - runs a fuzz target on files ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: TARGET FILE-OR-FOLDER...
//
// Stands for libFuzzer where the seeds only are to be run. A file that breaks
// the target ends the program, as it would there.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int numFiles = 0;

static void replay(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  // Flushed, so that the last name is of the file that broke the target.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()),
                         bytes.size());
  ++numFiles;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i]);
      continue;
    }
    for (const auto &entry :
         std::filesystem::recursive_directory_iterator(argv[i]))
      if (entry.is_regular_file())
        replay(entry.path());
  }
  std::printf("%d files\n", numFiles);
  return numFiles > 0 ? 0 : 1;
}
