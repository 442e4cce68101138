//===- Quality.cpp - what a cache format costs a text ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quality.h"

#include "ExactModel.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

using namespace serving;

std::vector<Token> serving::tokensOf(std::string_view text) {
  std::vector<Token> tokens;
  for (char byte : text)
    tokens.push_back(uint8_t(byte));
  return tokens;
}

std::vector<Token> serving::readText(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty() || text.size() > size_t(kMaxPositions))
    throw std::runtime_error(path + ": expects a text of 1 to " +
                             std::to_string(kMaxPositions) + " bytes, got " +
                             std::to_string(text.size()));
  return tokensOf(text);
}

std::unique_ptr<Sequence>
serving::serveOne(const Model &model, EngineOptions options, Request request) {
  options.scheduler.numPages =
      int32_t(request.prompt.size() + size_t(request.numOutputs)) /
          kPageTokens +
      1;
  return Engine(model, options).serve(std::move(request));
}

void serving::coarsenScales(Model &model, CacheFormat format,
                            Granularity granularity) {
  for (Layer &layer : model.layers)
    for (float *most : {layer.keyMost, layer.valueMost})
      if (granularity == Granularity::One)
        std::fill_n(most, kKvHeads, KvCache::mostForScaleOne(format));
      else if (granularity == Granularity::Layer)
        std::fill_n(most, kKvHeads, *std::max_element(most, most + kKvHeads));
}

static Token likeliest(std::span<const float> logits) {
  return Token(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<Token> serving::continueExactly(const Model &model,
                                            std::span<const Token> prompt,
                                            int32_t numOutputs,
                                            int32_t numWorkers) {
  ExactModel exact(model, numWorkers);
  std::vector<Token> tokens(prompt.begin(), prompt.end());
  std::vector<float> logits = exact.append(prompt);
  while (true) {
    tokens.push_back(likeliest(std::span(logits).last(kVocabulary)));
    if (tokens.size() >= prompt.size() + size_t(numOutputs))
      return tokens;
    logits = exact.append({&tokens.back(), 1});
  }
}

/// Returns the logarithm of the sum of exponentials.
static double logSum(std::span<const float> logits) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits)
    sum += std::exp(double(logit) - most);
  return most + std::log(sum);
}

Quality serving::compareLogits(std::span<const float> exact,
                               std::span<const float> logits,
                               std::span<const Token> text) {
  Quality quality;
  const auto numPositions = double(text.size());
  for (size_t position = 0; position < text.size(); ++position) {
    const auto expected = exact.subspan(position * kVocabulary, kVocabulary);
    const auto actual = logits.subspan(position * kVocabulary, kVocabulary);
    const double expectedSum = logSum(expected), actualSum = logSum(actual);
    for (int token = 0; token < kVocabulary; ++token) {
      const double logProb = double(expected[token]) - expectedSum;
      quality.divergence += std::exp(logProb) *
                            (logProb - (double(actual[token]) - actualSum)) /
                            numPositions;
    }
    quality.agreement +=
        (likeliest(expected) == likeliest(actual)) / numPositions;
    if (position + 1 < text.size())
      quality.bitsPerToken += (actualSum - double(actual[text[position + 1]])) /
                              (std::log(2.0) * (numPositions - 1));
  }
  return quality;
}
