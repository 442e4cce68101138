//===- block_scales.h - scales of blocks of channels ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scales of blocks of channels of a token as floats, a granule at a time: 16
// tokens are the lanes of a vector, as they are in a tile of keys. They are
// f8E8M0FNU for 32 channels or more (MXFP4, MXFP8), or f8E4M3FN for 16 or more
// (NVFP4). Where a token has its four or eight scales together, as of 128
// channels in blocks of 32 or 16, one or two lines hold those of 16 tokens.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_BLOCK_SCALES_H
#define FP8ATTN_X86_VECTOR_BLOCK_SCALES_H

#include "common/cache_layout.h"
#include "x86_vector/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Scales of f8E8M0FNU, the fewest channels that have one, and what they are as
/// floats.
struct PowerScale {
  static constexpr int64_t kChannels = 32;

  /// Returns 2^(code - 127), NaN of code 255, of the codes in a byte of dwords.
  template <int Byte> static simd::Floats decode(simd::Line dwords) {
    // The code becomes the exponent.
    simd::Line exponents;
    if constexpr (Byte < 3)
      exponents = simd::shiftLeft32<23 - 8 * Byte>(dwords);
    else
      exponents = simd::shiftRight32<1>(dwords);
    const simd::Line all = simd::set32(0x7f800000);
    const simd::Line code = simd::bitAnd(exponents, all);
    // The smallest power is no normal float.
    const simd::Line power = simd::max32(code, simd::set32(0x00400000));
    return simd::asFloats(
        simd::ifEqual16(power, all, simd::set32(0x7fc00000), power));
  }
};

/// The same of f8E4M3FN.
struct E4m3Scale {
  static constexpr int64_t kChannels = 16;

  template <int Byte> static simd::Floats decode(simd::Line dwords) {
    simd::Line shifted, signs;
    if constexpr (Byte < 3) {
      shifted = simd::shiftLeft32<20 - 8 * Byte>(dwords);
      signs = simd::shiftLeft32<24 - 8 * Byte>(dwords);
    } else {
      shifted = simd::shiftRight32<4>(dwords);
      signs = dwords;
    }
    // Exponents and mantissas become the last ones of floats.
    const simd::Line nan = simd::set32(0x7f << kMantissaShift);
    const simd::Line magnitude = simd::bitAnd(shifted, nan);
    const simd::Line small =
        simd::ifEqual16(magnitude, nan, simd::set32(kFloatQuietNan), magnitude);
    constexpr int kBiases = 127 - 7;
    return simd::mul(
        simd::asFloats(simd::orAnd(small, signs, simd::set32(0x80000000))),
        simd::set(powerOfTwo(kBiases)));
  }

private:
  static constexpr int kMantissaShift = kFloatMantissaBits - 3;
};

/// The scales of a granule, each for as many channels of a token as the fewest.
template <class Scale> struct alignas(kLineBytes) BlockFactors {
  float of[FP8ATTN_MAX_CHANNELS / Scale::kChannels][FP8ATTN_GRANULE];
};

/// Where the scales of a head are, as fp8attn_uk_blocks_fn has it.
template <class Scale> class BlockScales {
public:
  BlockScales(const uint8_t *scales, int64_t headOffset, int64_t pageStride,
              int64_t tokenStride, int64_t blockStride, int64_t blockChannels)
      : tokenStride(tokenStride), head(scales + headOffset),
        pageStride(pageStride), blockStride(blockStride),
        groupsPerBlock(blockChannels / Scale::kChannels) {}

  /// Returns those of the granule that begins at token `first`, and fetches
  /// those of one that comes later.
  BlockFactors<Scale> load(const fp8attn_key_run &run, int64_t first,
                           int64_t channels) const {
    const int64_t groups = channels / Scale::kChannels;
    BlockFactors<Scale> factors;
    const GranuleHalves halves = find(run, first);
    loadHalf(halves.early, groups, factors.of[0]);
    loadHalf(halves.late, groups, factors.of[0] + kLanes);
    return factors;
  }

  /// Returns the codes of the halves of that granule, and fetches likewise.
  GranuleHalves find(const fp8attn_key_run &run, int64_t first) const {
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
    return halvesAt(run, first);
  }

  /// Returns how far the code of a group of channels is behind that of the
  /// first one.
  int64_t offsetOf(int64_t group) const {
    return group / groupsPerBlock * blockStride;
  }

  /// From the codes of a token to those of the next one.
  const int64_t tokenStride;

private:
  /// Granules from the one that is loaded to the one that is fetched: those
  /// before are a few lines only.
  static constexpr int64_t kAhead = 12 * FP8ATTN_GRANULE;

  /// Codes that are loaded together.
  static constexpr int64_t kCodes = sizeof(uint32_t);

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
    int64_t group = 0;
    if (blockStride == 1 && groupsPerBlock == 1)
      for (; group + kCodes <= groups; group += kCodes) {
        const simd::Line codes = loadDwords(from, group, groups);
        float *to = factors + group * FP8ATTN_GRANULE;
        simd::storeFloats(to, Scale::template decode<0>(codes));
        simd::storeFloats(to + FP8ATTN_GRANULE,
                          Scale::template decode<1>(codes));
        simd::storeFloats(to + 2 * FP8ATTN_GRANULE,
                          Scale::template decode<2>(codes));
        simd::storeFloats(to + 3 * FP8ATTN_GRANULE,
                          Scale::template decode<3>(codes));
      }
    for (; group < groups; ++group) {
      alignas(kLineBytes) uint32_t codes[kLanes];
      const uint8_t *block = from + offsetOf(group);
#pragma clang loop vectorize(disable) unroll(disable)
      for (int64_t lane = 0; lane < kLanes; ++lane)
        codes[lane] = block[lane * tokenStride];
      simd::storeFloats(factors + group * FP8ATTN_GRANULE,
                        Scale::template decode<0>(simd::load(codes)));
    }
  }

  /// Loads the codes of four groups of each of 16 tokens, of which `from` has
  /// the first.
  simd::Line loadDwords(const uint8_t *from, int64_t group,
                        int64_t groups) const {
    simd::Line dwords;
    if (tokenStride == kCodes) {
      __builtin_memcpy(&dwords, from + group, sizeof(dwords));
      return dwords;
    }
    // If all of a token's are in these bytes: others may end before.
    if (tokenStride == 2 * kCodes && groups == 2 * kCodes) {
      simd::Line late;
      __builtin_memcpy(&dwords, from, sizeof(dwords));
      __builtin_memcpy(&late, from + sizeof(dwords), sizeof(late));
      if (group == 0)
        return simd::lowDwords(dwords, late);
      return simd::lowDwords(simd::shiftRight64<32>(dwords),
                             simd::shiftRight64<32>(late));
    }
    alignas(kLineBytes) uint32_t codes[kLanes];
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      __builtin_memcpy(codes + lane, from + group + lane * tokenStride,
                       sizeof(uint32_t));
    return simd::load(codes);
  }

  const uint8_t *head;
  int64_t pageStride, blockStride, groupsPerBlock;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_BLOCK_SCALES_H
