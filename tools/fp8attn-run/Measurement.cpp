//===- Measurement.cpp - what a run takes and could take ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Counts work from the arguments, and measures.
//
//===----------------------------------------------------------------------===//

#include "Measurement.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Runtime/visible_keys.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <chrono>

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns all rows of one KV head of a sequence, as far as it matters for what
/// they see.
static fp8attn_work_item makeRows(AttentionInterface op, int64_t seqQ,
                                  int64_t seqK) {
  fp8attn_work_item rows = {};
  rows.seq_q = seqQ;
  rows.seq_k = seqK;
  const bool topLeft = op.getAlignmentAttr().getValue() == Alignment::TopLeft;
  rows.diagonal = topLeft ? 0 : seqK - seqQ;
  IntegerAttr left = op.getWindowLeftAttr();
  rows.left = left ? left.getInt() : FP8ATTN_UNBOUNDED;
  rows.right = op.getEffectiveWindowRight().value_or(FP8ATTN_UNBOUNDED);
  return rows;
}

/// Sum over the query tokens of the keys that each sees.
static double countVisibleKeys(const fp8attn_work_item &rows) {
  double count = 0;
  for (int64_t i = 0; i < rows.seq_q; ++i) {
    const fp8attn_key_range keys = fp8attn_visible_keys(&rows, i);
    count += keys.end - keys.begin;
  }
  return count;
}

static void addExtent(Work &work, ReadTask &task, const uint8_t *data,
                      int64_t bytes) {
  task.push_back({data, bytes});
  work.bytes += bytes;
}

/// Adds the extents of one KV head of one sequence, from a multiple of
/// FP8ATTN_GRANULE on.
static void addReads(PagedAttentionOp op, const Arguments &arguments,
                     const int32_t *pages, int64_t head, fp8attn_key_range seen,
                     Work &work) {
  CacheType keys = op.getKeyCacheType(), values = op.getValueCacheType();
  auto *keyData = arguments[op.getKeyCache()].storage.data();
  auto *valueData = arguments[op.getValueCache()].storage.data();
  ReadTask task;
  const int64_t pageTokens = keys.getPageTokens();
  const int64_t keyBytes = keys.getKeyBytes() / pageTokens;
  const int64_t valueBytes = values.getValueBytes() / pageTokens;
  // A cache with fewer heads is read once for each of the other's.
  const int64_t kvHeads = op.getNumKvHeads();
  const int64_t keyHead = head * keys.getNumHeads() / kvHeads;
  const int64_t valueHead = head * values.getNumHeads() / kvHeads;
  // Whole granules of tokens: that is how they are stored.
  const int64_t end = llvm::alignTo(seen.end, FP8ATTN_GRANULE);
  int64_t tokens;
  for (int64_t first = seen.begin; first < end; first += tokens) {
    const int64_t page = pages[first / pageTokens], place = first % pageTokens;
    tokens = std::min(pageTokens - place, end - first);
    addExtent(work, task,
              keyData + page * keys.getPageBytes() +
                  keyHead * keys.getHeadBytes() + place * keyBytes,
              tokens * keyBytes);
    if (!op.valuesAreKeys())
      addExtent(work, task,
                valueData + page * values.getPageBytes() +
                    valueHead * values.getHeadBytes() +
                    values.getValueOffset() + place * valueBytes,
                tokens * valueBytes);
  }
  work.reads.push_back(std::move(task));
}

/// Returns the operations for each key that a query sees: multiply and add, in
/// both GEMMs, for all heads.
static double getFlopsPerKey(AttentionInterface op) {
  return 2.0 * op.getNumHeads() * (op.getKeyDim() + op.getValueDim());
}

