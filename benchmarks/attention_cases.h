//===- attention_cases.h - decode and prefill -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention of a batch on one thread, built from kernels as compiled code does
// it: work item by work item.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_ATTENTION_CASES_H
#define FP8ATTN_BENCHMARKS_ATTENTION_CASES_H

#include "paged_data.h"

#include <array>
#include <string>

namespace fp8attn {

/// The kernels of a work item that are timed apart.
enum Phase { kQuery, kQk, kSoftmax, kPv, kFinish, kNumPhases };

/// A batch, ready to run.
class AttentionCase {
public:
  AttentionCase(const KernelSet &kernels, const BatchShape &shape);

  /// Attention of all items over the next layer's cache with fused kernels.
  void runDecode();

  /// The same, causal, with separate kernels; adds up the time of each phase.
  void runPrefill();

  /// Reads the next layer's cache and does nothing else.
  void runRead();

  /// Returns each phase's share of all runPrefill so far.
  std::string phaseShares() const;

  /// Bytes of the cache that a run reads once.
  double cacheBytes() const;

  /// Operations of a causal run, two for each multiplication and addition of
  /// scores and outputs that the mask leaves.
  double causalFlops() const;

private:
  void nextLayer();
  template <class Body> void forItems(bool causal, const Body &body);
  void prefillItem(const fp8attn_work_item &item, const fp8attn_key_run &run);
  template <class Body> void timed(Phase phase, const Body &body);
  void gatherQuery(const fp8attn_work_item &item);
  void finish(const fp8attn_work_item &item);

  const KernelSet kernels;
  const BatchShape shape;
  const PagedCache cache;
  std::vector<std::vector<const uint8_t *>> blocks;
  std::vector<uint16_t> query, out;
  std::vector<int32_t> queryStart, seqLens;
  int64_t layer = 0;
  AlignedBuffer tiles, scores, probs, acc, scratch;
  float rowScale[FP8ATTN_BLOCK_ROWS], rowMax[FP8ATTN_BLOCK_ROWS],
      rowSum[FP8ATTN_BLOCK_ROWS];
  int32_t rowBegin[FP8ATTN_BLOCK_ROWS], rowLimit[FP8ATTN_BLOCK_ROWS];
  std::array<double, kNumPhases> phaseSeconds = {};
};

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_ATTENTION_CASES_H
