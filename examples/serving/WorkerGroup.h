//===- WorkerGroup.h - threads, context and memory --------------*- C++ -*-===//
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups compute chunks of one step side by side, each with a context of its
// own, as a context belongs to one call at a time; they read and write one
// cache. On a machine with several memories, a group would be the cores of one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_WORKERGROUP_H
#define FP8ATTN_EXAMPLES_SERVING_WORKERGROUP_H

#include "KvCache.h"
#include "Sequence.h"

#include <functional>
#include <vector>

namespace serving {

/// Seconds that a group spent.
struct StepTimes {
  double attention = 0, write = 0, all = 0;
};

class WorkerGroup {
public:
  WorkerGroup(const Model &model, KvCache &cache, int32_t numWorkers);

  /// Computes the chunks: one call of each function for each layer. If a call
  /// fails, no chunk is done, and the context has the reason.
  fp8attn_status run(std::vector<Chunk *> chunks);

  fp8attn_context context;
  StepTimes times;
  PrefixReads reads;
  /// If set, sees the keys and values of a layer, [rows, kKvHeads, kHeadDim] in
  /// bf16, before they are written.
  std::function<void(int layer, const std::vector<uint16_t> &key,
                     const std::vector<uint16_t> &value)>
      observe;

private:
  BatchTables gatherBatch(const std::vector<Chunk *> &chunks);
  fp8attn_status runLayer(int layer, BatchTables &batch);
  void predict(const std::vector<Chunk *> &chunks);

  const Model &model;
  KvCache &cache;
  WorkerPool pool;
  AlignedMemory workspace;
  /// Of each row of the step: its position in its sequence, and values by
  /// channel.
  std::vector<int32_t> positions;
  std::vector<float> state, normed, projected, attended;
  HiddenBuffers hiddenBuffers;
  std::vector<uint16_t> query, key, value, out;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_WORKERGROUP_H
