//===- block_stream.h - steps of blocks, one after the other ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Adds steps of keys whose words are decoded (word_tiles.h) to blocks of rows.
// Steps of full blocks are one stream: the first columns of scores of a step
// carry the last softmax of the step before (score_stream.h), then come the
// weighted values of that one (value_stream.h), then the other columns. So a
// step is finished by the one after it, or by drain().
//
// A step in which the maximum of a row is yet to be found, or turns out to be
// too low, is done in phases as qk, softmax and pv do it, and so are blocks
// with less than three row tiles. Either way gives the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_BLOCK_STREAM_H
#define FP8ATTN_X86_AMX_BLOCK_STREAM_H

#include "x86_amx/row_maxima.h"
#include "x86_amx/score_stream.h"
#include "x86_amx/step.h"
#include "x86_amx/value_stream.h"
#include "x86_amx/word_tiles.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The stream of gemm.h over tiles that are decoded: `depth` tiles of a column
/// after the other, columns `pitch` bytes apart, one column or, for one row
/// tile, two at a time.
class DecodedTiles {
public:
  DecodedTiles(const uint8_t *tiles, int64_t depth, int64_t columns,
               int64_t pitch, int64_t columnsPerSet)
      : base(tiles), depth(depth), columns(columns), pitch(pitch),
        perSet(columnsPerSet) {}

  const uint8_t *front() const {
    return base + (first + column) * pitch + k * FP8ATTN_TILE_BYTES;
  }
  void advance() {
    const int64_t width = perSet < columns - first ? perSet : columns - first;
    if (++column < width)
      return;
    column = 0;
    if (++k < depth)
      return;
    k = 0;
    first += width;
  }

private:
  const uint8_t *base;
  int64_t depth, columns, pitch, perSet;
  /// The set's first column, the column in the set, and its tile.
  int64_t first = 0, column = 0, k = 0;
};

/// A step of keys of a block.
struct BlockStep {
  RowBlock *block;
  int64_t firstKey, numKeys;
  /// Whether it is the block's first one of the call, and its last one for now.
  bool isFirst, isLast;
  /// Its operands in the stream, and the largest words of its probabilities.
  ScoreStep scores;
  __m512i largest;

  int64_t granules() const {
    return roundUp(numKeys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
  }
};

/// What lies between streams and phases.
struct StreamScratch {
  alignas(64) uint8_t ring[kScoreRingBytes];
  alignas(64) uint16_t probs[FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_KEYS];
  /// Of phases.
  alignas(64) float scores[FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_KEYS];
  /// Rows of no block, for what has no step before it.
  BlockRows noRows;
};

/// Adds steps to blocks. `words` has their keys and values; drain() before it
/// gets others.
class BlockStream {
public:
  /// addSpecialValues of the cache's format: what the words do not say.
  using AddSpecialValues = void(const fp8attn_key_run &run, int64_t firstKey,
                                int64_t numKeys, const uint16_t *probs,
                                int64_t rows, int64_t channels, float *acc);

  BlockStream(const fp8attn_key_run &run, AddSpecialValues *addSpecialValues,
              const WordTiles &words, int64_t exponent, StreamScratch &scratch)
      : run(run), addSpecialValues(addSpecialValues), words(words),
        multiplyColumns(streamColumnsOf(words.keyChannels / kBf16Columns)),
        multiplyValues(streamValuesOf(words.valueChannels / kFloatColumns)),
        exponent(exponent), scratch(scratch) {
    // Scores of nothing are finite.
    storeZeros(scratch.ring, kScoreRingBytes);
    scratch.noRows.clear();
    idle.rows = &scratch.noRows;
    idle.firstKey = 0;
    idle.pairs = 2;
    idle.ring = scratch.ring;
    idle.firstSlot = 0;
    idle.probs = probs();
  }

  /// Adds a step, whose block is kept until the step after it.
  void add(RowBlock &block, int64_t firstKey, int64_t numKeys, bool isFirst,
           bool isLast) {
    // A block's own maxima may change until the step before is finished.
    const bool known = !previous || previous->block != &block;
    const bool inPhases =
        !block.isFull() || (known && !setMaxima(block, firstKey, numKeys));
    if (inPhases)
      drain();
    BlockStep &step = steps[next];
    step.block = &block;
    step.firstKey = firstKey;
    step.numKeys = numKeys;
    step.isFirst = isFirst;
    step.isLast = isLast;
    if (!inPhases) {
      begin(step);
      finishPrevious();
      if ((known || setMaxima(block, firstKey, numKeys)) &&
          findMaxima(block, firstKey, step.scores.scores(0))) {
        goOn(step);
        return;
      }
    }
    addInPhases(step);
    endStep(step);
  }

  /// Finishes the last step.
  void drain() {
    if (!previous)
      return;
    const ScoreStep &scores = previous->scores;
    int64_t half = 0;
    if (uint8_t *const last = pending()) {
      RowTiles<1>::storeAll(last, kPairPitch);
      half = scores.columns() - kColumnsAhead;
    }
    finishHalves(scores, half, exponent, previous->largest);
    finishPrevious();
  }

private:
  uint8_t *probs() const { return reinterpret_cast<uint8_t *>(scratch.probs); }

  /// Where the last column of the step before goes, which accumulators hold
  /// unless the step has no more columns than begin() multiplies.
  uint8_t *pending() const {
    const ScoreStep &scores = previous->scores;
    const int64_t columns = scores.columns();
    return columns > kColumnsAhead ? scores.scores(columns - 1) : nullptr;
  }

