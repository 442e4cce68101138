//===- CallData.h - arguments of calls, again and again ------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model has dozens of layers, each with a cache of its own: when a layer's
// turn comes again, its cache is no longer near the processor. So one call
// after the other takes other pages of one large cache, and other tokens of a
// large source, until what was touched is several times the last-level cache.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_CALLDATA_H
#define FP8ATTN_BENCHMARKS_CALLS_CALLDATA_H

#include "CompiledModel.h"
#include "MachineLimits.h"

#include <memory>

namespace mlir::fp8attn {

/// Memory full of random elements, aligned to FP8ATTN_ALIGNMENT.
class RandomMemory {
public:
  /// Elements of 16 bits are bf16. Ends the program with a message if there is
  /// not that much memory.
  RandomMemory(int64_t numBytes, int64_t elementBits, unsigned seed);
  char *data() const { return bytes.get(); }

private:
  struct Free {
    void operator()(void *memory) const;
  };
  std::unique_ptr<char, Free> bytes;
};

/// All arguments of one call, for each of its turns.
class CallData {
public:
  /// `coldBytes`: what turns must touch before memory is used again.
  CallData(const Model &model, const Format &format, const BenchCall &call,
           int64_t coldBytes);

  /// Number of turns; 1 if the call is hot.
  int64_t turns() const { return arguments.size(); }
  const CallArguments &turn(int64_t index) const {
    return arguments[index % turns()];
  }
  /// What a call of a turn has to read: pages of the cache, or sources.
  const std::vector<ReadTask> &reads(int64_t index) const {
    return readTasks[index % turns()];
  }

  /// Of one call: bytes of reads, and multiplications and additions of visible
  /// scores and of outputs.
  double bytes() const { return numBytes; }
  double flops() const { return numFlops; }

private:
  void makePages(int64_t count);
  void makeAttention(const BenchCall &call);
  /// Draws what each query selects, in any order.
  void makeSelected(const BenchCall &call);
  void makeWrites(int64_t tokens, int64_t sourceBytes);
  void makeSlots(int64_t tokens);
  /// Makes the scales of all pages, which all turns have.
  void makeScales();
  void makeBlockScales();
  /// Sets the tables of a turn, from the next free page on, and what reads
  /// them; returns the page behind.
  const int32_t *makeTables(int64_t turn, const BenchCall &call,
                            const int32_t *page);
  /// Adds the reads of the pages of a sequence, or of a prefix.
  void addPages(std::vector<ReadTask> &tasks, const int32_t *pages,
                int64_t keys) const;

  const Model &model;
  const Format &format;
  /// Bytes of the keys, and of the values, of a head in a page.
  int64_t keyBytes, valueBytes;
  int64_t pageBytes;
  int64_t pagesOfTurn = 0;
  /// In a table of sequences, and in one of prefixes.
  int64_t maxPages = 0, maxPrefixPages = 0;
  double numBytes = 0, numFlops = 0;
  std::vector<int32_t> pageOrder, queryStart, seqLens, tables;
  /// Of calls that select keys: [query tokens, numSelected], for all turns.
  std::vector<int32_t> selected;
  int64_t numSelected = 0;
  /// Of calls in groups.
  std::vector<int32_t> groupStart, prefixLens, prefixTables;
  std::vector<int64_t> slotList;
  /// Of the keys, then of the values.
  std::vector<float> scales;
  std::vector<uint8_t> blockScales;
  /// Queries or sources, and outputs.
  std::unique_ptr<RandomMemory> cache, rows, results;
  std::vector<CallArguments> arguments;
  std::vector<std::vector<ReadTask>> readTasks;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_CALLDATA_H
