//===- prefill.cpp - attention of many rows over a run --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The prefill rows of kernels.def on AMX tiles. Keys and values are decoded a
// chunk at a time, once for all blocks of rows (word_tiles.h). A step of a full
// block is two streams of columns: scores with their softmax (score_stream.h),
// then weighted values with the denominators (value_stream.h). A step in which
// the maximum of a row is yet to be found, or turns out to be too low, is done
// in phases as qk, softmax and pv do it, and so are blocks with less than three
// row tiles. Either way gives the same bits.
//
// For R rows, K keys and D channels of keys and values a call reads K * D
// elements of keys and of values once, and does 4 * R * K * D flops, less what
// blocks do not see, all rounded up to tiles.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "x86_amx/score_stream.h"
#include "x86_amx/step.h"
#include "x86_amx/value_stream.h"
#include "x86_amx/word_tiles.h"
#include "x86_vector/softmax.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bytes of words that are decoded at a time: with the state of the rows they
/// leave room in a second-level cache of 2 MB, and a step of the largest heads
/// fits.
constexpr int64_t kChunkBytes =
    FP8ATTN_BLOCK_KEYS * 2 * FP8ATTN_MAX_CHANNELS * kWordBytes;

/// Returns the most keys of a chunk, a multiple of FP8ATTN_BLOCK_KEYS.
static int64_t mostChunkKeys(int64_t keyChannels, int64_t valueChannels) {
  const int64_t keys =
      kChunkBytes / ((keyChannels + valueChannels) * kWordBytes);
  return keys < FP8ATTN_PART_KEYS ? keys & -FP8ATTN_BLOCK_KEYS
                                  : FP8ATTN_PART_KEYS;
}

/// What a block needs between its streams and phases.
struct PrefillScratch {
  BlockRows rows;
  /// The state of the online softmax: as the caller's, but for a full block.
  alignas(64) float rowMax[FP8ATTN_BLOCK_ROWS];
  alignas(64) float rowSum[FP8ATTN_BLOCK_ROWS];
  alignas(64) uint8_t ring[kScoreRingBytes];
  alignas(64) uint16_t probs[FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_KEYS];
  /// Of phases.
  alignas(64) float scores[FP8ATTN_BLOCK_ROWS * FP8ATTN_BLOCK_KEYS];
  alignas(64) uint8_t words[kChunkBytes];
};
static_assert(sizeof(PrefillScratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(0, 0));

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
  /// Those are added by who knows where they are.
  static bool sawSpecialValue() { return false; }

private:
  const uint8_t *base;
  int64_t depth, columns, pitch, perSet;
  /// The set's first column, the column in the set, and its tile.
  int64_t first = 0, column = 0, k = 0;
};

/// A block of up to FP8ATTN_BLOCK_ROWS rows, and its part of the operands.
struct PrefillBlock {
  int64_t rows;
  const uint8_t *query;
  float *acc;
  /// Keys that some row sees.
  int64_t begin, end;
};

