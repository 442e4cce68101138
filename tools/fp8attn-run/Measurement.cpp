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
#include "fp8attn/Runtime/kernels.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <chrono>

using namespace mlir;
using namespace mlir::fp8attn;

/// Sum over the query tokens of the keys that each sees.
static double countVisibleKeys(int64_t seqQ, int64_t seqK, bool causal) {
  double count = 0;
  for (int64_t i = 0; i < seqQ; ++i)
    count += std::max<int64_t>(0, causal ? seqK - seqQ + i + 1 : seqK);
  return count;
}

static void addExtent(Work &work, ReadTask &task, const uint8_t *data,
                      int64_t bytes) {
  task.push_back({data, bytes});
  work.bytes += bytes;
}

/// Adds the extents of one KV head of one sequence.
static void addReads(PagedAttentionOp op, const Arguments &arguments,
                     const int32_t *pages, int64_t head, int64_t numKeys,
                     Work &work) {
  CacheType keys = op.getKeyCacheType(), values = op.getValueCacheType();
  auto *keyData = arguments[op.getKeyCache()].storage.data();
  auto *valueData = arguments[op.getValueCache()].storage.data();
  ReadTask task;
  for (int64_t first = 0; first < numKeys; first += keys.getPageTokens()) {
    const int64_t page = pages[first / keys.getPageTokens()];
    // Whole granules of tokens: that is how they are stored.
    const int64_t tokens =
        std::min(keys.getPageTokens(), (numKeys - first + FP8ATTN_GRANULE - 1) /
                                           FP8ATTN_GRANULE * FP8ATTN_GRANULE);
    addExtent(work, task,
              keyData + page * keys.getPageBytes() + head * keys.getHeadBytes(),
              tokens * keys.getHeadDim() * keys.getElementBytes());
    addExtent(work, task,
              valueData + page * values.getPageBytes() +
                  head * values.getHeadBytes() + values.getValueOffset(),
              tokens * values.getHeadDim() * values.getElementBytes());
  }
  work.reads.push_back(std::move(task));
}

static void addAttention(PagedAttentionOp op, const Arguments &arguments,
                         Work &work) {
  auto getInts = [&](Value value) {
    return static_cast<const int32_t *>(arguments[value].tensor.data);
  };
  const int32_t *starts = getInts(op.getQueryStart());
  const int32_t *lengths = getInts(op.getSeqLens());
  const fp8attn_tensor &table = arguments[op.getBlockTable()].tensor;
  // Multiply and add, in both GEMMs.
  const double flopsPerKey = 4.0 * op.getNumHeads() * op.getHeadDim();
  for (int64_t s = 0; s < table.sizes[0]; ++s) {
    if (starts[s + 1] == starts[s])
      continue; // Nobody asks: nothing need be read.
    work.flops += flopsPerKey * countVisibleKeys(starts[s + 1] - starts[s],
                                                 lengths[s], op.getCausal());
    for (int64_t head = 0; head < op.getNumKvHeads(); ++head)
      addReads(op, arguments,
               getInts(op.getBlockTable()) + s * table.strides[0], head,
               lengths[s], work);
  }
}

/// Adds the memory of a source as one task.
static void addSource(Value source, const Arguments &arguments, Work &work) {
  constexpr int64_t kLineBytes = 64;
  const AlignedBuffer &storage = arguments[source].storage;
  ReadTask task;
  addExtent(work, task, storage.data(),
            storage.size() / kLineBytes * kLineBytes);
  work.reads.push_back(std::move(task));
}

Work mlir::fp8attn::getWork(ArrayRef<Operation *> ops,
                            const Arguments &arguments) {
  Work work;
  for (Operation *op : ops)
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](PagedAttentionOp attention) {
          addAttention(attention, arguments, work);
        })
        .Case([&](KvWriteOp write) {
          addSource(write.getKey(), arguments, work);
          addSource(write.getValue(), arguments, work);
        })
        .Case([&](MergeOp merge) {
          addSource(merge.getFirstOut(), arguments, work);
          addSource(merge.getSecondOut(), arguments, work);
        })
        .Case([&](RepackOp repack) {
          addSource(repack.getSource(), arguments, work);
        })
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
