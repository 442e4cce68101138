//===- work_item.cpp - from an index to a block of query rows -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers the blocks of a ragged batch without a pass over it, so that a loop
// can start at once and each worker finds its block by a binary search: in the
// order of sequences that item_order.cpp has made of a batch of few, or else by
// a formula.
//
// Let x be the rows of one KV head before a sequence (query_start * group), n
// the rows of the sequence and R the rows of a block. Sequence b owns the
// blocks from base(b) = floor(x / R) + b up to the base of its successor, that
// is floor((x + n) / R) - floor(x / R) + 1 of them. As floor((x + n) / R) >=
// floor(x / R) + floor(n / R), these are at least floor(n / R) + 1, and the
// sequence needs ceil(n / R), which is no more. A sequence never owns fewer
// than one, so bases rise strictly and a block has one owner; those that an
// owner does not need are surplus.
//
// Where there are fewer blocks than it takes to keep all workers busy, as in
// the decode of one long sequence, their keys are divided into parts, which
// have a number each. A row's result is the join of its parts' states in any
// case, so that dividing them changes no bit of it.
//
// The window of a query moves on with it: what a block sees begins with the
// keys of its first query and ends with those of its last.
//
// An item tells which keys its thread needs next. One worker takes items one
// after the other. Several take ranges of them, whose ends nobody tells: with
// few items a range is a single one, and what follows it is somebody else's.
//
//===----------------------------------------------------------------------===//

#include "item_order.h"

#include "fp8attn/Runtime/visible_keys.h"

#include <algorithm>

static int64_t blockBase(int64_t tokensBefore, int64_t sequence, int64_t group,
                         int64_t rows) {
  return tokensBefore * group / rows + sequence;
}

/// Returns the last number up to `last` whose base is not beyond `block`, as
/// that of 0 is not. Bases do not fall.
template <typename BaseOf>
static int64_t findLast(int64_t last, int64_t block, BaseOf baseOf) {
  int64_t first = 0;
  while (first < last) {
    const int64_t middle = first + (last - first + 1) / 2;
    if (baseOf(middle) <= block)
      first = middle;
    else
      last = middle - 1;
  }
  return first;
}

/// Sets first_key and num_keys of an item with all keys of its block; the
/// members before them are known.
static void findKeys(fp8attn_work_item *item) {
  item->first_key = item->num_keys = 0;
  item->num_parts = 1;
  item->part = 0;
  item->next = {};
  if (item->num_rows == 0)
    return;
  int64_t firstToken = item->first_row / item->group;
  int64_t lastToken = (item->first_row + item->num_rows - 1) / item->group;
  const fp8attn_key_range keys = fp8attn_read_keys(item, firstToken, lastToken);
  item->first_key = keys.begin;
  item->num_keys = keys.end;
}

/// Turns an item with all keys of its block into one of its parts.
static void takePart(fp8attn_work_item *item, int64_t part) {
  const int64_t before = item->first_key / FP8ATTN_PART_KEYS;
  const int64_t end =
      (item->num_keys + FP8ATTN_PART_KEYS - 1) / FP8ATTN_PART_KEYS;
  item->num_parts = std::max<int64_t>(end - before, 1);
  item->part = part;
  if (part >= item->num_parts) {
    item->num_rows = item->first_key = item->num_keys = 0;
    return;
  }
  const int64_t first = (before + part) * FP8ATTN_PART_KEYS;
  item->first_key = std::max(item->first_key, first);
  item->num_keys = std::min(item->num_keys, first + FP8ATTN_PART_KEYS);
}

int64_t fp8attn_num_work_items(int64_t num_tokens, int64_t num_seqs,
                               int64_t rows, int64_t group,
                               int64_t num_kv_heads) {
  return num_kv_heads * blockBase(num_tokens, num_seqs, group, rows);
}

namespace {
/// Where a block is in its batch.
struct BlockPlace {
  int64_t sequence, kvHead;
  /// Of the sequence's rows; not below their number if the block is surplus.
  int64_t firstRow;
};
} // namespace

/// Finds a block of `rows` rows in the order of `entries`.
static BlockPlace findOrdered(const fp8attn_ordered_sequence *entries,
                              int64_t numSeqs, int64_t numKvHeads, int64_t rows,
                              int64_t block) {
  const int64_t number = block / numKvHeads;
  // The last entry that begins at this number or before, and so has a block.
  const int64_t place = findLast(
      numSeqs, number, [&](int64_t i) { return entries[i].first_block; });
  if (place == numSeqs)
    return {entries[0].sequence, 0, entries[1].first_block * rows};
  return {entries[place].sequence, block % numKvHeads,
          (entries[place + 1].first_block - 1 - number) * rows};
}

/// fp8attn_work_item_init without the next item.
static void findItem(const fp8attn_context *context, fp8attn_work_item *item,
                     int64_t index, int64_t parts, int64_t rows,
                     const int32_t *query_start, const int32_t *seq_lens,
                     int64_t num_seqs, int64_t num_tokens, int64_t group,
                     int64_t num_kv_heads, int64_t top_left, int64_t left,
                     int64_t right, int64_t most_keys) {
  item->block = index / parts;
  item->slot = index;
  BlockPlace place;
  if (auto *order = fp8attn::findOrder(context, num_seqs)) {
    place = findOrdered(order, num_seqs, num_kv_heads, rows, item->block);
  } else {
    const int64_t blocks = blockBase(num_tokens, num_seqs, group, rows);
    const int64_t block = item->block % blocks;
    const auto baseOf = [&](int64_t i) {
      return blockBase(query_start[i], i, group, rows);
    };
    place.kvHead = item->block / blocks;
    place.sequence = findLast(num_seqs - 1, block, baseOf);
    place.firstRow = (block - baseOf(place.sequence)) * rows;
  }
  const int64_t sequence = place.sequence, firstRow = place.firstRow;
  int64_t queryBegin = query_start[sequence];
  int64_t seqQ = query_start[sequence + 1] - queryBegin;
  int64_t seqK = seq_lens[sequence];
  int64_t numRows = std::clamp<int64_t>(seqQ * group - firstRow, 0, rows);

  item->sequence = sequence;
  item->kv_head = place.kvHead;
  item->group = group;
  item->query_begin = queryBegin;
  item->seq_q = seqQ;
  item->seq_k = std::min(seqK, most_keys);
  item->first_row = firstRow;
  item->num_rows = numRows;
  item->diagonal = fp8attn_diagonal(seqQ, seqK, top_left);
  item->left = left;
  item->right = right;
  findKeys(item);
  if (parts > 1)
    takePart(item, index % parts);
}

