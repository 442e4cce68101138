//===- store.h - new keys and values into the cache -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Quantises tokens, or takes codes as they are, and puts them at the bytes of
// common/cache_layout.h. Tokens with consecutive slots that fill whole lines
// (16 keys of a tile, 4 values) are written line by line. Others write their
// own bytes only: two threads may write different tokens of one line at the
// same time. Of two codes of 4 bits in a byte that belong to two tokens, as
// those of values do, one is changed atomically. Channels of the padding are
// stored as zeros. In pages whose size is no multiple of 16, a token is a row.
//
// Both sides are mostly in memory, and hardware prefetchers follow neither one
// head's part of each token nor pages. So while tokens are stored, what the
// next ones need is fetched.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_STORE_H
#define FP8ATTN_X86_VECTOR_STORE_H

#include "x86_vector/decode.h"
#include "x86_vector/for_channels.h"
#include "x86_vector/nibbles.h"
#include "x86_vector/store_scales.h"
#include "x86_vector/store_slots.h"
#include "x86_vector/transpose.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// A key's channels in the lines of a transposition: of codes, lines of bytes,
/// whatever they are packed to (nibbles.h).
template <class Format>
constexpr int64_t kKeyChannels =
    Format::kBits == 16 ? kKeyLines * 2 : kKeyLines * 4;

/// Tokens that share a line of values (two lines if bf16).
constexpr int64_t kValueTokens = 4;

/// Masks of all of 16 and of 32 channels.
constexpr uint32_t kAll16 = 0xffff;
constexpr uint32_t kAll32 = ~0u;

/// Channels of keys that are quantised before they are brought into lines.
template <class Format> constexpr int64_t kKeyBlock = 4 * kKeyChannels<Format>;

/// What is read and written next: rows of the source, and lines of the cache.
class StoreAhead {
public:
  template <class Storage>
  StoreAhead(const Storage *source, int64_t stride, int64_t rows,
             const uint8_t *lines)
      : source(reinterpret_cast<const char *>(source)),
        rowBytes(stride * static_cast<int64_t>(sizeof(Storage))), rows(rows),
        lines(reinterpret_cast<const char *>(lines)) {}

  /// Fetches the next `bytes` of row `row` if there is such a row. Of 16 rows
  /// to L2: those a power of two apart would drive out each other in L1.
  template <auto Level> void fetchRow(int64_t row, int64_t bytes) const {
    if (row < rows)
      for (int64_t i = 0; i < bytes; i += kLineBytes)
        _mm_prefetch(source + row * rowBytes + i, Level);
  }
  void skipColumns(int64_t bytes) { source += bytes; }

  /// Fetches `count` lines, of which the next ones are `stride` bytes on, if
  /// there are rows for them.
  void fetchLines(int64_t count, int64_t stride) {
    if (rows == 0)
      return;
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < count; ++i)
      _mm_prefetch(lines + i * kLineBytes, _MM_HINT_T0);
    lines += stride;
  }

private:
  const char *source;
  int64_t rowBytes, rows;
  const char *lines;
};

/// Returns kKeyChannels channels of two tokens as they stand in the lines: the
/// first token's dwords in the lower half.
template <class Format, class Element>
inline simd::Line packKeys(const typename Element::Storage *first,
                           const typename Element::Storage *second,
                           const Quantizer<Format, Element> &quantizeFirst,
                           const Quantizer<Format, Element> &quantizeSecond) {
  if constexpr (Format::kBits == 16) {
    return simd::fromHalves(Vectors<Element>::loadBf16(first, kAll16),
                            Vectors<Element>::loadBf16(second, kAll16));
  } else if constexpr (__is_same(Element, Format)) {
    constexpr int kCodes = kLineBytes / 2;
    alignas(kLineBytes) uint8_t codes[kLineBytes];
    for (int i = 0; i < kCodes; ++i) {
      // Channels 4i, 4i + 2, 4i + 1, 4i + 3 in each dword.
      const int channel = (i & ~3) | ((i & 1) << 1) | ((i >> 1) & 1);
      codes[i] = first[channel];
      codes[i + kCodes] = second[channel];
    }
    return simd::load(codes);
  } else {
    // Channels 4i, 4i + 2, 4i + 1, 4i + 3 in the low dword of each quadword.
    const auto pack = [](const typename Element::Storage *token,
                         const Quantizer<Format, Element> &quantize) {
      simd::Floats evenChannels, oddChannels;
      Vectors<Element>::loadPairs(token, kAll32, evenChannels, oddChannels);
      const simd::Line even = quantize(evenChannels);
      const simd::Line odd = quantize(oddChannels);
      const simd::Line codes = simd::bitOr(even, simd::shiftLeft32<16>(odd));
      return simd::bitOr(codes, simd::shiftRight64<24>(codes));
    };
    return simd::lowDwords(pack(first, quantizeFirst),
                           pack(second, quantizeSecond));
  }
}

