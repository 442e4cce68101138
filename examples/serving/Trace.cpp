//===- Trace.cpp - what arrives when --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Trace.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

using namespace serving;

/// Returns the first `size` tokens of a text that a seed stands for.
static std::vector<Token> makeTokens(uint32_t seed, size_t size) {
  std::mt19937 random(seed);
  std::vector<Token> tokens(size);
  for (Token &token : tokens)
    token = Token(random() % kVocabulary);
  return tokens;
}

/// Reads a line, but for the tokens of its prompt.
static bool parseLine(const std::string &line, Arrival &arrival,
                      int64_t &promptTokens, int64_t &sharedTokens) {
  std::istringstream stream(line);
  stream >> arrival.seconds >> promptTokens >> arrival.request.numOutputs >>
      sharedTokens;
  return !stream.fail() && (stream >> std::ws).eof() && arrival.seconds >= 0 &&
         promptTokens >= 1 && promptTokens <= kMaxPositions &&
         sharedTokens >= 0 && sharedTokens <= promptTokens;
}

bool serving::readTrace(const std::string &path, std::vector<Arrival> &trace,
                        std::string &error) {
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#')
      continue;
    Arrival arrival;
    int64_t promptTokens = 0, sharedTokens = 0;
    if (!parseLine(line, arrival, promptTokens, sharedTokens) ||
        (!trace.empty() && arrival.seconds < trace.back().seconds)) {
      error = path + ":" + std::to_string(number) +
              ": expects seconds in order, 1 to " +
              std::to_string(kMaxPositions) +
              " tokens of prompt, tokens of text, and tokens that are shared, "
              "at most all of the prompt's, got \"" +
              line + "\"";
      return false;
    }
    arrival.request.id = int64_t(trace.size());
    arrival.request.prompt =
        makeTokens(1 + uint32_t(trace.size()), size_t(promptTokens));
    const std::vector<Token> shared = makeTokens(0, size_t(sharedTokens));
    std::copy(shared.begin(), shared.end(), arrival.request.prompt.begin());
    arrival.request.prefixTokens = int32_t(sharedTokens);
    trace.push_back(std::move(arrival));
  }
  if (trace.empty())
    error = path + ": cannot read it, or there is no request in it";
  return !trace.empty();
}
