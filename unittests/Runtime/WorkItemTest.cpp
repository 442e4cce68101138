//===- WorkItemTest.cpp - every row is in one work item -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random ragged batches: each row of each KV head is in exactly one item, and
// an item has the keys that its rows see, looked at key by key.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Runtime/visible_keys.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

static constexpr int64_t kMaxTokens = 300;
static constexpr uint32_t kSeed = 7;

namespace {
struct Batch {
  std::vector<int32_t> queryStart = {0};
  std::vector<int32_t> seqLens;
  int64_t numSeqs() const { return static_cast<int64_t>(seqLens.size()); }
  int64_t numTokens() const { return queryStart.back(); }
};
} // namespace

/// Half of the sequences are decodes, some are empty, some have fewer keys than
/// queries.
static Batch makeBatch(std::mt19937 &random, int64_t numSeqs) {
  auto below = [&](int64_t bound) { return int32_t(random() % bound); };
  Batch batch;
  for (int64_t i = 0; i < numSeqs; ++i) {
    int32_t tokens = below(2) ? 1 : below(5) ? below(kMaxTokens) : 0;
    batch.queryStart.push_back(batch.queryStart.back() + tokens);
    batch.seqLens.push_back(below(4) ? tokens + below(kMaxTokens)
                                     : below(tokens + 1));
  }
  return batch;
}

namespace {
struct Window {
  int64_t topLeft, left, right;
  int64_t mostKeys = FP8ATTN_UNBOUNDED;
};
} // namespace

static constexpr Window kWindows[] = {
    {0, FP8ATTN_UNBOUNDED, FP8ATTN_UNBOUNDED},
    {0, FP8ATTN_UNBOUNDED, 0},
    {1, FP8ATTN_UNBOUNDED, 0},
    {0, 0, 0},
    {0, 20, 0},
    {1, 7, 300},
    {0, 0, FP8ATTN_UNBOUNDED},
    {1, FP8ATTN_UNBOUNDED - 1, FP8ATTN_UNBOUNDED - 1},
    {0, FP8ATTN_UNBOUNDED, FP8ATTN_UNBOUNDED, 33},
    {0, 20, 0, 100},
    {1, 7, 300, 64},
    {0, FP8ATTN_UNBOUNDED, 0, 0},
};
static constexpr Window kCausal = {0, FP8ATTN_UNBOUNDED, 0};

/// Returns whether a row sees a key of `seqK`, by the definition.
static bool sees(const fp8attn_work_item &item, const Window &window,
                 int64_t seqK, int64_t row, int64_t key) {
  const int64_t position =
      row / item.group + (window.topLeft ? 0 : seqK - item.seq_q);
  return key < window.mostKeys && key - position <= window.right &&
         position - key <= window.left;
}

