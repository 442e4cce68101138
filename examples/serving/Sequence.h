//===- Sequence.h - a request on its way ------------------------*- C++ -*-===//
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_SEQUENCE_H
#define FP8ATTN_EXAMPLES_SERVING_SEQUENCE_H

#include "Model.h"

#include <cstdint>
#include <span>
#include <vector>

namespace serving {

struct Request {
  /// The caller's name for it; no two requests in the engine have the same.
  int64_t id = 0;
  std::vector<Token> prompt;
  /// Tokens of text to make, at least 1.
  int32_t numOutputs = 0;
  /// Keep the logits of all tokens; the prompt then shares no pages, as each of
  /// its tokens must be computed.
  bool keepsLogits = false;
  /// Tokens of the prompt, from its first, that are named as a prefix: its full
  /// pages are apart from the other keys in attention, which reads them once
  /// for all sequences of a step that name the same. A text's bits depend on
  /// it, and so it holds as well when the request is alone.
  int32_t prefixTokens = 0;
};

constexpr int32_t kNoPage = -1;

struct Sequence {
  Request request;
  /// The prompt, and the text so far.
  std::vector<Token> tokens;
  /// Tokens whose keys and values are in the cache; the others have to be
  /// computed, the last one for the token after it.
  int32_t numComputed = 0;
  /// Page i holds tokens [i * kPageTokens, (i + 1) * kPageTokens); the sequence
  /// has a reference on each. There may be more than numComputed needs; and
  /// kNoPage for those that a window has left.
  std::vector<int32_t> pages;
  /// Depends on all bits of the hidden state that each token of text came from:
  /// equal texts by chance are not equal digests.
  uint64_t digest = 0;
  /// If they are kept, [numComputed, kVocabulary]: of what follows each token.
  std::vector<float> logits;
  int32_t numPreemptions = 0;
  bool isCancelled = false;

  int32_t numText() const {
    return int32_t(tokens.size() - request.prompt.size());
  }
  int32_t numToCompute() const { return int32_t(tokens.size()) - numComputed; }
  int32_t capacity() const { return int32_t(pages.size()) * kPageTokens; }
  /// Returns the number of full pages of the prefix that the request names.
  int32_t numPrefixPages() const { return request.prefixTokens / kPageTokens; }
  /// Returns the token at which a chunk must end: where the prefix does if the
  /// next token is in it, as no chunk may have rows on both sides.
  int32_t chunkLimit() const {
    const int32_t end = numPrefixPages() * kPageTokens;
    return numComputed < end ? end : kMaxPositions;
  }
  bool isFinished() const { return numText() >= request.numOutputs; }
};

/// What the model says comes after a row.
struct Prediction {
  Token token = 0;
  uint64_t digest = 0;
};

/// Rows of one sequence in a step: tokens from numComputed on, and behind the
/// last known one some drafts, which are guesses to be verified.
struct Chunk {
  Sequence *sequence = nullptr;
  std::vector<Token> rows;
  int32_t numDrafts = 0;
  /// Out: of the last known token and of each draft; empty if the chunk ends
  /// before the last known token, or its call failed.
  std::vector<Prediction> predictions;
  /// Out: of all rows, [rows, kVocabulary], if the sequence keeps them.
  std::vector<float> logits;
  /// Out: the rows' keys and values are in the cache.
  bool isDone = false;

  int32_t numKnown() const { return int32_t(rows.size()) - numDrafts; }
  /// Returns the pages of the prefix that the rows are behind; none if they are
  /// in it.
  std::span<const int32_t> prefixPages() const {
    const int32_t count = sequence->numPrefixPages();
    const bool isBehind = sequence->numComputed >= count * kPageTokens;
    return std::span(sequence->pages).first(isBehind ? count : 0);
  }
  bool reachesEnd() const { return numKnown() == sequence->numToCompute(); }
  /// Returns how many of the last rows must have logits.
  int32_t numLogitRows() const {
    if (sequence->request.keepsLogits)
      return int32_t(rows.size());
    return reachesEnd() ? numDrafts + 1 : 0;
  }
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_SEQUENCE_H