/// Writes line i, dword i of tokens 0 to 15, to `lines`; `keys` is as in
/// transposeKeys.
template <class Format>
inline void storeTransposed(const simd::Line (&keys)[kKeyLines],
                            uint8_t *lines) {
  transposeKeys(keys, [&](int i, simd::Line line) {
    storeCodes<Format>(lines, i, line);
  });
}

/// Writes the 16 keys of a tile of tokens, which need no quantising;
/// `destination` is its first byte. Memory has no time for more than this.
template <class Format, class Element>
inline void moveKeyTile(const typename Element::Storage *source,
                        int64_t tokenStride, int64_t channels,
                        uint8_t *destination) {
  const Quantizer<Format, Element> none(/*scale=*/1);
  forWholeChannels<kKeyChannels<Format>, kLanes>(
      source, tokenStride, channels, paddedKeyChannels(channels),
      [&](const typename Element::Storage *from, int64_t stride) {
        simd::Line keys[kKeyLines];
        for (int64_t k = 0; k < kKeyLines; ++k) {
          const auto *first = from + (k < 4 ? k : k + 4) * stride;
          keys[k] =
              packKeys<Format, Element>(first, first + 4 * stride, none, none);
        }
        storeTransposed<Format>(keys, destination);
        destination += kKeyLines * kLineBytes;
      });
}

/// The same for a cache of codes: token by token first, as a row is read
/// fastest from end to end.
template <class Format, class Element>
inline void storeKeyTile(const typename Element::Storage *source,
                         int64_t tokenStride, int64_t channels,
                         const UnitQuantizers<Format, Element> &quantizers,
                         uint8_t *destination, StoreAhead ahead) {
  constexpr int64_t kElementBytes = sizeof(*source);
  constexpr int64_t kTileBytes = kCacheTileBytes<Format>;
  const int64_t padded = paddedKeyChannels(channels);
  for (int64_t c = 0; c < padded; c += kKeyBlock<Format>) {
    const int64_t count =
        padded - c < kKeyBlock<Format> ? padded - c : kKeyBlock<Format>;
    const int64_t lines = count / kKeyChannels<Format>;
    simd::Line keys[kKeyBlock<Format> / kKeyChannels<Format>][kKeyLines];
#pragma clang loop unroll(disable)
    for (int64_t k = 0; k < kKeyLines; ++k) {
      for (int64_t row = 2 * k; row < 2 * k + 2; ++row)
        ahead.template fetchRow<_MM_HINT_T1>(row, count * kElementBytes);
      const int64_t bytes = lines * kTileBytes / kKeyLines;
      ahead.fetchLines((bytes + kLineBytes - 1) / kLineBytes, bytes);
      simd::Line *to = &keys[0][k];
      const int64_t token = k < 4 ? k : k + 4;
      const auto first = quantizers[token], second = quantizers[token + 4];
      forWholeChannels<kKeyChannels<Format>, 2>(
          source + token * tokenStride + c, 4 * tokenStride, channels - c,
          count, [&](const typename Element::Storage *from, int64_t stride) {
            *to = packKeys<Format, Element>(from, from + stride, first, second);
            to += kKeyLines;
          });
    }
    ahead.skipColumns(count * kElementBytes);
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < lines; ++i) {
      storeTransposed<Format>(keys[i], destination);
      destination += kTileBytes;
    }
  }
}