/// Visits all items of a batch and counts each row.
static void expectCoverage(const Batch &batch, int64_t group, int64_t heads,
                           const Window &window,
                           int64_t blockRows = FP8ATTN_BLOCK_ROWS,
                           const fp8attn_context *context = nullptr) {
  int64_t rows = batch.numTokens() * group;
  std::vector<int> visits(rows * heads, 0);
  int64_t count = fp8attn_num_work_items(batch.numTokens(), batch.numSeqs(),
                                         blockRows, group, heads);
  int64_t lastHead = 0;
  for (int64_t index = 0; index < count; ++index) {
    fp8attn_work_item item;
    fp8attn_work_item_init(
        context, &item, index, /*parts=*/1, blockRows, batch.queryStart.data(),
        batch.seqLens.data(), batch.numSeqs(), batch.numTokens(), group, heads,
        window.topLeft, window.left, window.right, window.mostKeys);
    ASSERT_GE(item.sequence, 0);
    ASSERT_LT(item.sequence, batch.numSeqs());
    if (!context)
      ASSERT_GE(item.kv_head, lastHead) << "items of a head are neighbours";
    ASSERT_LT(item.kv_head, heads);
    lastHead = item.kv_head;
    ASSERT_EQ(item.query_begin, batch.queryStart[item.sequence]);
    ASSERT_EQ(item.query_begin + item.seq_q,
              batch.queryStart[item.sequence + 1]);
    const int64_t seqK = batch.seqLens[item.sequence];
    ASSERT_EQ(item.seq_k, std::min(seqK, window.mostKeys));
    ASSERT_EQ(item.group, group);
    ASSERT_EQ(item.left, window.left);
    ASSERT_EQ(item.right, window.right);
    ASSERT_EQ(item.first_row % blockRows, 0);
    ASSERT_GE(item.num_rows, 0);
    ASSERT_LE(item.num_rows, blockRows);

    int64_t begin = INT64_MAX, end = 0;
    for (int64_t row = item.first_row; row < item.first_row + item.num_rows;
         ++row) {
      ASSERT_LT(row, item.seq_q * group);
      ++visits[item.kv_head * rows + item.query_begin * group + row];
      for (int64_t key = 0; key < seqK; ++key)
        if (sees(item, window, seqK, row, key)) {
          begin = std::min(begin, key);
          end = std::max(end, key + 1);
        }
    }
    ASSERT_EQ(item.num_keys, end);
    ASSERT_EQ(item.first_key,
              end ? begin / FP8ATTN_GRANULE * FP8ATTN_GRANULE : 0);
  }
  for (int64_t i = 0; i < rows * heads; ++i)
    ASSERT_EQ(visits[i], 1) << "row " << i % rows << " of head " << i / rows;
}

namespace {
/// A loop on several workers, in whose workspace is an order of `batch`.
struct OrderedLoop {
  OrderedLoop(const Batch &batch, int64_t group, int64_t heads,
              const Window &window, int64_t rows) {
    fp8attn_context_init(&context);
    context.parallel_for = [](void *, int64_t, fp8attn_body, void *) {};
    context.num_workers = 2;
    context.workspace = workspace;
    const int64_t tokens = batch.numTokens(), sequences = batch.numSeqs();
    fp8attn_num_parts(
        &context, fp8attn_num_work_items(tokens, sequences, rows, group, heads),
        rows, batch.queryStart.data(), batch.seqLens.data(), sequences, tokens,
        group, heads, window.topLeft, window.left, window.right,
        FP8ATTN_UNBOUNDED);
  }

  fp8attn_context context;
  alignas(FP8ATTN_ALIGNMENT) char workspace[FP8ATTN_LOOP_BYTES];
};
} // namespace

TEST(WorkItem, RandomBatchesAreCovered) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same batches each time.
  std::mt19937 random(kSeed);
  for (int64_t group : {1, 3, 4, 7, 71})
    for (const Window &window : kWindows)
      for (int64_t numSeqs : {1, 2, 5, 17}) {
        SCOPED_TRACE(testing::Message()
                     << "seed " << kSeed << " group " << group << " window "
                     << window.topLeft << " " << window.left << " "
                     << window.right << " of " << window.mostKeys
                     << " sequences " << numSeqs);
        const Batch batch = makeBatch(random, numSeqs);
        for (int64_t rows : {FP8ATTN_BLOCK_ROWS, 5 * FP8ATTN_BLOCK_ROWS,
                             FP8ATTN_PREFILL_ROWS}) {
          expectCoverage(batch, group, /*heads=*/3, window, rows);
          const OrderedLoop loop(batch, group, /*heads=*/3, window, rows);
          expectCoverage(batch, group, /*heads=*/3, window, rows,
                         &loop.context);
        }
        if (testing::Test::HasFatalFailure())
          return;
      }
}

TEST(WorkItem, SequencesAtBlockBoundaries) {
  // Lengths around a block of 48 rows, each beginning anywhere in a block.
  Batch batch;
  for (int32_t tokens : {48, 47, 49, 0, 0, 96, 1, 48, 0}) {
    batch.queryStart.push_back(batch.queryStart.back() + tokens);
    batch.seqLens.push_back(tokens);
  }
  for (int64_t group : {1, 2, 48})
    expectCoverage(batch, group, /*heads=*/2, kCausal);
}