/// Items of a worker from which on most are followed by another one of its own:
/// its ranges, 64 of a loop of the pool, are of several then.
static constexpr int64_t kItemsOfWorker = 256;
/// Items after one, among which the next one with keys is looked for: blocks of
/// rows come with a surplus one now and then.
static constexpr int64_t kItemsToLookAt = 2;

void fp8attn_work_item_init(const fp8attn_context *context,
                            fp8attn_work_item *item, int64_t index,
                            int64_t parts, int64_t rows,
                            const int32_t *query_start, const int32_t *seq_lens,
                            int64_t num_seqs, int64_t num_tokens, int64_t group,
                            int64_t num_kv_heads, int64_t top_left,
                            int64_t left, int64_t right, int64_t most_keys) {
  const auto find = [&](fp8attn_work_item *to, int64_t number) {
    findItem(context, to, number, parts, rows, query_start, seq_lens, num_seqs,
             num_tokens, group, num_kv_heads, top_left, left, right, most_keys);
  };
  find(item, index);
  // More rows compute for longer than it takes to read their keys.
  if (item->num_rows == 0 || item->num_rows > FP8ATTN_BLOCK_ROWS)
    return;
  const int64_t count =
      parts *
      fp8attn_num_work_items(num_tokens, num_seqs, rows, group, num_kv_heads);
  const int64_t workers = context ? fp8attn::workersOf(context) : 1;
  if (workers > 1 && count / workers < kItemsOfWorker)
    return;
  const int64_t end = std::min(count, index + 1 + kItemsToLookAt);
  fp8attn_work_item next = {};
  for (int64_t i = index + 1; i < end && next.num_keys == 0; ++i)
    find(&next, i);
  if (next.num_keys > 0)
    item->next = {next.sequence, next.kv_head, next.first_key, next.num_keys};
}

void fp8attn_dense_item_init(fp8attn_work_item *item, int64_t index,
                             int64_t seq_q, int64_t seq_k, int64_t diagonal,
                             int64_t group, int64_t num_kv_heads,
                             int64_t block_rows, int64_t left, int64_t right) {
  const int64_t rows = seq_q * group;
  const int64_t blocks = (rows + block_rows - 1) / block_rows;
  const int64_t head = index / blocks;

  item->block = index;
  item->sequence = head / num_kv_heads;
  item->kv_head = head % num_kv_heads;
  item->group = group;
  item->query_begin = 0;
  item->seq_q = seq_q;
  item->seq_k = seq_k;
  item->first_row = index % blocks * block_rows;
  item->num_rows = std::min(rows - item->first_row, block_rows);
  item->diagonal = diagonal;
  item->left = left;
  item->right = right;
  findKeys(item);
}

void fp8attn_key_run_init(fp8attn_key_run *run, const fp8attn_work_item *item,
                          const void *keys, int64_t key_page_bytes,
                          int64_t key_head_bytes, int64_t key_share,
                          const void *values, int64_t value_page_bytes,
                          int64_t value_head_bytes, int64_t value_share,
                          int64_t value_offset, const int32_t *block_table,
                          int64_t table_stride, int64_t page_tokens) {
  const auto *keyBytes = static_cast<const uint8_t *>(keys);
  const auto *valueBytes = static_cast<const uint8_t *>(values);
  // Without keys the cache and the table may be null, and stay as they are.
  bool hasKeys = item->num_keys > 0;
  int64_t head = hasKeys ? item->kv_head : 0;
  const auto findKeys = [&](int64_t kvHead) {
    return keyBytes + kvHead / key_share * key_head_bytes;
  };
  const auto findValues = [&](int64_t kvHead) {
    return valueBytes + kvHead / value_share * value_head_bytes + value_offset;
  };
  run->keys = findKeys(head);
  run->values = hasKeys ? findValues(head) : valueBytes;
  run->key_page_bytes = key_page_bytes;
  run->value_page_bytes = value_page_bytes;
  // Keys end where values begin, or, in a cache of their own, with the head.
  const int64_t key_bytes = value_offset > 0 ? value_offset : key_head_bytes;
  run->key_granule_bytes = key_bytes * FP8ATTN_GRANULE / page_tokens;
  run->value_granule_bytes =
      (value_head_bytes - value_offset) * FP8ATTN_GRANULE / page_tokens;
  run->pages = block_table + (hasKeys ? item->sequence * table_stride : 0);
  run->page_tokens = page_tokens;
  run->first_key = item->first_key;
  run->num_keys = item->num_keys;
  run->next = {};
  const fp8attn_next_item &next = item->next;
  if (next.num_keys > 0)
    run->next = {findKeys(next.kv_head), findValues(next.kv_head),
                 block_table + next.sequence * table_stride, next.first_key,
                 next.num_keys};
}
