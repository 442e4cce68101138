//===- WorkerGroup.cpp - the computation of a step ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkerGroup.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <utility>

using namespace serving;

/// Adds the time that it lives to a sum.
namespace {
class Stopwatch {
public:
  explicit Stopwatch(double &sum) : sum(sum) {}
  ~Stopwatch() {
    const std::chrono::duration<double> passed = Clock::now() - begin;
    sum += passed.count();
  }

private:
  using Clock = std::chrono::steady_clock;
  double &sum;
  Clock::time_point begin = Clock::now();
};
} // namespace

WorkerGroup::WorkerGroup(const Model &model, KvCache &cache, int32_t numWorkers)
    : model(model), cache(cache), pool(numWorkers),
      workspace(allocateAligned(KvCache::workspaceBytes(numWorkers))) {
  fp8attn_context_init(&context);
  context.parallel_for = WorkerPool::parallelFor;
  context.pool = &pool;
  context.num_workers = numWorkers;
  context.workspace = workspace.get();
  context.workspace_bytes = KvCache::workspaceBytes(numWorkers);
}

/// Adds a sequence to the group of the one before it, or to one of its own if
/// that is behind other pages.
static void addToGroup(const Chunk &chunk, const Chunk *before,
                       BatchTables &batch) {
  const std::span<const int32_t> prefix = chunk.prefixPages();
  const auto numTokens = int32_t(prefix.size()) * kPageTokens;
  if (!before || !std::ranges::equal(prefix, before->prefixPages())) {
    batch.groupStart.push_back(batch.groupStart.back());
    batch.prefixLens.push_back(numTokens);
    batch.prefixTable.insert(batch.prefixTable.end(), prefix.begin(),
                             prefix.end());
    batch.prefixTable.resize(batch.numGroups() * batch.maxPages);
    batch.reads.numRead += numTokens;
  }
  batch.reads.numForEach += numTokens;
  ++batch.groupStart.back();
}

BatchTables WorkerGroup::gatherBatch(const std::vector<Chunk *> &chunks) {
  BatchTables batch;
  positions.clear();
  state.clear();
  for (const Chunk *chunk : chunks)
    batch.maxPages =
        std::max(batch.maxPages, int64_t(chunk->sequence->pages.size()));
  const Chunk *before = nullptr;
  for (const Chunk *chunk : chunks) {
    const Sequence &sequence = *chunk->sequence;
    int32_t position = sequence.numComputed;
    for (const Token token : chunk->rows) {
      batch.slots.push_back(int64_t(sequence.pages[position / kPageTokens]) *
                                kPageTokens +
                            position % kPageTokens);
      positions.push_back(position++);
      state.resize(state.size() + kWidth);
      model.embedding.copyOutput(token, state.data() + state.size() - kWidth);
    }
    addToGroup(*chunk, std::exchange(before, chunk), batch);
    batch.seqLens.push_back(position - batch.prefixLens.back());
    batch.queryStart.push_back(int32_t(batch.numRows()));
    batch.blockTable.insert(batch.blockTable.end(),
                            sequence.pages.begin() +
                                int64_t(chunk->prefixPages().size()),
                            sequence.pages.end());
    batch.blockTable.resize(batch.numSequences() * batch.maxPages);
  }
  return batch;
}

fp8attn_status WorkerGroup::runLayer(int index, BatchTables &batch) {
  const Layer &layer = model.layers[index];
  const int64_t rows = batch.numRows();
  normalizeRows(pool, state.data(), rows, layer.attentionGain, normed.data());
  const auto project = [&](const Matrix &weights, int numHeads, bool rotates,
                           std::vector<uint16_t> &heads) {
    weights.multiply(pool, normed.data(), rows, projected.data());
    const int width = numHeads * kHeadDim;
    pool.forEach(rows, [&](int64_t row) {
      float *in = &projected[row * width];
      if (rotates)
        rotateHeads(model, in, numHeads, positions[row]);
      std::transform(in, in + width, &heads[row * width], toBf16);
    });
  };
  project(layer.query, kQueryHeads, true, query);
  project(layer.key, kKvHeads, true, key);
  project(layer.value, kKvHeads, false, value);
  if (observe)
    observe(index, key, value);

  {
    Stopwatch watch(times.write);
    if (const fp8attn_status status =
            cache.write(context, index, key.data(), value.data(), batch))
      return status;
  }
  {
    Stopwatch watch(times.attention);
    if (const fp8attn_status status =
            cache.attend(context, index, query.data(), batch, out.data()))
      return status;
  }
  std::transform(out.begin(), out.end(), attended.begin(), fromBf16);
  layer.output.multiply(pool, attended.data(), rows, projected.data());
  addRows(projected, state);
  applyHidden(pool, layer, rows, hiddenBuffers, state);
  return FP8ATTN_OK;
}

static uint64_t hashRow(const float *row) {
  uint64_t hash = 0xCBF29CE484222325; // FNV-1a
  for (int i = 0; i < kWidth; ++i)
    hash = (hash ^ std::bit_cast<uint32_t>(row[i])) * 0x100000001B3;
  return hash;
}

void WorkerGroup::predict(const std::vector<Chunk *> &chunks) {
  // The rows whose logits somebody wants move to the front.
  int64_t numRows = 0, row = 0;
  for (Chunk *chunk : chunks) {
    const auto size = int64_t(chunk->rows.size());
    for (int64_t i = size - chunk->numLogitRows(); i < size; ++i)
      std::copy_n(&state[(row + i) * kWidth], kWidth,
                  &state[numRows++ * kWidth]);
    row += size;
  }
  normalizeRows(pool, state.data(), numRows, model.gain, normed.data());
  std::vector<float> logits(numRows * kVocabulary);
  model.embedding.multiply(pool, normed.data(), numRows, logits.data());
  int64_t end = 0;
  for (Chunk *chunk : chunks) {
    const int64_t begin = end;
    end += chunk->numLogitRows();
    if (chunk->sequence->request.keepsLogits)
      chunk->logits.assign(logits.begin() + begin * kVocabulary,
                           logits.begin() + end * kVocabulary);
    if (!chunk->reachesEnd())
      continue;
    // The last of them say what follows.
    for (row = end - chunk->numDrafts - 1; row < end; ++row) {
      const auto first = logits.begin() + row * kVocabulary;
      const auto best = std::max_element(first, first + kVocabulary);
      chunk->predictions.push_back(
          {Token(best - first), hashRow(&normed[row * kWidth])});
    }
  }
}

fp8attn_status WorkerGroup::run(std::vector<Chunk *> chunks) {
  Stopwatch watch(times.all);
  // Those behind the same pages make a group.
  std::sort(chunks.begin(), chunks.end(),
            [](const Chunk *first, const Chunk *second) {
              return std::ranges::lexicographical_compare(
                  first->prefixPages(), second->prefixPages());
            });
  BatchTables batch = gatherBatch(chunks);
  const size_t rows = size_t(batch.numRows());
  normed.resize(rows * kWidth);
  projected.resize(rows * std::max(kQueryWidth, kWidth));
  attended.resize(rows * kQueryWidth);
  query.resize(rows * kQueryWidth);
  out.resize(rows * kQueryWidth);
  key.resize(rows * kKvWidth);
  value.resize(rows * kKvWidth);
  for (int layer = 0; layer < int(model.layers.size()); ++layer)
    if (const fp8attn_status status = runLayer(layer, batch))
      return status;
  predict(chunks);
  reads.numRead += batch.reads.numRead;
  reads.numForEach += batch.reads.numForEach;
  for (Chunk *chunk : chunks)
    chunk->isDone = true;
  return FP8ATTN_OK;
}
