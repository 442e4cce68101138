//===- latent_keys.h - keys of a latent cache, as words ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What latent_scores.h multiplies: the words of one granule after the other,
// which stay in the first-level cache. Those of the next granule take the place
// of a granule's while the last pair of row tiles is multiplied with it.
// mixed_keys.h has the same functions.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_KEYS_H
#define FP8ATTN_X86_AMX_LATENT_KEYS_H

#include "x86_amx/latent_score_stream.h"
#include "x86_amx/special_values.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Fetches `bytes` bytes to the second-level cache.
inline void fetchBytes(const uint8_t *from, int64_t bytes) {
  for (int64_t byte = 0; byte < bytes; byte += kLineBytes)
    _mm_prefetch(reinterpret_cast<const char *>(from + byte), _MM_HINT_T1);
}

/// The keys of a run.
template <class CacheFormat> class LatentKeys {
public:
  /// Of run().
  using Format = CacheFormat;

  /// What a call keeps: words of a granule.
  struct Scratch {
    alignas(
        64) uint8_t words[FP8ATTN_GRANULE * FP8ATTN_MAX_CHANNELS * kWordBytes];
  };

  LatentKeys(const fp8attn_key_run &run, int64_t keyChannels, Scratch &scratch)
      : keyRun(run), keyChannels(keyChannels), scratch(scratch) {}

  /// The run whose granules granuleAt returns, and which of its keys `key` is.
  const fp8attn_key_run &run() const { return keyRun; }
  int64_t place(int64_t key) const { return key; }

  const uint8_t *granuleAt(int64_t key) const {
    return keyGranule<Format::kBits>(keyRun, key, keyChannels);
  }

  /// Lets the granule at `key` be fetched beside the one that is multiplied.
  /// Returns where its tiles are, for each step of depth two, or null if that
  /// is done here.
  const uint8_t *fetchBeside(int64_t key) const { return granuleAt(key); }
  void fetch(int64_t key) const {
    fetchBytes(granuleAt(key), keyRun.key_granule_bytes);
  }

  /// Makes the words of the first granule of a step, with nothing beside it.
  [[gnu::noinline]] void beginStep(int64_t first) {
    isSpecial = false;
    for (int64_t tile = 0; tile < 2 * depth(); ++tile) {
      const uint8_t *from = granuleAt(first) + tile * kCacheTileBytes<Format>;
      if constexpr (kWordsInCache)
        isSpecial |= hasSpecial<Format>(from);
      else
        isSpecial |= decodeTiles<Format, Specials::kDetect>(
            from, 1, scratch.words + tile * FP8ATTN_TILE_BYTES);
    }
    if (isSpecial) [[unlikely]]
      decodeExactly(first);
  }

  /// Turns to the granule at `key`, which `pairs` pairs are multiplied with, of
  /// a step that ends before `stepEnd`. Returns its words.
  const uint8_t *beginGranule(int64_t key, int64_t stepEnd, int64_t) {
    next = key + FP8ATTN_GRANULE;
    hasNext = next < stepEnd;
    isNextMade = false;
    return kWordsInCache ? granuleAt(key) : scratch.words;
  }

  /// Whether there may be NaN or infinity in it.
  bool hasSpecials() const { return isSpecial; }

  /// Multiplies a pair with it; beside the last one, makes the words of the
  /// next granule.
  template <int Tiles, int RowsBeside>
  void multiply(const PairProduct &product, const PairScores &beside,
                int64_t exponent, __m512i &largest, bool isLast) {
    if (!isLast || !hasNext)
      return streamPair<Tiles, RowsBeside>(product, beside, exponent, largest);
    isNextMade = true;
    isNextSpecial = streamPairAndKeys<Format, Tiles, RowsBeside>(
        product, beside, exponent, largest, granuleAt(next), scratch.words);
    if (isNextSpecial) [[unlikely]]
      decodeExactly(next);
  }

  /// Ends the granule. Nobody has looked at the next one if no pair was
  /// multiplied.
  void endGranule() { isSpecial = isNextMade ? isNextSpecial : hasNext; }

private:
  static constexpr bool kWordsInCache = NextKeys<Format>::kWordsInCache;

  int64_t depth() const { return keyChannels / kBf16Columns; }

  /// Decodes the granule at `key` with its NaN and infinities.
  [[gnu::noinline, gnu::cold]] void decodeExactly(int64_t key) {
    if constexpr (!kWordsInCache)
      decodeTiles<Format, Specials::kExact>(granuleAt(key), 2 * depth(),
                                            scratch.words);
  }

  const fp8attn_key_run &keyRun;
  const int64_t keyChannels;
  Scratch &scratch;
  /// The granule behind the one that is multiplied, if the step has one, and
  /// whether its words are there.
  int64_t next = 0;
  bool hasNext = false, isNextMade = false;
  /// Whether there may be NaN or infinity in the granule, and in the next one.
  bool isSpecial = false, isNextSpecial = false;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_KEYS_H
