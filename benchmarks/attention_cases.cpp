//===- attention_cases.cpp - decode and prefill ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work items and key runs come from the runtime, kernels from the table.
//
//===----------------------------------------------------------------------===//

#include "attention_cases.h"

#include "common/tile_layout.h"
#include "fp8attn/Runtime/lowering_abi.h"
#include "limits.h"
#include "measure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace fp8attn {

/// Power of two in the probabilities: keeps products with small FP8 words
/// above the denormals.
constexpr int64_t kProbExponent = 40;

AttentionCase::AttentionCase(const KernelSet &kernels, const BatchShape &shape)
    : kernels(kernels), shape(shape), cache(shape, kernels.elementBits(), 1),
      query(randomBf16(shape.tokens() * shape.heads * shape.headDim, 2)),
      out(query.size()), seqLens(shape.sequences, shape.keys),
      tiles(FP8ATTN_BLOCK_ROWS * shape.headDim * 2),
      scores(FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_KEYS * 4),
      probs(FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_KEYS * 2),
      acc(FP8ATTN_BLOCK_ROWS * shape.headDim * 4),
      scratch(FP8ATTN_KERNEL_SCRATCH_BYTES) {
  for (int64_t s = 0; s <= shape.sequences; ++s)
    queryStart.push_back(static_cast<int32_t>(s * shape.queries));
  for (int64_t l = 0; l < shape.layers; ++l)
    blocks.push_back(cache.blocks(shape, l));
}

void AttentionCase::nextLayer() { layer = (layer + 1) % shape.layers; }

template <class Body>
void AttentionCase::forItems(bool causal, const Body &body) {
  TileScope tileScope(kernels.isa);
  const uint8_t *data = cache.layers[layer].data();
  const int64_t count =
      fp8attn_num_work_items(shape.tokens(), shape.sequences,
                             FP8ATTN_BLOCK_ROWS, shape.group(), shape.kvHeads);
  for (int64_t i = 0; i < count; ++i) {
    fp8attn_work_item item;
    fp8attn_work_item_init(
        /*context=*/nullptr, &item, i, /*parts=*/1, FP8ATTN_BLOCK_ROWS,
        queryStart.data(), seqLens.data(), shape.sequences, shape.tokens(),
        shape.group(), shape.kvHeads,
        /*top_left=*/0, FP8ATTN_UNBOUNDED, causal ? 0 : FP8ATTN_UNBOUNDED,
        FP8ATTN_UNBOUNDED);
    if (item.num_rows == 0)
      continue;
    fp8attn_key_run run;
    fp8attn_key_run_init(&run, &item, data, cache.pageBytes, cache.headBytes,
                         /*key_share=*/1, data, cache.pageBytes,
                         cache.headBytes, /*value_share=*/1,
                         cache.headBytes / 2, cache.blockTable.data(),
                         shape.pagesPerSequence(), shape.pageTokens);
    body(item, run);
  }
  nextLayer();
}

void AttentionCase::gatherQuery(const fp8attn_work_item &item) {
  // Scores of integers as those of FP8.
  const double keyScale = kernels.cache == "i8"   ? 0x1p-7
                          : kernels.cache == "i4" ? 0x1p-3
                                                  : 1;
  const float scale =
      static_cast<float>(keyScale * std::log2(std::exp(1.0)) /
                         std::sqrt(static_cast<double>(shape.headDim)));
  kernels.query(&item, query.data(), shape.heads * shape.headDim, shape.headDim,
                shape.headDim, scale, kernels.keyExponent, tiles.data(),
                rowScale, rowBegin, rowLimit);
}

void AttentionCase::finish(const fp8attn_work_item &item) {
  kernels.finish(&item, acc.as<float>(), rowMax, rowSum, /*sink=*/nullptr,
                 shape.headDim, 1, /*out_scale=*/nullptr, kernels.valueExponent,
                 kProbExponent, out.data(), shape.heads * shape.headDim,
                 shape.headDim, nullptr, 0, 0);
}

void AttentionCase::runDecode() {
  forItems(false, [&](const fp8attn_work_item &item,
                      const fp8attn_key_run &run) {
    gatherQuery(item);
    kernels.attend(&run, run.first_key, run.num_keys - run.first_key,
                   tiles.data(), item.num_rows, shape.headDim, shape.headDim,
                   rowScale, rowBegin, rowLimit, kProbExponent, rowMax, rowSum,
                   acc.as<float>(), scratch.data());
    finish(item);
  });
}

template <class Body> void AttentionCase::timed(Phase phase, const Body &body) {
  const double start = wallTime();
  body();
  phaseSeconds[phase] += wallTime() - start;
}

void AttentionCase::prefillItem(const fp8attn_work_item &item,
                                const fp8attn_key_run &run) {
  const int64_t rows = item.num_rows, channels = shape.headDim;
  float *sums = acc.as<float>(), *logits = scores.as<float>();
  timed(kQuery, [&] {
    gatherQuery(item);
    kernels.init(rows, channels, rowMax, rowSum, sums);
  });
  for (int64_t key = item.first_key, keys; key < item.num_keys; key += keys) {
    keys = stepKeys(key, item.num_keys);
    timed(kQk, [&] {
      kernels.qk(&run, key, keys, tiles.data(), rows, channels, logits,
                 scratch.data());
    });
    timed(kSoftmax, [&] {
      kernels.softmax(key, keys, rows, logits, rowScale, rowBegin, rowLimit,
                      kProbExponent, channels, rowMax, rowSum, sums,
                      probs.data());
    });
    timed(kPv, [&] {
      kernels.pv(&run, key, keys, probs.data(), rows, channels, sums,
                 scratch.data());
    });
  }
  timed(kFinish, [&] { finish(item); });
}

void AttentionCase::runPrefill() {
  forItems(true, [&](const fp8attn_work_item &item,
                     const fp8attn_key_run &run) { prefillItem(item, run); });
}

void AttentionCase::runRead() {
  readBlocks(blocks[layer].data(), blocks[layer].size(), cache.headBytes);
  nextLayer();
}

std::string AttentionCase::phaseShares() const {
  double total = 0;
  for (double seconds : phaseSeconds)
    total += seconds;
  const auto percent = [&](Phase phase) {
    return 100 * phaseSeconds[phase] / total;
  };
  char text[96];
  std::snprintf(text, sizeof(text),
                "query %.1f%% qk %.1f%% softmax %.1f%% pv %.1f%% finish %.1f%%",
                percent(kQuery), percent(kQk), percent(kSoftmax), percent(kPv),
                percent(kFinish));
  return text;
}

double AttentionCase::cacheBytes() const {
  return static_cast<double>(shape.cacheElements() * kernels.elementBits()) / 8;
}

double AttentionCase::causalFlops() const {
  const double visible = static_cast<double>(shape.queries) *
                         (static_cast<double>(shape.keys - shape.queries) +
                          (static_cast<double>(shape.queries) + 1) / 2);
  return 4.0 *
         static_cast<double>(shape.sequences * shape.heads * shape.headDim) *
         visible;
}

} // namespace fp8attn