/// A step of a block in phases.
template <class Format>
[[gnu::noinline]] void
stepInPhases(const fp8attn_key_run &run, const WordTiles &words,
             const PrefillBlock &block, int64_t first, int64_t keys,
             int64_t exponent, PrefillScratch &scratch) {
  const int64_t depth = words.keyChannels / kBf16Columns;
  const int64_t columns = words.valueChannels / kFloatColumns;
  const int64_t granules = roundUp(keys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
  withRowTiles(block.rows, [&](auto rowTiles) {
    DecodedTiles keyTiles(words.keysFrom(first), depth, 2 * granules,
                          depth * FP8ATTN_TILE_BYTES, columnsPerSet(rowTiles));
    computeScores<rowTiles>(block.query, words.keyChannels, keys,
                            scratch.scores, keyTiles);
    softmaxStep(first, keys, block.rows, scratch.scores, scratch.rows.scale,
                scratch.rows.begin, scratch.rows.limit, exponent,
                words.valueChannels, scratch.rowMax, scratch.rowSum, block.acc,
                scratch.probs);
    DecodedTiles valueTiles(words.valuesFrom(first), granules, columns,
                            words.valuePitch(), columnsPerSet(rowTiles));
    addWeightedValues<rowTiles, Format>(run, first, keys, scratch.probs,
                                        block.rows, words.valueChannels,
                                        block.acc, valueTiles);
  });
}

/// Returns whether a step can be done in streams as far as one can know before:
/// if all row tiles are there, and the maxima of the rows that see a key of it
/// are known. Sets what is subtracted from scores.
static bool beginStream(const PrefillBlock &block, int64_t first, int64_t keys,
                        PrefillScratch &scratch) {
  if (block.rows <= (kRowTiles - 1) * FP8ATTN_TILE_ROWS)
    return false;
  BlockRows &rows = scratch.rows;
  const __m512i firstKey = _mm512_set1_epi32(static_cast<int32_t>(first));
  const __m512i endKey = _mm512_set1_epi32(static_cast<int32_t>(first + keys));
  __mmask16 missing = 0;
  for (int64_t row = 0; row < FP8ATTN_BLOCK_ROWS; row += kLanes) {
    const __m512 max = _mm512_load_ps(scratch.rowMax + row);
    const __mmask16 isUnknown =
        _mm512_cmp_ps_mask(max, _mm512_set1_ps(-__builtin_inff()), _CMP_EQ_OQ);
    const __m512i begin =
        _mm512_max_epi32(_mm512_load_si512(rows.begin + row), firstKey);
    const __m512i limit =
        _mm512_min_epi32(_mm512_load_si512(rows.limit + row), endKey);
    missing |= _mm512_mask_cmplt_epi32_mask(isUnknown, begin, limit);
    // While no key has counted, all are masked.
    _mm512_store_ps(rows.max + row,
                    _mm512_mask_mov_ps(max, isUnknown, _mm512_setzero_ps()));
  }
  return missing == 0;
}

/// Computes the probabilities of a step in a stream. Returns false if that
/// cannot be done.
static bool streamStep(const WordTiles &words, const PrefillBlock &block,
                       int64_t first, int64_t keys, int64_t exponent,
                       PrefillScratch &scratch) {
  if (!beginStream(block, first, keys, scratch))
    return false;
  const int64_t depth = words.keyChannels / kBf16Columns;
  const ScoreStep step = {&scratch.rows,
                          block.query,
                          words.keysFrom(first),
                          depth,
                          first,
                          roundUp(keys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE,
                          scratch.ring,
                          reinterpret_cast<uint8_t *>(scratch.probs)};
  // The rows of a half are spread over the steps of depth.
  if (depth >= kHalfRows)
    return streamScores<1>(step, exponent);
  if (depth >= kHalfRows / 2)
    return streamScores<2>(step, exponent);
  return streamScores<4>(step, exponent);
}

/// Adds the weighted values and the denominators of a step whose probabilities
/// are there.
static void addValues(const WordTiles &words, const PrefillBlock &block,
                      int64_t first, int64_t keys, PrefillScratch &scratch) {
  const int64_t columns = words.valueChannels / kFloatColumns;
  const ValueStep step = {reinterpret_cast<const uint8_t *>(scratch.probs),
                          words.valuesFrom(first),
                          words.valuePitch(),
                          roundUp(keys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE,
                          columns,
                          reinterpret_cast<uint8_t *>(block.acc),
                          scratch.rowSum};
  // The rows of a row tile are spread over the columns.
  if (columns >= FP8ATTN_TILE_ROWS)
    streamValues<1>(step);
  else if (columns >= FP8ATTN_TILE_ROWS / 2)
    streamValues<2>(step);
  else
    streamValues<4>(step);
}

/// Returns the lanes of a vector of rows that there are, `count` or none if
/// that is negative.
static __mmask16 lanesBefore(int64_t count) {
  return static_cast<__mmask16>((1 << clamp(count, 0, kLanes)) - 1);
}

/// Copies what is known of the rows of a block, which see no key from `end` on,
/// and finds the keys that they see. Rows that are not there see all keys and
/// are 0 throughout.
static void loadRows(const PrefillRows &from, int64_t end, PrefillBlock &block,
                     PrefillScratch &scratch) {
  BlockRows &to = scratch.rows;
  const __m512i limits = _mm512_set1_epi32(static_cast<int32_t>(end));
  __m512i leastBegin = limits, mostBegin = _mm512_setzero_si512();
  __m512i leastLimit = limits, mostLimit = mostBegin;
  for (int64_t row = 0; row < FP8ATTN_BLOCK_ROWS; row += kLanes) {
    const __mmask16 exist = lanesBefore(block.rows - row);
    const __m512i begin = _mm512_maskz_loadu_epi32(exist, from.begin + row);
    const __m512i limit = _mm512_min_epi32(
        _mm512_mask_loadu_epi32(limits, exist, from.limit + row), limits);
    leastBegin = _mm512_mask_min_epi32(leastBegin, exist, leastBegin, begin);
    mostBegin = _mm512_max_epi32(mostBegin, begin);
    leastLimit = _mm512_min_epi32(leastLimit, limit);
    mostLimit = _mm512_mask_max_epi32(mostLimit, exist, mostLimit, limit);
    _mm512_store_si512(to.begin + row, begin);
    _mm512_store_si512(to.limit + row, limit);
    _mm512_store_ps(to.scale + row,
                    _mm512_maskz_loadu_ps(exist, from.scale + row));
    _mm512_store_ps(scratch.rowMax + row,
                    _mm512_maskz_loadu_ps(exist, from.max + row));
    _mm512_store_ps(scratch.rowSum + row,
                    _mm512_maskz_loadu_ps(exist, from.sum + row));
  }
  block.begin = _mm512_reduce_min_epi32(leastBegin);
  block.end = _mm512_reduce_max_epi32(mostLimit);
  to.commonBegin = _mm512_reduce_max_epi32(mostBegin);
  to.commonLimit = _mm512_reduce_min_epi32(leastLimit);
}

/// Copies the state of the rows of a block back.
static void storeRows(const PrefillScratch &scratch, int64_t rows,
                      const PrefillRows &to) {
  for (int64_t row = 0; row < rows; row += kLanes) {
    const __mmask16 exist = lanesBefore(rows - row);
    _mm512_mask_storeu_ps(to.max + row, exist,
                          _mm512_load_ps(scratch.rowMax + row));
    _mm512_mask_storeu_ps(to.sum + row, exist,
                          _mm512_load_ps(scratch.rowSum + row));
  }
}

/// Empties the state of the online softmax for any number of rows.
static void emptyRows(int64_t rows, int64_t channels, const PrefillRows &state,
                      float *acc) {
  for (int64_t row = 0; row < rows; row += kLanes) {
    const __mmask16 exist = lanesBefore(rows - row);
    _mm512_mask_storeu_ps(state.max + row, exist,
                          _mm512_set1_ps(-__builtin_inff()));
    _mm512_mask_storeu_ps(state.sum + row, exist, _mm512_setzero_ps());
  }
  _tile_zero(kAccumulators);
  for (int64_t c = 0; c < roundUp(rows, FP8ATTN_TILE_ROWS) * channels;
       c += FP8ATTN_TILE_ROWS * kFloatColumns)
    _tile_stored(kAccumulators, acc + c, kTileStride);
}

/// Adds the keys of a chunk to the state of a block.
template <class Format>
static void addChunk(const fp8attn_key_run &run, const WordTiles &words,
                     const PrefillBlock &block, int64_t exponent,
                     PrefillScratch &scratch) {
  const int64_t chunkEnd = words.firstKey + words.numKeys;
  const int64_t end = block.end < chunkEnd ? block.end : chunkEnd;
  const int64_t granule = block.begin & -FP8ATTN_GRANULE;
  for (int64_t first = granule > words.firstKey ? granule : words.firstKey,
               keys;
       first < end; first += keys) {
    keys = stepKeys(first, end);
    if (streamStep(words, block, first, keys, exponent, scratch)) [[likely]]
      addValues(words, block, first, keys, scratch);
    else
      stepInPhases<Format>(run, words, block, first, keys, exponent, scratch);
    if (words.hasSpecialValues) [[unlikely]]
      addSpecialValues<Format>(run, first, keys, scratch.probs, block.rows,
                               words.valueChannels, block.acc);
  }
}

/// See fp8attn_uk_prefill_fn.
template <class Format>
static void prefill(const fp8attn_key_run &run, int64_t firstKey,
                    int64_t numKeys, const void *query, int64_t numRows,
                    int64_t keyChannels, int64_t valueChannels,
                    const PrefillRows &rows, int64_t exponent, float *acc,
                    void *scratchMemory) {
  auto &scratch = *static_cast<PrefillScratch *>(scratchMemory);
  const int64_t endKey = firstKey + numKeys;
  emptyRows(numRows, valueChannels, rows, acc);
  WordTiles words;
  words.keyChannels = keyChannels;
  words.valueChannels = valueChannels;
  words.mostKeys = mostChunkKeys(keyChannels, valueChannels);
  words.keys = scratch.words;
  words.values = scratch.words + words.mostKeys * keyChannels * kWordBytes;
  // Chunks end where steps do.
  for (int64_t first = firstKey; first < endKey; first += words.numKeys) {
    const int64_t chunkEnd = (first & -FP8ATTN_BLOCK_KEYS) + words.mostKeys;
    words.firstKey = first;
    words.numKeys = (chunkEnd < endKey ? chunkEnd : endKey) - first;
    decodeWords<Format>(run, words);
    for (int64_t row = 0; row < numRows; row += FP8ATTN_BLOCK_ROWS) {
      PrefillBlock block;
      const int64_t left = numRows - row;
      block.rows = left < FP8ATTN_BLOCK_ROWS ? left : FP8ATTN_BLOCK_ROWS;
      block.query =
          static_cast<const uint8_t *>(query) + row * keyChannels * kWordBytes;
      block.acc = acc + row * valueChannels;
      const PrefillRows own = {rows.scale + row, rows.begin + row,
                               rows.limit + row, rows.max + row,
                               rows.sum + row};
      loadRows(own, endKey, block, scratch);
      addChunk<Format>(run, words, block, exponent, scratch);
      storeRows(scratch, block.rows, own);
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_PREFILL(Format, cache)                                         \
  extern "C" void FP8ATTN_KERNEL_NAME(prefill, bf16, cache, f32, 1056, 256,    \
                                      32, amx_bf16)(                           \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const float *row_scale,                          \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::prefill<fp8attn::Format>(                                         \
        *run, first_key, num_keys, query_tiles, rows, key_channels,            \
        value_channels, {row_scale, row_begin, row_limit, row_max, row_sum},   \
        exponent, acc, scratch);                                               \
  }

FP8ATTN_PREFILL(E4M3, e4m3)
FP8ATTN_PREFILL(E5M2, e5m2)
FP8ATTN_PREFILL(Bf16, bf16)
