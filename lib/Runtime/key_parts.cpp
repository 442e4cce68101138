//===- key_parts.cpp - blocks whose keys are divided among workers --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How many rows a block has, and what becomes of few blocks. A block of query
// rows has one worker for all its keys if there are enough blocks. If there are
// not, each part of its keys has a worker, which leaves its state in the
// workspace; the one that is ready last joins all. Nobody waits.
//
//===----------------------------------------------------------------------===//

#include "item_order.h"

#include <algorithm>
#include <cstring>

/// With fewer blocks than this for each worker, some would wait for others.
static constexpr int64_t kBlocksPerWorker = 4;

/// From kEnoughRows on it does not matter what it costs an item to decode its
/// keys and values, and each worker should have kItemsPerWorker items: those of
/// causal attention take twice the average at worst.
static constexpr int64_t kEnoughRows = 96;
static constexpr int64_t kItemsPerWorker = 8;

int64_t fp8attn_item_rows(const fp8attn_context *context, int64_t num_tokens,
                          int64_t num_seqs, int64_t group, int64_t num_kv_heads,
                          int64_t most) {
  const int64_t workers = fp8attn::workersOf(context);
  const int64_t blocks = fp8attn_num_work_items(
      num_tokens, num_seqs, FP8ATTN_BLOCK_ROWS, group, num_kv_heads);
  if (workers == 1)
    return most;
  // What may be divided into parts of keys must stay divisible.
  if (blocks < kBlocksPerWorker * workers)
    return FP8ATTN_BLOCK_ROWS;
  const int64_t share = num_tokens * group * num_kv_heads / workers;
  const int64_t wanted =
      std::max(share / kItemsPerWorker, std::min(share, kEnoughRows));
  const int64_t largest =
      std::clamp<int64_t>(wanted / FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_ROWS,
                          FP8ATTN_BLOCK_ROWS, most);
  // Of sequences of the average length, alike: the size with which the workers'
  // last items end first. Others are fewer rows and no fewer turns.
  const int64_t average = std::max<int64_t>(num_tokens * group / num_seqs, 1);
  int64_t best = largest, least = INT64_MAX;
  for (int64_t rows = largest; 2 * rows >= largest;
       rows -= FP8ATTN_BLOCK_ROWS) {
    const int64_t items = num_seqs * num_kv_heads * ((average - 1) / rows + 1);
    const int64_t turns = (items - 1) / workers + 1;
    const int64_t time =
        turns * (std::min(rows, average) + FP8ATTN_ROWS_OF_A_DECODING);
    if (time < least) {
      least = time;
      best = rows;
    }
  }
  return best;
}

int64_t fp8attn_num_parts(const fp8attn_context *context, int64_t num_blocks,
                          int64_t rows, const int32_t *query_start,
                          const int32_t *seq_lens, int64_t num_seqs,
                          int64_t num_tokens, int64_t group,
                          int64_t num_kv_heads, int64_t top_left, int64_t left,
                          int64_t right, int64_t most_keys) {
  const int64_t workers = fp8attn::workersOf(context);
  if (workers == 1)
    return 1;
  fp8attn::orderItems(context, rows, query_start, seq_lens, num_seqs, group,
                      left);
  if (num_blocks >= kBlocksPerWorker * workers ||
      num_blocks > FP8ATTN_MAX_DIVIDED_BLOCKS || rows > FP8ATTN_BLOCK_ROWS)
    return 1;
  // Most parts of a block: the item of a part that does not exist says so too.
  int64_t parts = 1;
  for (int64_t block = 0; block < num_blocks; ++block) {
    fp8attn_work_item item;
    constexpr int64_t kAnyNumber = 2;
    fp8attn_work_item_init(/*context=*/nullptr, &item, block * kAnyNumber,
                           kAnyNumber, rows, query_start, seq_lens, num_seqs,
                           num_tokens, group, num_kv_heads, top_left, left,
                           right, most_keys);
    parts = std::max(parts, item.num_parts);
  }
  if (parts == 1 || num_blocks * parts > workers * FP8ATTN_PARTS_PER_WORKER)
    return 1;
  std::memset(context->workspace, 0,
              static_cast<size_t>(num_blocks) * sizeof(int32_t));
  return parts;
}

/// A state of the online softmax in a slot of the workspace.
struct PartState {
  float *max, *sum, *acc;
};

static PartState stateIn(const fp8attn_context *context, int64_t slot,
                         int64_t shareBytes, int64_t channels) {
  char *share = static_cast<char *>(context->workspace) +
                slot / FP8ATTN_PARTS_PER_WORKER * shareBytes;
  char *state =
      share + FP8ATTN_LOOP_BYTES +
      slot % FP8ATTN_PARTS_PER_WORKER * fp8attn_part_state_bytes(channels);
  float *max = reinterpret_cast<float *>(state);
  return {max, max + FP8ATTN_BLOCK_ROWS, max + 2 * FP8ATTN_BLOCK_ROWS};
}

static void copyState(const PartState &from, const PartState &to, int64_t rows,
                      int64_t channels) {
  const int64_t tileRows =
      (rows + FP8ATTN_TILE_ROWS - 1) / FP8ATTN_TILE_ROWS * FP8ATTN_TILE_ROWS;
  const auto bytes = [](int64_t floats) {
    return static_cast<size_t>(floats) * sizeof(float);
  };
  std::memcpy(to.max, from.max, bytes(rows));
  std::memcpy(to.sum, from.sum, bytes(rows));
  std::memcpy(to.acc, from.acc, bytes(tileRows * channels));
}

int32_t fp8attn_hand_over(const fp8attn_context *context,
                          const fp8attn_work_item *item, int64_t share_bytes,
                          int64_t channels, float *row_max, float *row_sum,
                          float *row_acc, fp8attn_uk_join_fn join) {
  const int64_t rows = item->num_rows;
  const PartState own = {row_max, row_sum, row_acc};
  const int64_t firstSlot = item->slot - item->part;
  const auto stateOf = [&](int64_t part) {
    return stateIn(context, firstSlot + part, share_bytes, channels);
  };
  copyState(own, stateOf(item->part), rows, channels);
  auto *counters = static_cast<int32_t *>(context->workspace);
  // Releases this state, and acquires those of the parts counted before.
  if (__atomic_add_fetch(&counters[item->block], 1, __ATOMIC_ACQ_REL) !=
      item->num_parts)
    return 0;
  copyState(stateOf(0), own, rows, channels);
  for (int64_t part = 1; part < item->num_parts; ++part) {
    const PartState other = stateOf(part);
    join(rows, channels, row_max, row_sum, row_acc, other.max, other.sum,
         other.acc);
  }
  return 1;
}