/// Packs each dword of four codes to its low 16 bits; the others are undefined.
inline simd::Line packDwords(simd::Line codes) {
  const simd::Line pairs = simd::bitOr(codes, simd::shiftRight32<4>(codes));
  return simd::bitSelect(simd::set32(0xff), pairs,
                         simd::shiftRight32<8>(pairs));
}

/// Writes one key: its four codes in each line, or two elements of bf16.
template <class Format, class Element>
inline void storeKeyToken(const typename Element::Storage *source,
                          int64_t channels, int64_t token,
                          const Quantizer<Format, Element> &quantize,
                          uint8_t *page) {
  const int64_t padded = paddedKeyChannels(channels);
  uint8_t *destination =
      page + keyOffset<Format::kBits>(token, 0, padded, kLanes);
  forWholeChannels<kKeyChannels<Format>, 1>(
      source, 0, channels, padded,
      [&](const typename Element::Storage *from, int64_t) {
        constexpr int64_t kStride =
            Format::kBits == 4 ? kLineBytes / 2 : kLineBytes;
        alignas(kLineBytes) int32_t dwords[16];
        simd::Line key =
            packKeys<Format, Element>(from, from, quantize, quantize);
        if constexpr (Format::kBits == 4)
          key = packDwords(key);
        simd::store(dwords, key);
        for (int64_t i = 0; i < kKeyLines; ++i, destination += kStride)
          __builtin_memcpy(destination, dwords + i, kStride / kLanes);
      });
}

/// Returns the codes of 16 channels, one a lane.
template <class Format, class Element>
inline simd::Line valueCodes(const typename Element::Storage *source,
                             const Quantizer<Format, Element> &quantize) {
  if constexpr (Format::kBits == 16) {
    return simd::widen(Vectors<Element>::loadBf16(source, kAll16));
  } else if constexpr (__is_same(Element, Format)) {
    alignas(kLineBytes) uint32_t codes[kLanes];
    for (int i = 0; i < kLanes; ++i)
      codes[i] = source[i];
    return simd::load(codes);
  } else {
    return quantize(Vectors<Element>::load(source, kAll16));
  }
}

/// Where a token's values are in the tiles of a page.
struct ValuePlace {
  uint8_t *first;
  /// From one tile to the next.
  int64_t tileBytes;
  /// The bit of a byte at which an element of 4 bits begins.
  int shift;
};

template <class Format>
inline ValuePlace findValues(uint8_t *page, int64_t token, int64_t channels,
                             int64_t pageTokens) {
  const int64_t padded = paddedValueChannels(channels);
  return {page + valueOffset<Format::kBits>(token, 0, padded, pageTokens),
          bytesOf<Format::kBits>(fp8attn_tokens_together(pageTokens) * kLanes),
          elementShift<Format::kBits>(token)};
}

/// Writes values of kValueTokens tokens, the first a multiple of that.
template <class Format, class Element>
inline void storeValueLines(const typename Element::Storage *source,
                            int64_t tokenStride, int64_t channels,
                            const UnitQuantizers<Format, Element> &quantizers,
                            ValuePlace place, StoreAhead ahead) {
  const int64_t padded = paddedValueChannels(channels);
  const Quantizer<Format, Element> quantize[] = {quantizers[0], quantizers[1],
                                                 quantizers[2], quantizers[3]};
  uint8_t *line = place.first;
  forWholeChannels<kLanes, kValueTokens>(
      source, tokenStride, channels, padded,
      [&](const typename Element::Storage *from, int64_t stride) {
        if constexpr (Format::kBits != 16) {
          for (int64_t row = 0; row < kValueTokens; ++row)
            ahead.template fetchRow<_MM_HINT_T0>(row, kLanes * sizeof(*source));
          ahead.skipColumns(kLanes * sizeof(*source));
          ahead.fetchLines(1, place.tileBytes);
        }
        simd::Line pairs[2];
        for (int i = 0; i < 2; ++i) {
          const auto *even = from + 2 * i * stride;
          const simd::Line low =
              valueCodes<Format, Element>(even, quantize[2 * i]);
          const simd::Line high =
              valueCodes<Format, Element>(even + stride, quantize[2 * i + 1]);
          pairs[i] = simd::bitOr(low, simd::shiftLeft32<16>(high));
        }
        if constexpr (Format::kBits == 16) {
          simd::store(line, pairs[0]);
          simd::store(line + kLineBytes, pairs[1]);
        } else {
          storeCodes<Format>(
              line, 0, simd::bitOr(pairs[0], simd::shiftLeft32<8>(pairs[1])));
        }
        line += place.tileBytes;
      });
}

