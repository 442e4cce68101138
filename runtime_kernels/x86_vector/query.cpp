//===- query.cpp - gathers query rows into tiles, vectors ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query rows of kernels.def of AVX-512 and AVX2. Sixteen bf16 words are
// half a register of the one and a whole one of the other, so that AVX2's
// instructions on words serve both.
//
//===----------------------------------------------------------------------===//

#include "common/query.h"
#include "x86_vector/vectors.h"

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

/// Returns the largest exponent field of the row's finite elements as bf16.
template <class Element>
static int64_t largestExponentField(const typename Element::Storage *row,
                                    int64_t channels) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i field = _mm256_set1_epi16(0xff);
  simd::Words largest = one;
  forChannels<kFloatColumns>(
      channels, channels, [&](int64_t c, uint32_t lanes) {
        const simd::Words words = Vectors<Element>::loadBf16(row + c, lanes);
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
                         uint16_t *tiles) {
  const int64_t lowered = overflowExponent(
      largestExponentField<Element>(source, channels), exponent);
  const int64_t columns = paddedKeyChannels(channels);
  const simd::Floats factor =
      simd::set(powerOfTwo(static_cast<int>(exponent - lowered)));
  forChannels<kFloatColumns>(channels, columns, [&](int64_t c, uint32_t lanes) {
    const simd::Floats x = simd::mul(
        floatFromBf16(Vectors<Element>::loadBf16(source + c, lanes)), factor);
    // The product is a bf16: no rounding is needed.
    _mm256_store_si256(reinterpret_cast<__m256i *>(
                           tiles + tileIndex<kBf16Columns>(row, c, columns)),
                       simd::highWords(simd::bitsOf(x)));
  });
  return lowered;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_QUERY(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
