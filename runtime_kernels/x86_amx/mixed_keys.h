//===- mixed_keys.h - e4m3 times scales, and bf16, as words -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Keys of two element types for latent_scores.h, as latent_keys.h has those of
// one: codes of e4m3, of which blocks of channels have a scale for each token,
// and behind them channels that are bf16. Words of a granule are made beside
// all pairs of row tiles that are multiplied with the one before it
// (mixed_score_stream.h), also where a step ends.
//
// Words are kept for a step, in a ring of granules that a run of bf16 stands
// for: values are made of them (latent_tiles.h), and further groups of rows use
// them again. To make them takes more than twice as long as to decode a code,
// so that they are made once, though a line that is written to the
// second-level cache costs, too.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_MIXED_KEYS_H
#define FP8ATTN_X86_AMX_MIXED_KEYS_H

#include "x86_amx/latent_keys.h"
#include "x86_amx/mixed_score_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The bf16 channels and the scales of a call of prefill_mixed.
struct MixedParts {
  const uint8_t *rope;
  int64_t ropePageBytes;
  const float *scales;
  int64_t headOffset, pageStride, tokenStride, blockStride, blockChannels;
};

/// The keys of a run of e4m3.
class MixedKeys {
public:
  /// Of run().
  using Format = Bf16;
  /// Granules of a step, and the one that is made behind them.
  static constexpr int64_t kRingGranules =
      FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE + 1;
  static constexpr int64_t kRingTokens = kRingGranules * FP8ATTN_GRANULE;

  /// What a call keeps.
  struct Scratch {
    alignas(64) uint8_t words[kRingTokens * FP8ATTN_MAX_CHANNELS * kWordBytes];
    GranuleLines lines;
    /// [blocks][tokens of a granule]
    alignas(64) float scales[FP8ATTN_MAX_CHANNELS / kPairedElements]
                            [FP8ATTN_GRANULE];
  };

  /// For keys [firstKey, endKey) of `codes`.
  MixedKeys(const fp8attn_key_run &codes, const MixedParts &parts,
            int64_t firstKey, int64_t endKey, int64_t keyChannels,
            Scratch &scratch)
      : codes(codes), parts(parts), firstKey(firstKey), endKey(endKey),
        channels(keyChannels), codeChannels(keyTokenBytes(codes)),
        scratch(scratch) {
    static constexpr int32_t kFirstPage[FP8ATTN_PART_KEYS / kRingTokens + 1] =
        {};
    words.keys = scratch.words;
    words.key_granule_bytes = granuleBytes();
    words.pages = kFirstPage;
    words.page_tokens = kRingTokens;
    words.num_keys = endKey - firstKey;
    for (int64_t &granule : held)
      granule = -1;
    scratch.lines.place(codeChannels / kPairedElements,
                        ropeChannels() / kPairedElements,
                        parts.blockChannels / kPairedElements);
  }

  const fp8attn_key_run &run() const { return words; }
  int64_t place(int64_t key) const { return key - firstKey; }

  uint8_t *granuleAt(int64_t key) const {
    return scratch.words + slotOf(key) * granuleBytes();
  }

  /// Lines of codes are fetched beside those that words are made of.
  const uint8_t *fetchBeside(int64_t key) {
    scratch.lines.fetchBeside(codesAt(key));
    fetchOthers(key);
    return nullptr;
  }
  void fetch(int64_t key) const {
    fetchBytes(codesAt(key), codes.key_granule_bytes);
    fetchOthers(key);
  }

  /// beginGranule does it.
  void beginStep(int64_t) {}

  const uint8_t *beginGranule(int64_t key, int64_t, int64_t pairs) {
    // Where a group begins, or another has seen less of the step.
    makeAll(key);
    current = key;
    numPairs = pairs;
    begin(key + FP8ATTN_GRANULE);
    return granuleAt(key);
  }

  bool hasSpecials() const { return isSpecial[slotOf(current)]; }

  template <int Tiles, int RowsBeside>
  void multiply(const PairProduct &product, const PairScores &beside,
                int64_t exponent, __m512i &largest, bool) {
    GranuleLines &lines = scratch.lines;
    if (!lines.areLeft())
      return streamPair<Tiles, RowsBeside>(product, beside, exponent, largest);
    // So that the lines of a granule are spread over all pairs.
    if (numPairs >= 4)
      streamPairAndWords<Tiles, RowsBeside, 1>(product, beside, exponent,
                                               largest, lines);
    else if (numPairs >= 2)
      streamPairAndWords<Tiles, RowsBeside, 2>(product, beside, exponent,
                                               largest, lines);
    else
      streamPairAndWords<Tiles, RowsBeside, 4>(product, beside, exponent,
                                               largest, lines);
  }

  void endGranule() { end(); }

private:
  int64_t slotOf(int64_t key) const {
    return place(key) / FP8ATTN_GRANULE % kRingGranules;
  }
  int64_t granuleBytes() const {
    return FP8ATTN_GRANULE * channels * kWordBytes;
  }
  int64_t ropeChannels() const { return channels - codeChannels; }
  int64_t ropeBytes() const {
    return FP8ATTN_GRANULE * ropeChannels() * kWordBytes;
  }
  const uint8_t *codesAt(int64_t key) const {
    return keyGranule<E4M3::kBits>(codes, key, codeChannels);
  }
  const uint8_t *ropeAt(int64_t key) const {
    return parts.rope + tokenOffset(codes, parts.ropePageBytes, key,
                                    ropeChannels() * kWordBytes);
  }
  /// The scale of the first block of a token.
  const float *scalesAt(int64_t key) const {
    return parts.scales + parts.headOffset +
           codes.pages[key / codes.page_tokens] * parts.pageStride +
           key % codes.page_tokens * parts.tokenStride;
  }

