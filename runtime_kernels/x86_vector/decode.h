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
// a table of bytes finds u for 64 codes, and no word is a bf16 denormal (which
// vdpbf16ps and AMX would take for 0). NaN and infinity have the largest u; a
// running maximum finds them, and whoever sees one decodes again with kExact.
//
// The word of an i8 is the high half of its value as a float: no byte is all of
// it, as it has up to seven bits of mantissa besides its exponent. Words of 4
// bits are in a table as they are.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_DECODE_H
#define FP8ATTN_X86_VECTOR_DECODE_H

#include "x86_vector/instructions.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

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
  simd::Line even, odd;
};

/// Bytes of a pair of rows, and of a tile, in a cache of this format.
template <class Format>
constexpr int64_t kRowPairBytes = bytesOf<Format::kBits>(kLineBytes);
template <class Format>
constexpr int64_t kCacheTileBytes = kTileRowPairs * kRowPairBytes<Format>;

/// Bytes that are fetched ahead for so many bytes of a pair of rows, in lines:
/// of pairs that are half a line, those of the second pair are fetched again.
constexpr int64_t fetchedBytes(int64_t bytes) {
  return bytes < kLineBytes ? kLineBytes : bytes;
}

/// Decodes pairs of rows of FP8. Holds constants and the running maximum in
/// registers: make one for each loop.
template <class Format, Specials Mode> class Decoder {
public:
  /// Bytes of the two rows that one load reads.
  static constexpr int64_t kPairBytes = kLineBytes;

  /// Returns the two rows at `line`, which is aligned.
  RowPair load(const uint8_t *line) { return widen(simd::load(line)); }

  /// Returns the two rows of a line.
  RowPair widen(simd::Line codes) {
    const simd::Line u = lookup(codes);
    if (Mode == Specials::kDetect)
      largest = simd::max8(largest, u);
    // Even bytes are the first factor of each pair of bytes, odd the second.
    const simd::Line scaleEven = simd::set16(1 << Words::kShift);
    const simd::Line scaleOdd = simd::set16(1 << (Words::kShift + 8));
    return {finish(simd::multiplyAddBytes(u, scaleEven),
                   simd::shiftLeft16<8>(codes)),
            finish(simd::multiplyAddBytes(u, scaleOdd), codes)};
  }

  /// Returns whether a row since the decoder was made had NaN or infinity.
  bool sawSpecial() const {
    static_assert(Mode != Specials::kExact);
    return Mode == Specials::kDetect &&
           simd::anyNotLess8(largest, simd::set8(kFirstSpecial));
  }

  /// As sawSpecial, and begins anew.
  bool takeSpecial() {
    const bool special = sawSpecial();
    largest = {};
    return special;
  }

  /// Keeps what is decoded before this from being finished after it. Without,
  /// clang moves the maxima of unrolled rows behind all of them, and there are
  /// not enough registers for what it then holds.
  [[gnu::always_inline]] void keepOrder() {
    asm volatile("" : "+v"(largest) : : "memory");
  }

private:
  using Words = WordFormat<Format>;
  static constexpr int kFirstSpecial = 128 + Format::kMaxFinite + 1;

  /// Puts the top bit of each word of `signs` on a magnitude.
  static simd::Line finish(simd::Line magnitude, simd::Line signs) {
    if (Mode == Specials::kExact) {
      const simd::Line last = simd::set16((kFirstSpecial << Words::kShift) - 1);
      const simd::Line nan = simd::set16(0x7fc0);
      const simd::Line special =
          Words::kHasInf
              ? simd::ifEqual16(magnitude,
                                simd::set16(kFirstSpecial << Words::kShift),
                                simd::set16(0x7f80), nan)
              : nan;
      magnitude = simd::ifGreater16(magnitude, last, special, magnitude);
    }
    return simd::orAnd(magnitude, signs, simd::set16(0x8000));
  }

  const WordLookup<Format> lookup;
  simd::Maxima largest = {};
};

/// Words of i8 are their values. There is neither NaN nor infinity.
template <Specials Mode> class Decoder<I8, Mode> {
public:
  static constexpr int64_t kPairBytes = kLineBytes;

  RowPair load(const uint8_t *line) { return widen(simd::load(line)); }

  RowPair widen(simd::Line codes) {
    RowPair rows;
    lookup(codes, rows.even, rows.odd);
    return rows;
  }

  bool sawSpecial() const { return false; }
  bool takeSpecial() { return false; }

  /// There is no maximum to keep.
  void keepOrder() {}

private:
  const IntegerLookup lookup;
};

/// Words of codes of 4 bits are their values. There is neither NaN nor
/// infinity.
template <class Format> class NibbleDecoder {
public:
  static constexpr int64_t kPairBytes = kLineBytes / 2;

  RowPair load(const uint8_t *line) {
    RowPair rows;
    lookup(line, rows.even, rows.odd);
    return rows;
  }

  bool sawSpecial() const { return false; }
  bool takeSpecial() { return false; }

  /// There is no maximum to keep.
  void keepOrder() {}

private:
  const NibbleLookup<Format> lookup;
};
template <Specials Mode>
class Decoder<E2M1, Mode> : public NibbleDecoder<E2M1> {};
template <Specials Mode> class Decoder<I4, Mode> : public NibbleDecoder<I4> {};

/// bf16 rows are their own words.
template <Specials Mode> class Decoder<Bf16, Mode> {
public:
  static constexpr int64_t kPairBytes = 2 * kLineBytes;

  RowPair load(const uint8_t *line) {
    const RowPair rows = {simd::load(line), simd::load(line + kLineBytes)};
    if (Mode == Specials::kDetect) {
      // Without its sign, twice the word orders by magnitude.
      largest = simd::max16(largest, simd::add16(rows.even, rows.even));
      largest = simd::max16(largest, simd::add16(rows.odd, rows.odd));
    }
    return rows;
  }

  bool sawSpecial() const {
    return Mode == Specials::kDetect &&
           simd::anyNotLess16(largest, simd::set16(2 * 0x7f80));
  }

  bool takeSpecial() {
    const bool special = sawSpecial();
    largest = {};
    return special;
  }

  /// As above.
  [[gnu::always_inline]] void keepOrder() {
    asm volatile("" : "+v"(largest) : : "memory");
  }

private:
  simd::Maxima largest = {};
};

/// Decodes `tiles` tiles at `cache` into 1 KB bf16 tiles at `words`. Returns
/// whether there were NaN or infinity that are not decoded.
template <class Format, Specials Mode>
inline bool decodeTiles(const uint8_t *cache, int64_t tiles, uint8_t *words) {
  Decoder<Format, Mode> decoder;
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < tiles * kTileRowPairs; ++i) {
    const RowPair rows = decoder.load(cache + i * kRowPairBytes<Format>);
    simd::store(words + i * 2 * kLineBytes, rows.even);
    simd::store(words + i * 2 * kLineBytes + kLineBytes, rows.odd);
  }
  if constexpr (Mode == Specials::kDetect)
    return decoder.sawSpecial();
  return false;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_DECODE_H