/// Writes codes of 4 bits, one a lane, to those bits of the 16-bit units of 32
/// bytes that begin at bit `first`. The other bits may belong to tokens that
/// other threads write at the same time.
inline void changeNibbles(uint8_t *line, int64_t first, simd::Line codes) {
  using Quadword [[gnu::may_alias]] = uint64_t;
  constexpr uint64_t kNibbles = 0x000f000f000f000f;
  constexpr int kQuadwords = 4;
  alignas(kLineBytes) uint64_t values[kQuadwords];
  simd::storeWords(values, simd::lowWords(codes));
  auto *to = reinterpret_cast<Quadword *>(line);
  for (int i = 0; i < kQuadwords; ++i) {
    // Nobody else changes the bits that are exchanged here.
    const uint64_t old = __atomic_load_n(to + i, __ATOMIC_RELAXED) >> first;
    __atomic_fetch_xor(to + i, ((old ^ values[i]) & kNibbles) << first,
                       __ATOMIC_RELAXED);
  }
}

/// Writes one token's values: one element in each lane of a line.
template <class Format, class Element>
inline void
storeValueToken(const typename Element::Storage *source, int64_t channels,
                const Quantizer<Format, Element> &quantize, ValuePlace place) {
  const int64_t padded = paddedValueChannels(channels);
  // Of 4 bits, 16-bit units of half a line are exchanged.
  constexpr int64_t kGroupBytes =
      Format::kBits == 4 ? kRowPairBytes<Format> : kLineBytes;
  const auto byte = static_cast<int64_t>(
      reinterpret_cast<uintptr_t>(place.first) % kGroupBytes);
  uint8_t *line = place.first - byte;
  forWholeChannels<kLanes, 1>(
      source, 0, channels, padded,
      [&](const typename Element::Storage *from, int64_t) {
        const simd::Line codes = valueCodes<Format, Element>(from, quantize);
        if constexpr (Format::kBits == 4)
          changeNibbles(line, 8 * byte + place.shift, codes);
        else
          simd::storeParts<Format::kBits / 8>(line, byte, codes);
        line += place.tileBytes;
      });
}

/// Writes codes of 4 bits of 16 channels, one a lane, two to a byte.
inline void storeNibbleRow(uint8_t *row, simd::Line codes) {
  constexpr int kBytes = kLanes / 2;
  alignas(kLineBytes) uint64_t pairs[kBytes];
  simd::store(pairs, simd::bitOr(codes, simd::shiftRight64<28>(codes)));
  for (int i = 0; i < kBytes; ++i)
    row[i] = static_cast<uint8_t>(pairs[i]);
}

/// Writes a token that is a row of `padded` channels.
template <class Format, class Element>
inline void storeRow(const typename Element::Storage *source, int64_t channels,
                     int64_t padded, const Quantizer<Format, Element> &quantize,
                     uint8_t *row) {
  forWholeChannels<kLanes, 1>(
      source, 0, channels, padded,
      [&](const typename Element::Storage *from, int64_t) {
        if constexpr (Format::kBits == 16)
          _mm256_storeu_si256(reinterpret_cast<__m256i *>(row),
                              Vectors<Element>::loadBf16(from, kAll16));
        else if constexpr (Format::kBits == 4)
          storeNibbleRow(row, valueCodes<Format, Element>(from, quantize));
        else
          simd::storeBytes(row, kAll16,
                           valueCodes<Format, Element>(from, quantize));
        row += bytesOf<Format::kBits>(kLanes);
      });
}

