//===- scale_codes.h - scales of blocks of channels -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The scales of a cache as the `_blocks` kernels read them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_SCALE_CODES_H
#define FP8ATTN_TEST_SCALE_CODES_H

#include "kernel_under_test.h"
#include "reference.h"

#include <math.h>
#include <string.h>

namespace fp8attn::test {

/// What the table calls a cache, of which elements are that or, of nvfp4, e2m1.
struct ScaledType {
  std::string element;
  /// Whether scales are f8E4M3FN, not f8E8M0FNU.
  bool hasE4m3Scales;
  /// The fewest channels that have a scale.
  int64_t blockChannels;
  /// A scale that is NaN, and 1.
  uint8_t nanCode, oneCode;

  explicit ScaledType(const std::string &cache)
      : element(cache == "nvfp4" ? "e2m1" : cache),
        hasE4m3Scales(cache == "nvfp4"), blockChannels(hasE4m3Scales ? 16 : 32),
        nanCode(hasE4m3Scales ? 0x7f : 0xff),
        oneCode(hasE4m3Scales ? 0x38 : 127) {}

  double scale(uint8_t code) const {
    if (hasE4m3Scales)
      return elementValue("e4m3", code);
    return code == nanCode ? NAN : ldexp(1, code - oneCode);
  }
  /// Returns a power from 2^-12 to 2^12, or any f8E4M3FN but NaN.
  uint8_t randomScale(Random &random) const {
    if (!hasE4m3Scales)
      return static_cast<uint8_t>(oneCode - 12 + random() % 25);
    const auto code = static_cast<uint8_t>(random());
    return (code & 0x7f) == nanCode ? oneCode : code;
  }
};

/// Scales of a cache: code (page, token, block), where heads and blocks lie in
/// one of several orders.
class ScaleCodes {
public:
  enum Order { kBlocksTogether, kHeadsBetween, kTokensTogether, kNumOrders };

  ScaleCodes(const PagedCache &cache, const ScaledType &type, int64_t channels,
             int64_t blockChannels, Order order)
      : run(cache.run()), type(type), blocks(channels / blockChannels),
        blockChannels(blockChannels),
        tokenStride(order == kTokensTogether ? 1
                    : order == kHeadsBetween ? kHeads * blocks
                                             : blocks),
        blockStride(order == kTokensTogether ? run.page_tokens : 1),
        pageStride(kHeads * blocks * run.page_tokens),
        headOffset(order == kHeadsBetween ? blocks : blocks * run.page_tokens),
        codes(static_cast<size_t>(numPages() * pageStride)) {
    // What other heads and pages have must not matter.
    memset(codes.data(), type.nanCode, codes.size());
  }

  uint8_t &at(int64_t token, int64_t channel) {
    const int64_t page = run.pages[token / run.page_tokens];
    return codes[static_cast<size_t>(headOffset + page * pageStride +
                                     token % run.page_tokens * tokenStride +
                                     channel / blockChannels * blockStride)];
  }
  /// Fills those of tokens before `end`.
  void fill(int64_t end, int64_t channels, Random &random) {
    for (int64_t token = 0; token < end; ++token)
      for (int64_t c = 0; c < channels; c += blockChannels)
        at(token, c) = type.randomScale(random);
  }
  double value(int64_t token, int64_t channel) {
    return type.scale(at(token, channel));
  }

  void call(const KernelUnderTest &kernel, int64_t firstKey, int64_t numKeys,
            const void *factors, int64_t rows, int64_t channels, float *sums) {
    GuardedBuffer<uint8_t> scratch(FP8ATTN_KERNEL_SCRATCH_BYTES);
    kernel.as<fp8attn_uk_blocks_fn>()(&run, firstKey, numKeys, factors, rows,
                                      channels, codes.data(), headOffset,
                                      pageStride, tokenStride, blockStride,
                                      blockChannels, sums, scratch.data());
  }

  const fp8attn_key_run &run;
  const ScaledType type;
  int64_t blocks, blockChannels, tokenStride, blockStride, pageStride,
      headOffset;
  GuardedBuffer<uint8_t> codes;

private:
  /// Of the scales, of which the kernel reads the second.
  static constexpr int64_t kHeads = 2;

  /// One more than the largest number of a page.
  int64_t numPages() const {
    int64_t most = 0;
    for (int64_t i = 0; i * run.page_tokens < run.num_keys; ++i)
      most = most < run.pages[i] ? run.pages[i] : most;
    return most + 1;
  }
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_SCALE_CODES_H
