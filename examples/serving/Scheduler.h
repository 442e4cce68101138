//===- Scheduler.h - who computes what, where -------------------*- C++ -*-===//
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Continuous batching: every step has rows of all sequences that run, one or a
// few of those that make text and chunks of prompts behind them, up to a number
// of rows. Sequences are served in the order of arrival. When pages run out,
// those that only the prefix tree holds are given away; then the youngest
// sequence that is not in the step yet loses its pages (preemption) and waits
// until there is room to compute it again.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_SCHEDULER_H
#define FP8ATTN_EXAMPLES_SERVING_SCHEDULER_H

#include "PagePool.h"
#include "PrefixTree.h"
#include "Sequence.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace serving {

struct SchedulerOptions {
  int32_t numPages = 1024;
  /// Most rows of a step: longer ones make others wait for their next token.
  int32_t maxRows = 256;
  /// Most sequences that run at a time.
  int32_t maxSequences = 32;
  /// Most tokens to guess and verify behind the last one.
  int32_t numDrafts = 3;
  bool sharePrefixes = true;
  /// Tokens before its own that a token sees; 0: all. Set by the engine. Who
  /// shares pages holds all from the first on: windows take sharing's place,
  /// and prefixes that requests name count for nothing beside them.
  int32_t window = 0;
};

class Scheduler {
public:
  /// Sequences by order of arrival.
  using Queue = std::map<int64_t, std::unique_ptr<Sequence>>;

  explicit Scheduler(const SchedulerOptions &options);
  ~Scheduler();

  /// Takes a request. Returns why not, if it can never be served.
  std::optional<std::string> submit(Request request);

  /// Takes a sequence out, between steps. Does nothing if it is not there.
  void cancel(int64_t id);

  /// Returns the chunks of the next step, of a sequence each. Every page that
  /// they write has one holder. Empty only if nothing waits and nothing runs.
  std::vector<Chunk> plan();

  /// Takes over what the chunks computed. Those that are not done change
  /// nothing: their sequences are as before plan().
  void commit(const std::vector<Chunk> &chunks);

  /// Returns the sequences that ended since the last call; they hold no pages.
  std::vector<std::unique_ptr<Sequence>> takeEnded() {
    return std::exchange(ended, {});
  }

  bool isIdle() const { return waiting.empty() && running.empty(); }
  /// Pages that sequences hold; each counts once, however many share it.
  int32_t numPagesInUse() const {
    return pool.numPages() - pool.numFree() - tree.numEvictable();
  }

  /// For those who look whether all is in order.
  const PagePool &getPool() const { return pool; }
  const PrefixTree &getTree() const { return tree; }
  const Queue &getWaiting() const { return waiting; }
  const Queue &getRunning() const { return running; }

private:
  void addChunk(Sequence &sequence, int64_t order);
  bool admitFirst();
  bool reserve(Sequence &sequence, int32_t numTokens,
               std::optional<int64_t> mayPreemptAfter);
  bool preemptYoungest(int64_t after);
  void releasePages(Sequence &sequence);
  void releasePassed(Sequence &sequence);
  void accept(Sequence &sequence, const Chunk &chunk);
  void end(Queue &queue, Queue::iterator place);

  const SchedulerOptions options;
  PagePool pool;
  PrefixTree tree;
  Queue waiting, running;
  std::vector<std::unique_ptr<Sequence>> ended;
  int64_t numSubmitted = 0;
  /// While plan() is at work: what it has, and how many rows are left.
  std::vector<Chunk> chunks;
  int32_t rowsLeft = 0;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_SCHEDULER_H