  /// Multiplies the first columns of a step, and finishes the softmax of the
  /// step before.
  void begin(BlockStep &step) {
    const int64_t depth = words.keyChannels / kBf16Columns;
    step.scores = {&step.block->rows,
                   step.block->query,
                   words.keysFrom(step.firstKey),
                   depth,
                   step.firstKey,
                   step.granules(),
                   scratch.ring,
                   nextSlot,
                   probs()};
    nextSlot = (nextSlot + step.scores.pairs) & 1;
    const int64_t columns = step.scores.columns();
    const int64_t end = columns < kColumnsAhead ? columns : kColumnsAhead;
    __m512i none = _mm512_setzero_si512();
    if (!previous) {
      multiplyColumns(step.scores, 0, end, nullptr, idle, 1, exponent, none);
    } else {
      const ScoreStep &before = previous->scores;
      if (uint8_t *const last = pending()) {
        multiplyColumns(step.scores, 0, end, last, before,
                        before.columns() - kColumnsAhead, exponent,
                        previous->largest);
      } else {
        multiplyColumns(step.scores, 0, 1, nullptr, idle, 1, exponent, none);
        multiplyColumns(step.scores, 1, end, step.scores.scores(0), before, 0,
                        exponent, previous->largest);
      }
    }
    // What comes now needs the accumulators.
    uint8_t *const last = step.scores.scores(end - 1);
    if (end == kColumnsAhead)
      RowTiles<0>::storeAll(last, kPairPitch);
    else
      RowTiles<1>::storeAll(last, kPairPitch);
    if (previous && end < kColumnsAhead)
      finishHalves(previous->scores, previous->scores.columns() - 1, exponent,
                   previous->largest);
  }

  /// Multiplies the other columns of a step.
  void goOn(BlockStep &step) {
    step.largest = _mm512_setzero_si512();
    multiplyColumns(step.scores, kColumnsAhead, step.scores.columns(), nullptr,
                    step.scores, 0, exponent, step.largest);
    previous = &step;
    next ^= 1;
  }

  /// Finishes the step before, whose probabilities are there.
  void finishPrevious() {
    if (!previous)
      return;
    const BlockStep &step = *previous;
    previous = nullptr;
    if (HalfSoftmax::mayExceed(step.largest, exponent)) [[unlikely]]
      addInPhases(step);
    else
      addValues(step);
    endStep(step);
  }

  /// Adds the weighted values and the denominators of a step.
  void addValues(const BlockStep &step) {
    RowBlock &block = *step.block;
    const int64_t columns = words.valueChannels / kFloatColumns;
    const ValueStep values = {probs(),
                              words.valuesFrom(step.firstKey),
                              words.valuePitch(),
                              step.granules(),
                              columns,
                              reinterpret_cast<uint8_t *>(block.acc),
                              step.isFirst ? Start::kZero : Start::kMemory,
                              block.rowSum};
    multiplyValues(values);
  }

  /// Adds a step from its scores on, whatever the maxima.
  [[gnu::noinline]] void addInPhases(const BlockStep &step) {
    RowBlock &block = *step.block;
    if (step.isFirst)
      emptySums(block.acc, block.numRows, words.valueChannels);
    const int64_t depth = words.keyChannels / kBf16Columns;
    const int64_t columns = words.valueChannels / kFloatColumns;
    const int64_t granules = step.granules();
    withRowTiles(block.numRows, [&](auto rowTiles) {
      DecodedTiles keyTiles(words.keysFrom(step.firstKey), depth, 2 * granules,
                            depth * FP8ATTN_TILE_BYTES,
                            columnsPerSet(rowTiles));
      computeScores<rowTiles>(block.query, words.keyChannels, step.numKeys,
                              scratch.scores, keyTiles);
      softmaxStep(step.firstKey, step.numKeys, block.numRows, scratch.scores,
                  block.rows.scale, block.rows.begin, block.rows.limit,
                  exponent, words.valueChannels, block.rowMax, block.rowSum,
                  block.acc, scratch.probs);
      DecodedTiles valueTiles(words.valuesFrom(step.firstKey), granules,
                              columns, words.valuePitch(),
                              columnsPerSet(rowTiles));
      addWeightedWords<rowTiles>(step.numKeys, scratch.probs,
                                 words.valueChannels, block.acc, valueTiles);
    });
  }

  /// What comes last, whatever the way of a step.
  void endStep(const BlockStep &step) {
    const RowBlock &block = *step.block;
    if (words.hasSpecialValues) [[unlikely]]
      addSpecialValues(run, step.firstKey, step.numKeys, scratch.probs,
                       block.numRows, words.valueChannels, block.acc);
    if (step.isLast)
      storeRows(block);
  }

  const fp8attn_key_run &run;
  AddSpecialValues *const addSpecialValues;
  const WordTiles &words;
  /// Chosen once: an object that embeds its kernels knows the channels, and has
  /// no others.
  StreamColumns *const multiplyColumns;
  StreamValues *const multiplyValues;
  const int64_t exponent;
  StreamScratch &scratch;
  /// Two steps take turns; previous is not finished, null if there is none.
  BlockStep steps[2];
  int64_t next = 0;
  BlockStep *previous = nullptr;
  /// Where the ring goes on.
  int64_t nextSlot = 0;
  /// What is computed beside columns when no step has anything to do.
  ScoreStep idle = {};
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_BLOCK_STREAM_H