/// Decodes and chunks, the longest in the middle.
static Batch makeMixedBatch(int64_t decodes) {
  Batch batch;
  const auto add = [&](int32_t queries, int32_t keys) {
    batch.queryStart.push_back(batch.queryStart.back() + queries);
    batch.seqLens.push_back(keys);
  };
  for (int64_t i = 0; i < decodes; ++i)
    add(1, static_cast<int32_t>(100 + i * 977 % 4000));
  add(300, 3000);
  add(500, 500);
  add(0, 800);
  add(1, 30000);
  return batch;
}

// Sequences by what their longest block costs, a fifth apart at most; the last
// block of each first; the heads of a block side by side.
TEST(WorkItem, LongItemsComeFirst) {
  constexpr int64_t kHeads = 3, kGroup = 4, kRows = 96;
  const Batch batch = makeMixedBatch(20);
  const OrderedLoop loop(batch, kGroup, kHeads, kCausal, kRows);
  const int64_t count = fp8attn_num_work_items(
      batch.numTokens(), batch.numSeqs(), kRows, kGroup, kHeads);
  double longest = INFINITY;
  fp8attn_work_item before = {};
  before.sequence = -1;
  int64_t found = 0;
  for (int64_t index = 0; index < count; ++index) {
    fp8attn_work_item item;
    fp8attn_work_item_init(&loop.context, &item, index, /*parts=*/1, kRows,
                           batch.queryStart.data(), batch.seqLens.data(),
                           batch.numSeqs(), batch.numTokens(), kGroup, kHeads,
                           kCausal.topLeft, kCausal.left, kCausal.right,
                           FP8ATTN_UNBOUNDED);
    if (item.num_rows == 0)
      continue;
    ASSERT_EQ(item.kv_head, found++ % kHeads);
    if (item.kv_head > 0) {
      ASSERT_EQ(item.sequence, before.sequence);
      ASSERT_EQ(item.first_row, before.first_row);
    } else if (item.sequence == before.sequence) {
      ASSERT_EQ(item.first_row, before.first_row - kRows);
    } else {
      const double cost = static_cast<double>(
          std::min(item.seq_q * kGroup, kRows) * item.seq_k);
      ASSERT_LE(cost, 1.25 * longest) << "sequence " << item.sequence;
      longest = std::min(longest, cost);
    }
    before = item;
  }
}

// There is no room for an order of more.
TEST(WorkItem, ManySequencesStayAsTheyAre) {
  const Batch batch = makeMixedBatch(FP8ATTN_MAX_ORDERED_SEQUENCES);
  const OrderedLoop loop(batch, 4, 2, kCausal, FP8ATTN_BLOCK_ROWS);
  fp8attn_work_item item;
  fp8attn_work_item_init(
      &loop.context, &item, 0, /*parts=*/1, FP8ATTN_BLOCK_ROWS,
      batch.queryStart.data(), batch.seqLens.data(), batch.numSeqs(),
      batch.numTokens(), 4, 2, 0, FP8ATTN_UNBOUNDED, 0, FP8ATTN_UNBOUNDED);
  EXPECT_EQ(item.sequence, 0);
}