/// Adds what the queries of a sequence select, each for itself: whole granules
/// of the pages that hold it, as many as hold so many keys.
static void addSelected(PagedAttentionOp op, const Arguments &arguments,
                        const fp8attn_work_item &rows, const int32_t *pages,
                        Work &work) {
  const fp8attn_tensor &list = arguments[op.getSelected()].tensor;
  const int64_t unit = op.getSelectedUnit();
  const int64_t pageTokens = op.getKeyCacheType().getPageTokens();
  const int64_t lists = op.getNumSelectedLists();
  const int64_t columns = list.sizes[list.rank - 1];
  // Heads that see one list, and those that share keys and values.
  const int64_t numLists = std::max<int64_t>(lists, 1);
  const int64_t kvHeads = op.getNumKvHeads();
  for (int64_t i = 0; i < rows.seq_q * numLists; ++i) {
    const int64_t token = i / numLists, number = i % numLists;
    const int32_t *row = static_cast<const int32_t *>(list.data) +
                         (rows.query_begin + token) * list.strides[0] +
                         number * (lists > 0 ? list.strides[1] : 0);
    const int64_t end = fp8attn_visible_keys(&rows, token).end;
    std::vector<int32_t> seen;
    int64_t numKeys = 0;
    for (int64_t entry = 0; entry < columns; ++entry)
      if (const int64_t key = row[entry] * unit; key >= 0 && key < end) {
        numKeys += std::min(unit, end - key);
        seen.push_back(pages[key / pageTokens]);
      }
    work.flops += getFlopsPerKey(op) * static_cast<double>(numKeys) /
                  static_cast<double>(numLists);
    // Several lists may share a head, which is then read for each.
    const int64_t firstHead = number * kvHeads / numLists;
    const int64_t endHead =
        std::max((number + 1) * kvHeads / numLists, firstHead + 1);
    for (int64_t head = firstHead; head < endHead; ++head)
      addReads(op, arguments, seen.data(), head, {0, numKeys}, work);
  }
}

static void addAttention(PagedAttentionOp op, const Arguments &arguments,
                         Work &work) {
  auto getInts = [&](Value value) {
    return static_cast<const int32_t *>(arguments[value].tensor.data);
  };
  const int32_t *starts = getInts(op.getQueryStart());
  const double flopsPerKey = getFlopsPerKey(op);
  auto addSequence = [&](const fp8attn_work_item &rows, Value table,
                         int64_t index) {
    if (rows.seq_q == 0)
      return; // Nobody asks: nothing need be read.
    work.flops += flopsPerKey * countVisibleKeys(rows);
    fp8attn_key_range seen = fp8attn_visible_keys(&rows, rows.seq_q - 1);
    seen.begin = fp8attn_visible_keys(&rows, 0).begin / FP8ATTN_GRANULE *
                 FP8ATTN_GRANULE;
    for (int64_t head = 0; head < op.getNumKvHeads(); ++head)
      addReads(op, arguments,
               getInts(table) + index * arguments[table].tensor.strides[0],
               head, seen, work);
  };
  Value table = op.getBlockTable();
  for (int64_t s = 0; s < arguments[table].tensor.sizes[0]; ++s) {
    fp8attn_work_item rows =
        makeRows(op, starts[s + 1] - starts[s], getInts(op.getSeqLens())[s]);
    rows.query_begin = starts[s];
    if (op.getSelected())
      addSelected(op, arguments, rows,
                  getInts(table) + s * arguments[table].tensor.strides[0],
                  work);
    else
      addSequence(rows, table, s);
  }
  if (!op.hasPrefix())
    return;
  const int32_t *groups = getInts(op.getGroupStart());
  table = op.getPrefixTable();
  for (int64_t g = 0; g < arguments[table].tensor.sizes[0]; ++g) {
    fp8attn_work_item rows =
        makeRows(op, starts[groups[g + 1]] - starts[groups[g]],
                 getInts(op.getPrefixLens())[g]);
    rows.right = FP8ATTN_UNBOUNDED;
    addSequence(rows, table, g);
  }
}

/// Adds the keys, or the values, of one head of a batch entry, token by token.
static void addReads(const Argument &tensor, int64_t entry, int64_t head,
                     fp8attn_key_range seen, ReadTask &task, Work &work) {
  const reference::DenseTensor dense = getDenseTensor(tensor);
  for (int64_t token = seen.begin; token < seen.end; ++token)
    addExtent(work, task, dense.address(entry, head, token, 0),
              dense.sizes[3] * reference::elementBytes(dense.type));
}

