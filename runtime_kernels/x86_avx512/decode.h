//===- decode.h - cache lines to bf16 rows ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Widens two neighbouring rows of a cache tile (common/cache_layout.h) into two
// vectors of bf16 words, each the cache value times 2^-kExponent, exactly.
//
// An FP8 magnitude maps to one byte u, the part of the bf16 word that is not
// zero: word = sign | u << kShift, for a bf16 exponent range chosen such that
// normal codes c are u = 128 + c and subnormal ones, normalised, fit below. So
// one vpermi2b finds u for 64 codes, and no word is a bf16 denormal (which
// vdpbf16ps and AMX would take for 0). NaN and infinity have the largest u; a
// running maximum finds them, and whoever sees one decodes again with kExact.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_DECODE_H
#define FP8ATTN_X86_AVX512_DECODE_H

#include "common/cache_layout.h"
#include "common/fp8_format.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

constexpr int64_t kLineBytes = 64;

/// Pairs of rows in a tile.
constexpr int64_t kTileRowPairs = FP8ATTN_TILE_ROWS / 2;

/// What a decoder does about NaN and infinity.
enum class Specials {
  /// Their words are wrong (FP8) or right (bf16); nobody is told.
  kIgnore,
  /// As kIgnore, but sawSpecial() tells.
  kDetect,
  /// Their words are NaN and infinity.
  kExact
};

/// Rows 2i and 2i + 1 of a tile, 32 bf16 words each.
struct RowPair {
  __m512i even, odd;
};

/// Bytes of a pair of rows, and of a tile, in a cache of this format.
template <class Format>
constexpr int64_t kRowPairBytes = kLineBytes * Format::kBytes;
template <class Format>
constexpr int64_t kCacheTileBytes = kTileRowPairs * kRowPairBytes<Format>;

/// The words of an FP8 format.
template <class Format> struct WordFormat;
template <> struct WordFormat<E4M3> {
  static constexpr int kExponent = 104;
  static constexpr int kShift = 4;
  static constexpr bool kHasInf = false;
};
template <> struct WordFormat<E5M2> {
  static constexpr int kExponent = 80;
  static constexpr int kShift = 5;
  static constexpr bool kHasInf = true;
};

/// The byte u of each magnitude.
template <class Format> struct alignas(kLineBytes) WordTable {
  uint8_t u[128];

  constexpr WordTable() : u() {
    using Words = WordFormat<Format>;
    for (int c = 0; c < 128; ++c) {
      const float finite =
          c > Format::kMaxFinite ? 0 : Format::decode(static_cast<uint8_t>(c));
      const uint32_t word = floatBits(finite * powerOfTwo(-Words::kExponent));
      u[c] = static_cast<uint8_t>(
          c > Format::kMaxFinite ? 128 + c : word >> (16 + Words::kShift));
    }
  }
};
template <class Format>
inline constexpr WordTable<Format> kWordTable = WordTable<Format>();

/// Decodes pairs of rows of FP8. Holds constants and the running maximum in
/// registers: make one for each loop.
template <class Format, Specials Mode> class Decoder {
public:
  /// Bytes of the two rows that one load reads.
  static constexpr int64_t kPairBytes = kLineBytes;

  Decoder()
      : low(_mm512_load_si512(kWordTable<Format>.u)),
        high(_mm512_load_si512(kWordTable<Format>.u + 64)) {}

  /// Returns the two rows at `line`, which is aligned.
  RowPair load(const uint8_t *line) {
    const __m512i codes = _mm512_load_si512(line);
    const __m512i u = _mm512_permutex2var_epi8(low, codes, high);
    if (Mode == Specials::kDetect)
      largest = _mm512_max_epu8(largest, u);
    // Even bytes are the first factor of each pair of bytes, odd the second.
    const __m512i scaleEven = _mm512_set1_epi16(1 << Words::kShift);
    const __m512i scaleOdd = _mm512_set1_epi16(1 << (Words::kShift + 8));
    return {
        finish(_mm512_maddubs_epi16(u, scaleEven), _mm512_slli_epi16(codes, 8)),
        finish(_mm512_maddubs_epi16(u, scaleOdd), codes)};
  }

  /// Returns whether a row since the decoder was made had NaN or infinity.
  bool sawSpecial() const {
    static_assert(Mode != Specials::kExact);
    const __m512i first = _mm512_set1_epi8(static_cast<char>(kFirstSpecial));
    return Mode == Specials::kDetect &&
           _mm512_cmpge_epu8_mask(largest, first) != 0;
  }

private:
  using Words = WordFormat<Format>;
  static constexpr int kFirstSpecial = 128 + Format::kMaxFinite + 1;

  /// Puts the top bit of each word of `signs` on a magnitude.
  static __m512i finish(__m512i magnitude, __m512i signs) {
    if (Mode == Specials::kExact) {
      const __m512i first = _mm512_set1_epi16(kFirstSpecial << Words::kShift);
      magnitude = _mm512_mask_mov_epi16(
          magnitude, _mm512_cmpge_epi16_mask(magnitude, first),
          _mm512_mask_mov_epi16(
              _mm512_set1_epi16(0x7fc0),
              Words::kHasInf ? _mm512_cmpeq_epi16_mask(magnitude, first) : 0,
              _mm512_set1_epi16(0x7f80)));
    }
    const __m512i sign = _mm512_set1_epi16(static_cast<short>(0x8000));
    constexpr int kOrAnd = 0xf8; // a | (b & c)
    return _mm512_ternarylogic_epi32(magnitude, signs, sign, kOrAnd);
  }

  __m512i low, high;
  __m512i largest = _mm512_setzero_si512();
};

/// bf16 rows are their own words.
template <Specials Mode> class Decoder<Bf16, Mode> {
public:
  static constexpr int64_t kPairBytes = 2 * kLineBytes;

  RowPair load(const uint8_t *line) {
    const RowPair rows = {_mm512_load_si512(line),
                          _mm512_load_si512(line + kLineBytes)};
    if (Mode == Specials::kDetect) {
      // Without its sign, twice the word orders by magnitude.
      largest =
          _mm512_max_epu16(largest, _mm512_add_epi16(rows.even, rows.even));
      largest = _mm512_max_epu16(largest, _mm512_add_epi16(rows.odd, rows.odd));
    }
    return rows;
  }

  bool sawSpecial() const {
    const __m512i inf = _mm512_set1_epi16(static_cast<short>(2 * 0x7f80));
    return Mode == Specials::kDetect &&
           _mm512_cmpge_epu16_mask(largest, inf) != 0;
  }

private:
  __m512i largest = _mm512_setzero_si512();
};

/// Decodes `tiles` tiles at `cache` into 1 KB bf16 tiles at `words`. Returns
/// whether there were NaN or infinity that are not decoded.
template <class Format, Specials Mode>
inline bool decodeTiles(const uint8_t *cache, int64_t tiles, uint8_t *words) {
  Decoder<Format, Mode> decoder;
  for (int64_t i = 0; i < tiles * kTileRowPairs; ++i) {
    const RowPair rows = decoder.load(cache + i * kRowPairBytes<Format>);
    _mm512_store_si512(words + i * 2 * kLineBytes, rows.even);
    _mm512_store_si512(words + i * 2 * kLineBytes + kLineBytes, rows.odd);
  }
  if constexpr (Mode == Specials::kDetect)
    return decoder.sawSpecial();
  return false;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_DECODE_H