/// Checks of each item of a loop that it names the next one with keys, if that
/// is one of two, or, unless `expected`, none.
static void expectNextItems(const Batch &batch, int64_t parts,
                            const fp8attn_context *context, bool expected) {
  constexpr int64_t kGroup = 4, kHeads = 2, kRows = FP8ATTN_BLOCK_ROWS;
  const int64_t count =
      parts * fp8attn_num_work_items(batch.numTokens(), batch.numSeqs(), kRows,
                                     kGroup, kHeads);
  std::vector<fp8attn_work_item> items(static_cast<size_t>(count));
  for (int64_t index = 0; index < count; ++index)
    fp8attn_work_item_init(context, &items[index], index, parts, kRows,
                           batch.queryStart.data(), batch.seqLens.data(),
                           batch.numSeqs(), batch.numTokens(), kGroup, kHeads,
                           kCausal.topLeft, kCausal.left, kCausal.right,
                           FP8ATTN_UNBOUNDED);
  int64_t found = 0;
  for (int64_t index = 0; index < count; ++index) {
    fp8attn_work_item next = {};
    if (items[index].num_rows > 0 && expected)
      for (int64_t i : {index + 2, index + 1})
        if (i < count && items[i].num_keys > 0)
          next = items[i];
    const fp8attn_next_item &actual = items[index].next;
    ASSERT_EQ(actual.sequence, next.sequence) << "item " << index;
    ASSERT_EQ(actual.kv_head, next.kv_head);
    ASSERT_EQ(actual.first_key, next.first_key);
    ASSERT_EQ(actual.num_keys, next.num_keys);
    found += next.num_keys > 0;
  }
  ASSERT_EQ(found > 0, expected);
}

// What follows an item is the same thread's if there is one worker, or if there
// are many items for each.
TEST(WorkItem, TellsWhatComesNext) {
  std::mt19937 random(kSeed);
  const Batch batch = makeBatch(random, 20);
  for (int64_t parts : {1, 2})
    ASSERT_NO_FATAL_FAILURE(
        expectNextItems(batch, parts, /*context=*/nullptr, true));
  fp8attn_context context;
  fp8attn_context_init(&context);
  ASSERT_NO_FATAL_FAILURE(expectNextItems(batch, 1, &context, true));
  // More sequences than are put in an order, which is not there.
  Batch many;
  for (int32_t i = 0; i < 1000; ++i) {
    many.queryStart.push_back(i + 1);
    many.seqLens.push_back(100 + i);
  }
  context.parallel_for = [](void *, int64_t, fp8attn_body, void *) {};
  context.num_workers = 8;
  ASSERT_NO_FATAL_FAILURE(expectNextItems(many, 1, &context, true));
  context.num_workers = 9;
  ASSERT_NO_FATAL_FAILURE(expectNextItems(many, 1, &context, false));
}

TEST(WorkItem, EmptyBatchHasNoItems) {
  EXPECT_EQ(fp8attn_num_work_items(0, 0, FP8ATTN_BLOCK_ROWS, 4, 8), 0);
}

TEST(WorkItem, DecodeBeginsAtTheGranuleOfItsWindow) {
  const int32_t starts[] = {0, 1}, lengths[] = {10000};
  fp8attn_work_item item;
  fp8attn_work_item_init(/*context=*/nullptr, &item, 0, /*parts=*/1,
                         FP8ATTN_BLOCK_ROWS, starts, lengths, 1, 1, 4, 1, 0,
                         4095, 0, FP8ATTN_UNBOUNDED);
  // The first of 4,096 keys is key 5,904.
  EXPECT_EQ(item.first_key, 184 * FP8ATTN_GRANULE);
  EXPECT_EQ(item.num_keys, 10000);
}

TEST(WorkItem, DecodeNeedsFewSurplusItems) {
  // 64 sequences of one token, 4 rows each: 64 blocks and 5 surplus ones.
  EXPECT_EQ(fp8attn_num_work_items(64, 64, FP8ATTN_BLOCK_ROWS, 4, 8), 8 * 69);
}

TEST(WorkItem, LargestBatchDoesNotOverflow) {
  EXPECT_EQ(fp8attn_num_work_items(INT32_MAX, 1, FP8ATTN_BLOCK_ROWS, 71, 1),
            int64_t(INT32_MAX) * 71 / FP8ATTN_BLOCK_ROWS + 1);
}

