//===- prefill.cpp - attention of many rows over a run --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The prefill rows of kernels.def on AMX tiles. Keys and values are decoded a
// chunk at a time, once for all blocks of rows (word_tiles.h), which then take
// steps of keys, in one stream over steps and blocks (block_stream.h). A call
// of two row tiles is one of attend.h where tiles of the cache, or of its keys,
// are multiplied: so few rows wait for memory, which is fetched ahead there,
// and use a decoded tile once. A latent cache has a stream of its own then
// (latent_stream.h).
//
// For R rows, K keys and D channels of keys and values a call reads K * D
// elements of keys and of values once, and does 4 * R * K * D flops, less what
// blocks do not see, all rounded up to tiles.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "x86_amx/attend.h"
#include "x86_amx/block_stream.h"
#include "x86_amx/latent_stream.h"
#include "x86_amx/special_values.h"

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

/// What a call keeps.
struct PrefillScratch {
  StreamScratch stream;
  /// Two take turns: a block's last step is finished by another's first.
  RowBlock blocks[2];
  alignas(64) uint8_t tiles[kTilesTogether * FP8ATTN_TILE_BYTES];
  alignas(64) uint8_t words[kChunkBytes];
};
static_assert(sizeof(PrefillScratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(0, 0));

/// Adds what a chunk has of the keys from `begin` on to a block; returns
/// whether that is any.
static bool addChunk(BlockStream &stream, const WordTiles &words,
                     RowBlock &block, int64_t begin) {
  const int64_t chunkEnd = words.firstKey + words.numKeys;
  const int64_t end = block.end < chunkEnd ? block.end : chunkEnd;
  int64_t first = begin > words.firstKey ? begin : words.firstKey;
  if (first >= end)
    return false;
  for (int64_t keys; first < end; first += keys) {
    keys = stepKeys(first, end);
    stream.add(block, first, keys, first == begin, first + keys == end);
  }
  return true;
}

/// Attention of two row tiles, where the cache has units (hasUnits).
/// See fp8attn_uk_prefill_fn.
template <class Format>
[[gnu::noinline]] static void
attendTwoTiles(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
               const void *query, int64_t numRows, int64_t keyChannels,
               int64_t valueChannels, const PrefillRows &rows, int64_t exponent,
               float *acc, void *scratchMemory) {
  using Scratch = AttendScratch<Format, 2>;
  static_assert(sizeof(Scratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(0, 0));
  initRows(numRows, valueChannels, rows.max, rows.sum, acc);
  if (numKeys > 0)
    attendKeys<TwoRowTiles, Format>(run, firstKey, firstKey + numKeys, query,
                                    numRows, keyChannels, valueChannels, rows,
                                    exponent, acc,
                                    *static_cast<Scratch *>(scratchMemory));
}

/// What is special about the format of a cache.
struct CacheFunctions {
  /// prefillLatent is null of a format without kHasLatentUnits.
  decltype(&attendTwoTiles<E4M3>) attendTwoTiles, prefillLatent;
  void (*decodeWords)(const fp8attn_key_run &run, WordTiles &tiles);
  BlockStream::AddSpecialValues *addSpecialValues;
};

template <class Format>
static decltype(CacheFunctions::prefillLatent) findPrefillLatent() {
  if constexpr (kHasLatentUnits<Format>)
    // So that it is left out where nobody needs it.
    return fp8attn_has_latent_runs ? prefillLatent<Format> : nullptr;
  else
    return nullptr;
}

/// See fp8attn_uk_prefill_fn.
[[gnu::noinline]] static void
prefill(CacheFunctions cache, const fp8attn_key_run &run, int64_t firstKey,
        int64_t numKeys, const void *query, int64_t numRows,
        int64_t keyChannels, int64_t valueChannels, const PrefillRows &rows,
        int64_t exponent, float *acc, void *scratchMemory) {
  const bool isTwoTiles =
      numRows > FP8ATTN_TILE_ROWS && numRows <= 2 * FP8ATTN_TILE_ROWS;
  const bool hasUnits =
      hasWholeGranules(run) && (!isLatent(run) || cache.prefillLatent);
  if (hasUnits && (isTwoTiles || isLatent(run)))
    return (isTwoTiles ? cache.attendTwoTiles : cache.prefillLatent)(
        run, firstKey, numKeys, query, numRows, keyChannels, valueChannels,
        rows, exponent, acc, scratchMemory);
  auto &scratch = *static_cast<PrefillScratch *>(scratchMemory);
  const int64_t endKey = firstKey + numKeys;
  emptyRows(numRows, rows);
  WordTiles words;
  words.keyChannels = keyChannels;
  words.valueChannels = valueChannels;
  words.mostKeys = mostChunkKeys(keyChannels, valueChannels);
  words.memory = scratch.tiles;
  words.keys = scratch.words;
  words.values = scratch.words + words.mostKeys * keyChannels * kWordBytes;
  BlockStream stream(run, cache.addSpecialValues, words, exponent,
                     scratch.stream);
  int64_t turn = 0;
  // Chunks end where steps do.
  for (int64_t first = firstKey; first < endKey; first += words.numKeys) {
    const int64_t chunkEnd = (first & -FP8ATTN_BLOCK_KEYS) + words.mostKeys;
    words.firstKey = first;
    words.numKeys = (chunkEnd < endKey ? chunkEnd : endKey) - first;
    cache.decodeWords(run, words);
    for (int64_t row = 0; row < numRows; row += FP8ATTN_BLOCK_ROWS) {
      RowBlock &block = scratch.blocks[turn];
      const int64_t left = numRows - row;
      loadRows({rows.scale + row, rows.begin + row, rows.limit + row,
                rows.max + row, rows.sum + row},
               left < FP8ATTN_BLOCK_ROWS ? left : FP8ATTN_BLOCK_ROWS, endKey,
               block);
      block.query =
          static_cast<const uint8_t *>(query) + row * keyChannels * kWordBytes;
      block.acc = acc + row * valueChannels;
      const int64_t begin = block.begin > firstKey ? block.begin : firstKey;
      // A block that no step begins; steps have their sums in other tiles.
      if (first == firstKey && begin >= block.end)
        emptySums(block.acc, block.numRows, valueChannels);
      if (addChunk(stream, words, block, begin))
        turn ^= 1;
    }
    stream.drain();
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
    fp8attn::prefill({fp8attn::attendTwoTiles<fp8attn::Format>,                \
                      fp8attn::findPrefillLatent<fp8attn::Format>(),           \
                      fp8attn::decodeWords<fp8attn::Format>,                   \
                      fp8attn::addSpecialValues<fp8attn::Format>},             \
                     *run, first_key, num_keys, query_tiles, rows,             \
                     key_channels, value_channels,                             \
                     {row_scale, row_begin, row_limit, row_max, row_sum},      \
                     exponent, acc, scratch);                                  \
  }

FP8ATTN_PREFILL(E4M3, e4m3)
FP8ATTN_PREFILL(E5M2, e5m2)
FP8ATTN_PREFILL(I8, i8)
FP8ATTN_PREFILL(E2M1, e2m1)
FP8ATTN_PREFILL(I4, i4)
FP8ATTN_PREFILL(Bf16, bf16)
