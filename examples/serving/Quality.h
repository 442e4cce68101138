//===- Quality.h - what a cache format costs a text -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_QUALITY_H
#define FP8ATTN_EXAMPLES_SERVING_QUALITY_H

#include "Engine.h"

#include <span>

namespace serving {

/// Returns a token for each byte.
std::vector<Token> tokensOf(std::string_view text);

/// Reads a text, a token for each byte. Throws std::runtime_error if there is
/// none, or more than kMaxPositions bytes.
std::vector<Token> readText(const std::string &path);

/// Serves a request with an engine of its own, of as many pages as it needs.
/// Throws std::runtime_error if it is refused or a call fails.
std::unique_ptr<Sequence> serveOne(const Model &model, EngineOptions options,
                                   Request request);

/// Returns `numOutputs` tokens that are the likeliest after a prompt, one by
/// one, and the prompt before them, by the exact model.
std::vector<Token> continueExactly(const Model &model,
                                   std::span<const Token> prompt,
                                   int32_t numOutputs, int32_t numWorkers);

/// What the scales of a layer are one for each of.
enum class Granularity { One, Layer, Head };

/// Sets keyMost and valueMost of a model whose heads are calibrated so that
/// scales of heads in `format` are 1, or those of a layer are equal. Head
/// changes nothing.
void coarsenScales(Model &model, CacheFormat format, Granularity granularity);

struct Quality {
  /// Mean over positions of the Kullback-Leibler divergence of the next token's
  /// distribution from the exact one, in nats.
  double divergence = 0;
  /// Part of the positions whose likeliest next token is the exact one.
  double agreement = 0;
  /// Mean of -log2 of the probability of the token that comes next in the text.
  double bitsPerToken = 0;
};

/// Compares logits with exact ones, [tokens of the text, kVocabulary] each.
Quality compareLogits(std::span<const float> exact,
                      std::span<const float> logits,
                      std::span<const Token> text);

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_QUALITY_H