  /// Fetches the bf16 channels and the scales of a granule.
  void fetchOthers(int64_t key) const {
    fetchBytes(ropeAt(key), ropeBytes());
    const float *scales = scalesAt(key);
    for (int64_t token = 0; token < FP8ATTN_GRANULE; ++token)
      _mm_prefetch(
          reinterpret_cast<const char *>(scales + token * parts.tokenStride),
          _MM_HINT_T1);
  }

  /// Makes a granule with nothing beside it, if it is not there.
  void makeAll(int64_t key) {
    begin(key);
    end();
  }

  /// Begins to make the words of the granule at `key`, if there is one and it
  /// is not there.
  [[gnu::noinline]] void begin(int64_t key) {
    next = key;
    scratch.lines.drop();
    isMaking = key < endKey && held[slotOf(key)] != key;
    if (!isMaking)
      return;
    held[slotOf(key)] = key;
    uint8_t *const to = granuleAt(key);
    bool special = copyRope(key, to);
    collectScales(key);
    if (fillTables())
      scratch.lines.begin(codesAt(key), to);
    else
      special = makeExactly(key, to);
    isSpecial[slotOf(key)] = special;
  }

  /// Makes what is left of it.
  [[gnu::noinline]] void end() {
    if (!isMaking)
      return;
    isMaking = false;
    scratch.lines.makeRest();
    if (scratch.lines.sawSpecial()) [[unlikely]]
      isSpecial[slotOf(next)] = makeExactly(next, granuleAt(next));
  }

  /// Copies the bf16 channels. Returns whether there are NaN or infinity.
  bool copyRope(int64_t key, uint8_t *to) const {
    const uint8_t *from = ropeAt(key);
    const int64_t bytes = ropeBytes() / 2;
    Decoder<Bf16, Specials::kDetect> decoder;
    for (int64_t half = 0; half < 2; ++half) {
      uint8_t *const behind =
          to + (half * channels + codeChannels) * kLanes * kWordBytes;
      for (int64_t byte = 0; byte < bytes; byte += 2 * kLineBytes) {
        const RowPair rows = decoder.load(from + half * bytes + byte);
        simd::store(behind + byte, rows.even);
        simd::store(behind + byte + kLineBytes, rows.odd);
      }
    }
    return decoder.sawSpecial();
  }

  /// Collects the scales of a granule. Tokens behind the end have none: theirs
  /// is 1.
  void collectScales(int64_t key) const {
    const float *from = scalesAt(key);
    const int64_t blocks = codeChannels / parts.blockChannels;
    const int64_t tokens =
        endKey - key < FP8ATTN_GRANULE ? endKey - key : FP8ATTN_GRANULE;
    for (int64_t block = 0; block < blocks; ++block) {
      float *to = scratch.scales[block];
      for (int64_t token = 0; token < tokens; ++token)
        to[token] = from[token * parts.tokenStride + block * parts.blockStride];
      for (int64_t token = tokens; token < FP8ATTN_GRANULE; ++token)
        to[token] = 1;
    }
  }

  /// Makes tables of these scales. Returns whether all have one.
  bool fillTables() const {
    const int64_t blocks = codeChannels / parts.blockChannels;
    for (int64_t block = 0; block < blocks; ++block)
      for (int64_t half = 0; half < 2; ++half) {
        const float *scales = scratch.scales[block] + half * kLanes;
        if (!haveTable(scales))
          return false;
        fillTable(scales, scratch.lines.table(half, block));
      }
    return true;
  }

  /// Makes the words of codes of a granule, whatever they and its scales are.
  /// Returns whether there are NaN or infinity in it.
  [[gnu::noinline, gnu::cold]] bool makeExactly(int64_t key,
                                                uint8_t *to) const {
    const uint8_t *from = codesAt(key);
    for (int64_t token = 0; token < FP8ATTN_GRANULE; ++token)
      for (int64_t c = 0; c < codeChannels; ++c) {
        const uint8_t code = from[keyOffset<E4M3::kBits>(token, c, codeChannels,
                                                         FP8ATTN_GRANULE)];
        const float scale = scratch.scales[c / parts.blockChannels][token];
        const uint16_t word = Bf16::encode(E4M3::decode(code) * scale);
        __builtin_memcpy(
            to + keyOffset<Bf16::kBits>(token, c, channels, FP8ATTN_GRANULE),
            &word, sizeof(word));
      }
    for (int64_t tile = 0; tile < 2 * channels / kPairedElements; ++tile)
      if (hasSpecial<Bf16>(to + tile * FP8ATTN_TILE_BYTES))
        return true;
    return false;
  }

  const fp8attn_key_run &codes;
  const MixedParts &parts;
  const int64_t firstKey, endKey;
  /// Channels of a key, and those of codes.
  const int64_t channels, codeChannels;
  Scratch &scratch;
  /// The ring: one page, whose keys are counted from firstKey on.
  fp8attn_key_run words = {};
  /// Of the ring: first keys of granules, and whether there are NaN or infinity
  /// in them.
  int64_t held[kRingGranules];
  bool isSpecial[kRingGranules];
  /// The granule that is multiplied, by so many pairs, and the one that is
  /// made.
  int64_t current = 0, numPairs = 0, next = 0;
  bool isMaking = false;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_MIXED_KEYS_H