/// Every row of every head of every entry is in one item, in order, and its
/// keys are those of the item of a ragged batch with the same block.
TEST(DenseItem, RowsOfAllHeadsOnce) {
  constexpr int64_t kEntries = 3, kHeads = 2, kSeqK = 700;
  for (int64_t group : {1, 3, 71})
    for (int64_t queries : {1, 16, 64, 65, 300})
      for (const Window &window : kWindows) {
        int64_t index = 0;
        for (int64_t entry = 0; entry < kEntries; ++entry)
          for (int64_t head = 0; head < kHeads; ++head)
            for (int64_t row = 0; row < queries * group; ++index) {
              fp8attn_work_item item;
              fp8attn_dense_item_init(
                  &item, index, queries, kSeqK,
                  fp8attn_diagonal(queries, kSeqK, window.topLeft), group,
                  kHeads, FP8ATTN_DENSE_ROWS, window.left, window.right);
              ASSERT_EQ(item.sequence, entry);
              ASSERT_EQ(item.kv_head, head);
              ASSERT_EQ(item.first_row, row);
              ASSERT_EQ(item.query_begin, 0);
              ASSERT_EQ(item.diagonal, window.topLeft ? 0 : kSeqK - queries);
              ASSERT_EQ(
                  item.num_rows,
                  std::min<int64_t>(FP8ATTN_DENSE_ROWS, queries * group - row));
              int64_t first = kSeqK, end = 0;
              for (int64_t r = row; r < row + item.num_rows; ++r) {
                const fp8attn_key_range keys =
                    fp8attn_visible_keys(&item, r / group);
                if (keys.begin == keys.end)
                  continue;
                first = std::min(first, keys.begin);
                end = std::max(end, keys.end);
              }
              ASSERT_EQ(item.num_keys, end);
              ASSERT_EQ(item.first_key,
                        end == 0 ? 0
                                 : first / FP8ATTN_GRANULE * FP8ATTN_GRANULE);
              row += item.num_rows;
            }
      }
}

/// The parts of a block follow each other and cover its keys.
TEST(WorkItem, PartsOfABlock) {
  constexpr int64_t kParts = 5;
  const int32_t starts[] = {0, 1, 3, 3, 4}, lengths[] = {5000, 2048, 700, 0};
  for (int64_t left : {FP8ATTN_UNBOUNDED, int64_t(2500)})
    for (int64_t block = 0;
         block < fp8attn_num_work_items(4, 4, FP8ATTN_BLOCK_ROWS, 4, 2);
         ++block) {
      fp8attn_work_item whole;
      fp8attn_work_item_init(/*context=*/nullptr, &whole, block, /*parts=*/1,
                             FP8ATTN_BLOCK_ROWS, starts, lengths, 4, 4, 4, 2, 0,
                             left, 0, FP8ATTN_UNBOUNDED);
      EXPECT_EQ(whole.block, block);
      EXPECT_EQ(whole.num_parts, 1);
      EXPECT_EQ(whole.part, 0);
      int64_t key = whole.first_key, numParts = 0;
      for (int64_t part = 0; part < kParts; ++part) {
        fp8attn_work_item item;
        fp8attn_work_item_init(
            /*context=*/nullptr, &item, block * kParts + part, kParts,
            FP8ATTN_BLOCK_ROWS, starts, lengths, 4, 4, 4, 2, 0, left, 0,
            FP8ATTN_UNBOUNDED);
        ASSERT_EQ(item.block, block);
        ASSERT_EQ(item.sequence, whole.sequence);
        ASSERT_EQ(item.kv_head, whole.kv_head);
        ASSERT_EQ(item.first_row, whole.first_row);
        ASSERT_EQ(item.part, part);
        if (item.num_rows == 0)
          continue;
        ASSERT_EQ(item.num_rows, whole.num_rows);
        ASSERT_EQ(part, numParts++);
        ASSERT_EQ(item.first_key, key);
        key = std::min((key / FP8ATTN_PART_KEYS + 1) * FP8ATTN_PART_KEYS,
                       whole.num_keys);
        ASSERT_EQ(item.num_keys, key);
        ASSERT_GE(item.num_parts, part + 1);
      }
      ASSERT_EQ(key, whole.num_keys);
      // One part also where there are no keys.
      ASSERT_EQ(numParts > 0, whole.num_rows > 0);
    }
}