/// Stores tokens that are rows of `padded` channels.
template <class Format, class Element>
[[gnu::noinline]] void storeRows(const typename Element::Storage *source,
                                 int64_t tokenStride, int64_t channels,
                                 int64_t padded, const StoreSlots &slots,
                                 const StoreScales &scales) {
  UnitQuantizers<Format, Element> quantizers(scales);
  for (StoreUnit unit = slots.unitAt<1>(0); unit.count;
       unit = slots.unitAt<1>(unit.first + 1)) {
    const auto *from = source + unit.first * tokenStride;
    quantizers.take(unit, from, tokenStride, channels);
    storeRow<Format, Element>(from, channels, padded, quantizers[0],
                              unit.page +
                                  bytesOf<Format::kBits>(unit.token * padded));
  }
}

/// The store_key of a format, from elements of a type.
template <class Format, class Element>
inline void storeKeys(const typename Element::Storage *source,
                      int64_t tokenStride, int64_t channels,
                      const StoreSlots &slots, const StoreScales &scales) {
  const int64_t padded = paddedKeyChannels(channels);
  if (slots.areRows())
    return storeRows<Format, Element>(source, tokenStride, channels, padded,
                                      slots, scales);
  UnitQuantizers<Format, Element> quantizers(scales);
  const auto tileOf = [&](StoreUnit unit) {
    return unit.page +
           keyOffset<Format::kBits>(unit.token & -kLanes, 0, padded, kLanes);
  };
  forUnits<kLanes>(
      slots,
      [&](StoreUnit unit, StoreUnit next) {
        const auto *from = source + unit.first * tokenStride;
        quantizers.take(unit, from, tokenStride, channels);
        if constexpr (Format::kBits == 16)
          moveKeyTile<Format, Element>(from, tokenStride, channels,
                                       tileOf(unit));
        else
          storeKeyTile<Format, Element>(
              from, tokenStride, channels, quantizers, tileOf(unit),
              StoreAhead(source + next.first * tokenStride, tokenStride,
                         next.count, tileOf(next)));
      },
      [&](StoreUnit unit) {
        const auto *from = source + unit.first * tokenStride;
        quantizers.take(unit, from, tokenStride, channels);
        storeKeyToken<Format, Element>(from, channels, unit.token,
                                       quantizers[0], unit.page);
      });
}

/// The store_value of a format, from elements of a type.
template <class Format, class Element>
inline void storeValues(const typename Element::Storage *source,
                        int64_t tokenStride, int64_t channels,
                        const StoreSlots &slots, const StoreScales &scales) {
  if (slots.areRows())
    return storeRows<Format, Element>(source, tokenStride, channels,
                                      paddedValueChannels(channels), slots,
                                      scales);
  UnitQuantizers<Format, Element> quantizers(scales);
  const auto placeOf = [&](StoreUnit unit) {
    return findValues<Format>(unit.page, unit.token, channels,
                              slots.pageTokens);
  };
  // Where scales are computed, a unit is read when it is taken up, too early
  // for what is fetched beside the unit before it.
  const int64_t distance = quantizers.areComputed() ? kValueTokens : 0;
  forUnits<kValueTokens>(
      slots,
      [&](StoreUnit unit, StoreUnit next) {
        const auto *from = source + unit.first * tokenStride;
        quantizers.take(unit, from, tokenStride, channels);
        const int64_t first = next.first + distance;
        const int64_t rest = slots.tokens - first;
        storeValueLines<Format, Element>(
            from, tokenStride, channels, quantizers, placeOf(unit),
            StoreAhead(source + first * tokenStride, tokenStride,
                       rest < next.count ? rest : next.count,
                       placeOf(next).first));
      },
      [&](StoreUnit unit) {
        const auto *from = source + unit.first * tokenStride;
        quantizers.take(unit, from, tokenStride, channels);
        storeValueToken<Format, Element>(from, channels, quantizers[0],
                                         placeOf(unit));
      });
}

/// The quantize of a format, from elements of a type.
template <class Format, class Element>
inline void quantizeDense(const typename Element::Storage *source,
                          int64_t count, float scale, uint8_t *codes) {
  const Quantizer<Format, Element> quantize(scale);
  forChannels<kLanes>(count, count, [&](int64_t i, uint32_t lanes) {
    simd::storeBytes(codes + i, lanes,
                     quantize(Vectors<Element>::load(source + i, lanes)));
  });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_STORE_H
