//===- block_scales.h - powers of two for blocks of channels ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scales of f8E8M0FNU for blocks of channels of a token (MXFP4, MXFP8) as
// floats, a granule at a time: 16 tokens are the lanes of a vector, as they are
// in a tile of keys, and blocks are at least as wide. Where a token has its
// four scales in a dword, as of 128 channels in blocks of 32, a line holds
// those of 16 tokens.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_BLOCK_SCALES_H
#define FP8ATTN_X86_VECTOR_BLOCK_SCALES_H

#include "common/cache_layout.h"
#include "x86_vector/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Most groups of 32 channels.
constexpr int64_t kMostGroups = FP8ATTN_MAX_CHANNELS / kPairedElements;

/// The scales of a granule, each for 32 channels of a token.
struct alignas(kLineBytes) BlockFactors {
  float of[kMostGroups][FP8ATTN_GRANULE];
};

/// Where the scales of a head are, as fp8attn_uk_blocks_fn has it.
class BlockScales {
public:
  BlockScales(const uint8_t *scales, int64_t headOffset, int64_t pageStride,
              int64_t tokenStride, int64_t blockStride, int64_t blockChannels)
      : head(scales + headOffset), pageStride(pageStride),
        tokenStride(tokenStride), blockStride(blockStride),
        groupsPerBlock(blockChannels / kPairedElements) {}

  /// Returns those of the granule that begins at token `first`, of so many
  /// groups of channels, and fetches those of one that comes later.
  BlockFactors load(const fp8attn_key_run &run, int64_t first,
                    int64_t groups) const {
    BlockFactors factors;
    const GranuleHalves halves = halvesAt(run, first);
    loadHalf(halves.early, groups, factors.of[0]);
    loadHalf(halves.late, groups, factors.of[0] + kLanes);
    // At the begin of the run, those that are not fetched later, too.
    const int64_t end =
        first + kAhead < run.num_keys ? first + kAhead + 1 : run.num_keys;
    for (int64_t token = first <= run.first_key ? first + FP8ATTN_GRANULE
                                                : first + kAhead;
         token < end; token += FP8ATTN_GRANULE) {
      const GranuleHalves ahead = halvesAt(run, token);
      fetchHalf(ahead.early);
      fetchHalf(ahead.late);
    }
    return factors;
  }

private:
  /// Granules from the one that is loaded to the one that is fetched: those
  /// before are a few lines only.
  static constexpr int64_t kAhead = 12 * FP8ATTN_GRANULE;

  /// Scales lie in pages as tokens do.
  GranuleHalves halvesAt(const fp8attn_key_run &run, int64_t first) const {
    return findHalves(run, head, pageStride, first, tokenStride);
  }

  /// Fetches the lines of 16 tokens, of which `from` has the first. Scales need
  /// not begin with a line.
  void fetchHalf(const uint8_t *from) const {
    const int64_t last = kLanes * tokenStride - 1;
    const int64_t step = tokenStride < kLineBytes ? kLineBytes : tokenStride;
    for (int64_t byte = 0; byte < last; byte += step)
      _mm_prefetch(reinterpret_cast<const char *>(from + byte), _MM_HINT_T1);
    _mm_prefetch(reinterpret_cast<const char *>(from + last), _MM_HINT_T1);
  }

  /// Those of 16 tokens, of which `from` has the first.
  void loadHalf(const uint8_t *from, int64_t groups, float *factors) const {
    constexpr int64_t kCodes = sizeof(uint32_t);
    int64_t group = 0;
    if (blockStride == 1 && groupsPerBlock == 1)
      for (; group + kCodes <= groups; group += kCodes) {
        const simd::Line codes = loadDwords(from + group);
        float *to = factors + group * FP8ATTN_GRANULE;
        // The code becomes the exponent.
        storePowers(simd::shiftLeft32<23>(codes), to);
        storePowers(simd::shiftLeft32<15>(codes), to + FP8ATTN_GRANULE);
        storePowers(simd::shiftLeft32<7>(codes), to + 2 * FP8ATTN_GRANULE);
        storePowers(simd::shiftRight32<1>(codes), to + 3 * FP8ATTN_GRANULE);
      }
    for (; group < groups; ++group) {
      alignas(kLineBytes) uint32_t codes[kLanes];
      const uint8_t *block = from + group / groupsPerBlock * blockStride;
#pragma clang loop vectorize(disable) unroll(disable)
      for (int64_t lane = 0; lane < kLanes; ++lane)
        codes[lane] = block[lane * tokenStride];
      storePowers(simd::shiftLeft32<23>(simd::load(codes)),
                  factors + group * FP8ATTN_GRANULE);
    }
  }

  /// Loads four bytes of each of 16 tokens.
  simd::Line loadDwords(const uint8_t *from) const {
    simd::Line dwords;
    if (tokenStride == sizeof(uint32_t)) {
      __builtin_memcpy(&dwords, from, sizeof(dwords));
      return dwords;
    }
    alignas(kLineBytes) uint32_t codes[kLanes];
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      __builtin_memcpy(codes + lane, from + lane * tokenStride,
                       sizeof(uint32_t));
    return simd::load(codes);
  }

  /// Stores 2^(code - 127), NaN of code 255, of codes that are exponents of
  /// floats. The smallest power is no normal float.
  static void storePowers(simd::Line exponents, float *to) {
    const simd::Line all = simd::set32(0x7f800000);
    const simd::Line code = simd::bitAnd(exponents, all);
    const simd::Line power = simd::max32(code, simd::set32(0x00400000));
    simd::storeFloats(to, simd::asFloats(simd::ifEqual16(
                              power, all, simd::set32(0x7fc00000), power)));
  }

  const uint8_t *head;
  int64_t pageStride, tokenStride, blockStride, groupsPerBlock;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_BLOCK_SCALES_H
