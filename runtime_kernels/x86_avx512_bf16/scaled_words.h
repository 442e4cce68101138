//===- scaled_words.h - codes of 4 bits times scales ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A code of f4E2M1FN times one of f8E4M3FN is a bf16, exactly, but a bf16 times
// one of f8E4M3FN, as a probability is, is none. So where products are of bf16,
// values are multiplied while they are decoded: a row of a tile of values is of
// two tokens, and each has a scale for all channels of the tile, so that VPERMW
// finds the products of both in their 16 words each.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_BF16_SCALED_WORDS_H
#define FP8ATTN_X86_AVX512_BF16_SCALED_WORDS_H

#include "common/cache_layout.h"
#include "x86_vector/decode.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The words of each code of 4 bits times each scale of 8.
template <class Format, class Scale> struct alignas(64) ScaledWordTable {
  uint16_t words[1 << Scale::kBits][kNibbles];

  constexpr ScaledWordTable() : words() {
    for (int scale = 0; scale < 1 << Scale::kBits; ++scale)
      for (int code = 0; code < kNibbles; ++code) {
        const float factor = Scale::decode(static_cast<uint8_t>(scale));
        const float value = Format::decode(static_cast<uint8_t>(code));
        words[scale][code] = Bf16::encode(
            factor == factor ? value * factor : floatFromBits(kFloatQuietNan));
      }
  }
};
template <class Format, class Scale>
inline constexpr ScaledWordTable<Format, Scale> kScaledWords =
    ScaledWordTable<Format, Scale>();

/// Decodes pairs of rows of `Tiles` tiles of values side by side, of a granule
/// whose tokens' scales are `tokenStride` bytes apart in each half.
template <int Tiles> class ScaledNibbles {
public:
  static constexpr int64_t kPairBytes = kLineBytes / 2;

  /// Where the scales of the first token of each half are, for each tile.
  GranuleHalves scales[Tiles];

  explicit ScaledNibbles(int64_t tokenStride) : tokenStride(tokenStride) {}

  RowPair load(const uint8_t *line, int64_t pair, int tile) {
    const __m512i bytes = simd::widenBytes(simd::loadWords(line));
    constexpr int64_t kInHalf = kTileRowPairs / 2, kTokens = 4;
    const uint8_t *half =
        pair < kInHalf ? scales[tile].early : scales[tile].late;
    const uint8_t *first = half + pair % kInHalf * kTokens * tokenStride;
    // The fifth bit of an index tells the tokens.
    const __m512i second = simd::set32(kNibbles << 16);
    const __m512i low =
        simd::bitOr(simd::bitAnd(bytes, simd::set16(kNibbles - 1)), second);
    const __m512i high = simd::bitOr(_mm512_srli_epi16(bytes, 4), second);
    return {_mm512_permutexvar_epi16(low, tableOf(first)),
            _mm512_permutexvar_epi16(high, tableOf(first + 2 * tokenStride))};
  }

  /// Returns whether a scale since the decoder was made was NaN: the words of
  /// code 0 are then, too, and 0 with a sign otherwise.
  bool sawSpecial() const {
    const __m512i zeros = simd::set32(0x7fff);
    return _mm512_mask_test_epi32_mask(0x101, seen, zeros) != 0;
  }

private:
  /// Returns the words of a token, and those of the next one.
  __m512i tableOf(const uint8_t *scale) {
    const auto &words = kScaledWords<E2M1, E4M3>.words;
    const __m512i table =
        simd::fromHalves(simd::loadWords(words[scale[0]]),
                         simd::loadWords(words[scale[tokenStride]]));
    seen = simd::bitOr(seen, table);
    return table;
  }

  const int64_t tokenStride;
  __m512i seen = simd::zero();
};

template <int Tiles>
[[gnu::always_inline]] inline RowPair loadRows(ScaledNibbles<Tiles> &decoder,
                                               const uint8_t *lines,
                                               int64_t pair, int tile) {
  return decoder.load(lines, pair, tile);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_BF16_SCALED_WORDS_H
