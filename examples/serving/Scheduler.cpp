//===- Scheduler.cpp - who computes what in a step ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

#include <algorithm>

using namespace serving;

Scheduler::Scheduler(const SchedulerOptions &options)
    : options(options), pool(options.numPages), tree(pool) {}

Scheduler::~Scheduler() {
  for (Queue *queue : {&waiting, &running})
    while (!queue->empty())
      end(*queue, queue->begin());
}

static int32_t pagesFor(size_t tokens) {
  return int32_t((tokens + kPageTokens - 1) / kPageTokens);
}

std::optional<std::string> Scheduler::submit(Request request) {
  const auto isToken = [](Token token) {
    return token >= 0 && token < kVocabulary;
  };
  if (request.prompt.empty() || request.numOutputs < 1)
    return "expects a prompt, and at least one token to make";
  if (!std::all_of(request.prompt.begin(), request.prompt.end(), isToken))
    return "expects tokens of the prompt to be 0 to " +
           std::to_string(kVocabulary - 1);
  const int64_t most =
      std::min<int64_t>(kMaxPositions, int64_t(pool.numPages()) * kPageTokens);
  const int64_t length =
      int64_t(request.prompt.size()) + int64_t(request.numOutputs);
  if (length > most)
    return "expects at most " + std::to_string(most) +
           " tokens of prompt and text, got " + std::to_string(length);
  for (const Queue *queue : {&waiting, &running})
    for (const auto &[order, sequence] : *queue)
      if (sequence->request.id == request.id)
        return "expects an id of its own, got " + std::to_string(request.id);
  if (request.prefixTokens < 0 ||
      size_t(request.prefixTokens) > request.prompt.size())
    return "expects a prefix of 0 to " + std::to_string(request.prompt.size()) +
           " tokens, got " + std::to_string(request.prefixTokens);
  if (options.window > 0)
    request.prefixTokens = 0;
  auto sequence = std::make_unique<Sequence>();
  sequence->tokens = request.prompt;
  sequence->request = std::move(request);
  waiting.emplace(numSubmitted++, std::move(sequence));
  return std::nullopt;
}

void Scheduler::releasePages(Sequence &sequence) {
  for (int32_t page : sequence.pages)
    if (page != kNoPage)
      pool.release(page);
  sequence.pages.clear();
  sequence.numComputed = 0;
}

/// Releases the pages that no token from numComputed on sees.
void Scheduler::releasePassed(Sequence &sequence) {
  const int32_t numPassed =
      std::max(0, sequence.numComputed - options.window) / kPageTokens;
  for (int32_t i = numPassed - 1; i >= 0 && sequence.pages[i] != kNoPage; --i) {
    pool.release(sequence.pages[i]);
    sequence.pages[i] = kNoPage;
  }
}

void Scheduler::end(Queue &queue, Queue::iterator place) {
  releasePages(*place->second);
  ended.push_back(std::move(place->second));
  queue.erase(place);
}

void Scheduler::cancel(int64_t id) {
  for (Queue *queue : {&waiting, &running})
    for (auto it = queue->begin(); it != queue->end(); ++it)
      if (it->second->request.id == id) {
        it->second->isCancelled = true;
        return end(*queue, it);
      }
}

bool Scheduler::preemptYoungest(int64_t after) {
  const auto isPlanned = [&](const Sequence *sequence) {
    return std::any_of(chunks.begin(), chunks.end(), [&](const Chunk &chunk) {
      return chunk.sequence == sequence;
    });
  };
  for (auto it = running.end(); it != running.upper_bound(after);) {
    --it;
    if (it->second->pages.empty() || isPlanned(it->second.get()))
      continue;
    releasePages(*it->second);
    ++it->second->numPreemptions;
    waiting.insert(running.extract(it));
    return true;
  }
  return false;
}

bool Scheduler::reserve(Sequence &sequence, int32_t numTokens,
                        std::optional<int64_t> mayPreemptAfter) {
  while (sequence.capacity() < numTokens) {
    if (const std::optional<int32_t> page = pool.allocate())
      sequence.pages.push_back(*page);
    else if (!tree.evict() &&
             !(mayPreemptAfter && preemptYoungest(*mayPreemptAfter)))
      return false;
  }
  return true;
}

/// Guesses that what followed the last two tokens before follows them again
/// ("prompt lookup"): free, and right where text repeats itself.
static std::vector<Token> guess(const std::vector<Token> &tokens,
                                int32_t count) {
  const int64_t size = int64_t(tokens.size());
  for (int64_t i = size - 3; i >= 0; --i)
    if (tokens[i] == tokens[size - 2] && tokens[i + 1] == tokens[size - 1])
      return {tokens.begin() + i + 2,
              tokens.begin() + std::min(i + 2 + count, size)};
  return {};
}

