//===- query.cpp - gathers query rows into tiles, vectors ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query rows of kernels.def of AVX-512 and AVX2. Sixteen bf16 words are
// half a register of the one and a whole one of the other, so that AVX2's
// instructions on words serve both. Codes of FP8 are decoded by way of f16.
//
//===----------------------------------------------------------------------===//

#include "common/query.h"
#include "x86_vector/vectors.h"

#include <type_traits>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns the largest of 16 words.
static int64_t largestWord(simd::Words words) {
  const __m128i half = _mm_max_epu16(_mm256_castsi256_si128(words),
                                     _mm256_extracti128_si256(words, 1));
  // There is an instruction for the smallest only.
  const __m128i ones = _mm_set1_epi16(-1);
  const __m128i smallest = _mm_minpos_epu16(_mm_xor_si128(half, ones));
  return 0xffff - _mm_extract_epi16(smallest, 0);
}

/// Loads 16 elements as bf16; lanes outside of the mask are 0.
template <class Element>
static simd::Words loadWords(const typename Element::Storage *from,
                             uint32_t lanes) {
  return Vectors<Element>::loadBf16(from, lanes);
}

/// Loads 16 codes, of which halvesOf makes f16 words of the values times
/// 2^-Power: an f16 has more exponents than an e4m3, and those of an e5m2.
template <int Power, class HalvesOf>
static simd::Words loadCodes(const uint8_t *from, uint32_t lanes,
                             const HalvesOf &halvesOf) {
  uint8_t copy[kFloatColumns];
  if (lanes != 0xffff) {
    copyPadded(from, 0, 1, __builtin_popcount(lanes), kFloatColumns, copy);
    from = copy;
  }
  alignas(32) uint16_t halves[kFloatColumns];
  const __m256i codes = _mm256_cvtepu8_epi16(
      _mm_loadu_si128(reinterpret_cast<const __m128i *>(from)));
  _mm256_store_si256(reinterpret_cast<__m256i *>(halves), halvesOf(codes));
  return bf16FromFloat(simd::mul(Vectors<F16>::load(halves, 0xffff),
                                 simd::set(powerOfTwo(Power))));
}

template <> simd::Words loadWords<E5M2>(const uint8_t *from, uint32_t lanes) {
  return loadCodes</*Power=*/0>(
      from, lanes, [](__m256i codes) { return _mm256_slli_epi16(codes, 8); });
}

template <> simd::Words loadWords<E4M3>(const uint8_t *from, uint32_t lanes) {
  return loadCodes</*Power=*/8>(from, lanes, [](__m256i codes) {
    const __m256i nan = _mm256_set1_epi16(E4M3::kNan);
    const __m256i magnitude = _mm256_and_si256(codes, nan);
    const __m256i sign =
        _mm256_slli_epi16(_mm256_xor_si256(codes, magnitude), 8);
    const __m256i special = _mm256_and_si256(_mm256_cmpeq_epi16(magnitude, nan),
                                             _mm256_set1_epi16(0x7c00));
    return _mm256_or_si256(_mm256_or_si256(sign, special),
                           _mm256_slli_epi16(magnitude, 7));
  });
}

/// Loads 16 elements as products.
template <class Element>
static simd::Floats loadProducts(const typename Element::Storage *from,
                                 uint32_t lanes) {
  if constexpr (std::is_same_v<ProductElement, F32> && sizeof(*from) > 1)
    return Vectors<Element>::load(from, lanes);
  else
    return floatFromBf16(loadWords<Element>(from, lanes));
}

/// Returns the high halves of 16 products, which have their exponents.
template <class Element>
static simd::Words loadHalves(const typename Element::Storage *from,
                              uint32_t lanes) {
  if constexpr (std::is_same_v<ProductElement, F32>)
    return simd::highWords(simd::bitsOf(loadProducts<Element>(from, lanes)));
  else
    return loadWords<Element>(from, lanes);
}

/// Writes 16 products of a row of a tile.
[[maybe_unused]] static void storeProducts(simd::Floats x, float *to) {
  simd::storeFloats(to, x);
}
[[maybe_unused]] static void storeProducts(simd::Floats x, uint16_t *to) {
  // They are bf16: no rounding is needed.
  _mm256_store_si256(reinterpret_cast<__m256i *>(to),
                     simd::highWords(simd::bitsOf(x)));
}

/// Returns the largest exponent field of the row's finite products.
template <class Element>
static int64_t largestExponentField(const typename Element::Storage *row,
                                    int64_t channels) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i field = _mm256_set1_epi16(0xff);
  simd::Words largest = one;
  forChannels<kFloatColumns>(
      channels, channels, [&](int64_t c, uint32_t lanes) {
        const simd::Words words = loadHalves<Element>(row + c, lanes);
        // Fields plus one, so that those of NaN and infinity, 255, become 0.
        const __m256i fields = _mm256_and_si256(
            _mm256_add_epi16(_mm256_srli_epi16(words, 7), one), field);
        largest = _mm256_max_epu16(largest, fields);
      });
  return largestWord(largest) - 1;
}

/// Gathers a row, see common/query.h.
template <class Element>
static int64_t gatherRow(const typename Element::Storage *source,
                         int64_t channels, int64_t exponent, int64_t row,
                         ProductElement::Storage *tiles) {
  const int64_t lowered = overflowExponent(
      largestExponentField<Element>(source, channels), exponent);
  const int64_t columns = paddedKeyChannels(channels);
  const simd::Floats factor =
      simd::set(powerOfTwo(static_cast<int>(exponent - lowered)));
  forChannels<kFloatColumns>(channels, columns, [&](int64_t c, uint32_t lanes) {
    const simd::Floats x =
        simd::mul(loadProducts<Element>(source + c, lanes), factor);
    storeProducts(x, tiles + tileIndex<kProductColumns>(row, c, columns));
  });
  return lowered;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_QUERY(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::E4M3, e4m3, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::E5M2, e5m2, FP8ATTN_KERNEL_ISA)