static void addAttention(AttentionOp op, const Arguments &arguments,
                         Work &work) {
  const Argument &key = arguments[op.getKey()];
  const Argument &value = arguments[op.getValue()];
  const fp8attn_tensor &query = arguments[op.getQuery()].tensor;
  const int64_t queries = query.sizes[2];
  if (queries == 0)
    return; // Nobody asks: nothing need be read.
  Value lens = op.getKeyLens(), offsets = op.getQueryOffsets();
  for (int64_t entry = 0; entry < query.sizes[0]; ++entry) {
    fp8attn_work_item rows = makeRows(op, queries,
                                      lens ? arguments[lens].at<int32_t>(entry)
                                           : key.tensor.sizes[2]);
    if (offsets)
      rows.diagonal = arguments[offsets].at<int32_t>(entry);
    const fp8attn_key_range seen = {
        fp8attn_visible_keys(&rows, 0).begin,
        fp8attn_visible_keys(&rows, queries - 1).end};
    work.flops += getFlopsPerKey(op) * countVisibleKeys(rows);
    for (int64_t head = 0; head < op.getNumKvHeads(); ++head) {
      ReadTask task;
      for (const Argument *tensor : {&key, &value})
        addReads(*tensor, entry,
                 head * tensor->tensor.sizes[1] / op.getNumKvHeads(), seen,
                 task, work);
      work.reads.push_back(std::move(task));
    }
  }
}

/// Adds the memory of a source as one task.
static void addSource(Value source, const Arguments &arguments, Work &work) {
  constexpr int64_t kLineBytes = 64;
  const AlignedBuffer &storage = arguments.getMemory(source).storage;
  ReadTask task;
  addExtent(work, task, storage.data(),
            storage.size() / kLineBytes * kLineBytes);
  work.reads.push_back(std::move(task));
}

/// Adds the pages that a repack reads, as one task.
static void addPages(RepackOp op, const Arguments &arguments, Work &work) {
  if (!op.getPages())
    return addSource(op.getSource(), arguments, work);
  const Argument &list = arguments[op.getPages()];
  const fp8attn_cache &cache = arguments[op.getSource()].cache;
  ReadTask task;
  const int64_t columns = list.tensor.sizes[1];
  for (int64_t i = 0; i < list.tensor.sizes[0]; ++i)
    for (int64_t j = 0; j < op.getPagesOfEntry(/*ofSource=*/true); ++j)
      if (const auto page = list.at<int32_t>(i * columns + j); page >= 0)
        addExtent(work, task,
                  static_cast<uint8_t *>(cache.data) + page * cache.page_bytes,
                  cache.page_bytes);
  work.reads.push_back(std::move(task));
}

Work mlir::fp8attn::getWork(ArrayRef<Operation *> ops,
                            const Arguments &arguments) {
  Work work;
  for (Operation *op : ops)
    llvm::TypeSwitch<Operation *>(op)
        .Case<PagedAttentionOp, AttentionOp>(
            [&](auto attention) { addAttention(attention, arguments, work); })
        .Case([&](KvWriteOp write) {
          for (Value source : {Value(write.getKey()), Value(write.getValue()),
                               Value(write.getQuery())})
            if (source)
              addSource(source, arguments, work);
        })
        .Case([&](MergeOp merge) {
          addSource(merge.getFirstOut(), arguments, work);
          addSource(merge.getSecondOut(), arguments, work);
        })
        .Case([&](RepackOp repack) { addPages(repack, arguments, work); })
        .Case<QuantizeOp, DequantizeOp>([&](auto convert) {
          addSource(convert.getSource(), arguments, work);
        });
  return work;
}

static double secondsOf(llvm::function_ref<void()> function) {
  const auto begin = std::chrono::steady_clock::now();
  function();
  const auto end = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(end - begin).count();
}

static double medianOf(std::vector<double> values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Measurement mlir::fp8attn::measure(llvm::function_ref<void()> run,
                                   const Work &work, fp8attn_context &context,
                                   int repetitions) {
  const auto isa = static_cast<fp8attn_isa>(context.isa);
  std::vector<double> runs, reads, peaks;
  for (int i = 0; i < repetitions; ++i) {
    runs.push_back(secondsOf(run));
    reads.push_back(secondsOf([&] { readAll(context, work.reads); }));
    double flops = 0;
    const double seconds =
        secondsOf([&] { flops = multiplyInRegisters(context, isa); });
    peaks.push_back(flops / seconds);
  }
  return {medianOf(runs), *std::min_element(runs.begin(), runs.end()),
          medianOf(reads), medianOf(peaks)};
}