void Scheduler::addChunk(Sequence &sequence, int64_t order) {
  const int32_t first = sequence.numComputed;
  const int32_t limit = sequence.chunkLimit() - first;
  const int32_t wanted = std::min({sequence.numToCompute(), rowsLeft, limit});
  reserve(sequence, first + wanted, order);
  const int32_t numRows = std::min(wanted, sequence.capacity() - first);
  if (numRows <= 0)
    return;
  Chunk chunk;
  chunk.sequence = &sequence;
  const auto begin = sequence.tokens.begin() + first;
  chunk.rows.assign(begin, begin + numRows);
  rowsLeft -= numRows;
  // Nobody loses pages for a guess, and none goes beyond the end of the text.
  const int32_t numDrafts =
      std::min({options.numDrafts, rowsLeft, limit - numRows,
                sequence.request.numOutputs - sequence.numText() - 1});
  if (chunk.reachesEnd() && numDrafts > 0) {
    std::vector<Token> drafts = guess(sequence.tokens, numDrafts);
    reserve(sequence, first + numRows + int32_t(drafts.size()), std::nullopt);
    chunk.numDrafts =
        std::min(int32_t(drafts.size()), sequence.capacity() - first - numRows);
    chunk.rows.insert(chunk.rows.end(), drafts.begin(),
                      drafts.begin() + chunk.numDrafts);
    rowsLeft -= chunk.numDrafts;
  }
  chunks.push_back(std::move(chunk));
}

bool Scheduler::admitFirst() {
  const auto first = waiting.begin();
  Sequence &sequence = *first->second;
  const std::vector<Token> &tokens = sequence.tokens;
  // The last token is computed in any case, in a page of the sequence's own.
  if (options.sharePrefixes && !sequence.request.keepsLogits)
    sequence.pages = tree.match({tokens.begin(), tokens.end() - 1},
                                sequence.numPrefixPages());
  sequence.numComputed = sequence.capacity();
  const int32_t needed =
      pagesFor(tokens.size()) - int32_t(sequence.pages.size());
  if (needed > pool.numFree() + tree.numEvictable()) {
    releasePages(sequence);
    return false;
  }
  const int64_t order = first->first;
  running.insert(waiting.extract(first));
  addChunk(sequence, order);
  return true;
}

std::vector<Chunk> Scheduler::plan() {
  chunks.clear();
  rowsLeft = options.maxRows;
  const auto isMakingText = [](const Sequence &sequence) {
    return sequence.numToCompute() == 1;
  };
  // A chunk preempts only sequences behind its own: the place stays valid.
  for (const bool makingText : {true, false})
    for (auto it = running.begin(); it != running.end(); ++it)
      if (rowsLeft > 0 && isMakingText(*it->second) == makingText)
        addChunk(*it->second, it->first);
  while (rowsLeft > 0 && !waiting.empty() &&
         int32_t(running.size()) < options.maxSequences)
    if (!admitFirst())
      break;
  return std::move(chunks);
}

void Scheduler::accept(Sequence &sequence, const Chunk &chunk) {
  const int32_t before = sequence.numComputed;
  sequence.numComputed += chunk.numKnown();
  for (size_t i = 0; i < chunk.predictions.size(); ++i) {
    // The first prediction stands; each of the others does if the draft that it
    // follows was predicted. What else drafts left in the cache is overwritten
    // before anybody sees it.
    if (i > 0) {
      if (chunk.rows[chunk.numKnown() + i - 1] != sequence.tokens.back())
        break;
      ++sequence.numComputed;
    }
    constexpr uint64_t kPrime = 0x100000001B3; // of FNV-1a
    sequence.tokens.push_back(chunk.predictions[i].token);
    sequence.digest = (sequence.digest ^ chunk.predictions[i].digest) * kPrime;
  }
  if (sequence.request.keepsLogits) {
    // A sequence that lost its pages has them computed again.
    sequence.logits.resize(size_t(before) * kVocabulary);
    sequence.logits.insert(sequence.logits.end(), chunk.logits.begin(),
                           chunk.logits.begin() +
                               int64_t(sequence.numComputed - before) *
                                   kVocabulary);
  }
  if (options.sharePrefixes &&
      sequence.numComputed / kPageTokens > before / kPageTokens)
    tree.insert({sequence.tokens.begin(),
                 sequence.tokens.begin() + sequence.numComputed},
                sequence.numPrefixPages(), sequence.pages);
}

void Scheduler::commit(const std::vector<Chunk> &chunks) {
  for (const Chunk &chunk : chunks)
    if (chunk.isDone) {
      accept(*chunk.sequence, chunk);
      if (options.window > 0)
        releasePassed(*chunk.sequence);
    }
  for (auto it = running.begin(); it != running.end();) {
    const auto place = it++;
    if (place->second->isFinished())
      end(running, place);
  }
}
