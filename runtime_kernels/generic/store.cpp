//===- store.cpp - writes new tokens into a cache -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable store_key and store_value rows of kernels.def. Only the token's
// own bytes are written, and of codes of 4 bits its own bits, atomically: other
// threads may write neighbours at the same time.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "common/element_types.h"
#include "common/kernel_declarations.h"
#include "common/store_scales.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns the offset of (token, channel) in a head's part of a page.
using LayoutFunction = int64_t(int64_t token, int64_t channel, int64_t channels,
                               int64_t pageTokens);

/// Returns the channels that a head size is stored as.
using PaddingFunction = int64_t(int64_t headSize);

/// Returns the code of a source element; a code stays as it is.
template <typename Format, typename Element> struct StoredCode {
  static typename Format::Storage get(typename Element::Storage source,
                                      float scale) {
    if constexpr (__is_same(Element, Format))
      return source;
    else
      return Format::encode(Element::decode(source) / scale);
  }
};

/// A bf16 cache holds the element itself, or the nearest bf16.
template <typename Element> struct StoredCode<Bf16, Element> {
  static uint16_t get(typename Element::Storage source, float) {
    return bf16FromElement<Element>(source);
  }
};

/// Returns the largest finite magnitude of a row, 0 if there is none.
template <typename Element>
static float largestMagnitude(const typename Element::Storage *row,
                              int64_t channels) {
  uint32_t largest = 0;
  for (int64_t channel = 0; channel < channels; ++channel) {
    // Magnitudes are in the order of their bits.
    const uint32_t magnitude =
        floatBits(Element::decode(row[channel])) & kFloatMagnitude;
    if (magnitude < kFloatInf && magnitude > largest)
      largest = magnitude;
  }
  return floatFromBits(largest);
}

/// Returns the scale of a token, having computed it if the call says so.
template <typename Format, typename Element>
static float scaleOf(const StoreScales &scales, int64_t token,
                     const typename Element::Storage *row, int64_t channels) {
  if (!scales.areMany())
    return scales.one;
  if constexpr (kQuantizes<Format, Element>)
    if (scales.from != FP8ATTN_SCALES_GIVEN)
      scales.each[token] =
          scales.compute<Format>(largestMagnitude<Element>(row, channels));
  return scales.each[token];
}

/// Writes the code of an element to the byte that has it, from bit `shift` on,
/// or begins with it.
template <typename Format>
static void storeCode(typename Format::Storage code, int shift, uint8_t *to) {
  if constexpr (Format::kBits == 4) {
    const int old = __atomic_load_n(to, __ATOMIC_RELAXED) >> shift & 0xf;
    __atomic_fetch_xor(to, static_cast<uint8_t>((old ^ code) << shift),
                       __ATOMIC_RELAXED);
  } else {
    __builtin_memcpy(to, &code, sizeof(code));
  }
}

/// See fp8attn_uk_store_fn.
template <typename Format, typename Element, bool IsKey, LayoutFunction &layout,
          PaddingFunction &pad>
static void storeTokens(const typename Element::Storage *source,
                        int64_t tokenStride, int64_t tokens, int64_t channels,
                        const int64_t *slots, const StoreScales &scales,
                        uint8_t *cache, int64_t pageBytes, int64_t pageTokens) {
  const int64_t padded = pad(channels);
  for (int64_t token = 0; token < tokens; ++token) {
    const int64_t slot = slots[token];
    if (slot < 0)
      continue;
    const typename Element::Storage *row = source + token * tokenStride;
    const float scale = scaleOf<Format, Element>(scales, token, row, channels);
    uint8_t *page = cache + slot / pageTokens * pageBytes;
    for (int64_t channel = 0; channel < padded; ++channel) {
      const typename Format::Storage code =
          channel < channels
              ? StoredCode<Format, Element>::get(row[channel], scale)
              : 0;
      const int64_t pageToken = slot % pageTokens;
      const int shift =
          fp8attn_tokens_together(pageTokens) == 1
              ? rowShift<Format::kBits>(channel)
              : elementShift<Format::kBits>(IsKey ? channel : pageToken);
      storeCode<Format>(code, shift,
                        page + layout(pageToken, channel, padded, pageTokens));
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_STORE(op, isKey, layout, pad, Element, in, Format, cacheType)  \
  extern "C" void FP8ATTN_KERNEL_NAME(op, in, cacheType, f32, 16, 1, 32,       \
                                      generic)(                                \
      const void *source, int64_t token_stride, int64_t tokens,                \
      int64_t channels, const int64_t *slots, float scale, float *scales,      \
      int64_t scales_from, uint8_t *cache, int64_t page_bytes,                 \
      int64_t page_tokens) {                                                   \
    using namespace fp8attn;                                                   \
    storeTokens<Format, Element, isKey, layout<Format::kBits>, pad>(           \
        static_cast<const Element::Storage *>(source), token_stride, tokens,   \
        channels, slots, {scale, scales, scales_from}, cache, page_bytes,      \
        page_tokens);                                                          \
  }

/// Keys and values from an element type to every type of a cache.
#define FP8ATTN_STORE_FROM(Element, in)                                        \
  FP8ATTN_STORE_TO(Element, in, E4M3, e4m3)                                    \
  FP8ATTN_STORE_TO(Element, in, E5M2, e5m2)                                    \
  FP8ATTN_STORE_TO(Element, in, I8, i8)                                        \
  FP8ATTN_STORE_TO(Element, in, E2M1, e2m1)                                    \
  FP8ATTN_STORE_TO(Element, in, I4, i4)                                        \
  FP8ATTN_STORE_TO(Element, in, Bf16, bf16)
#define FP8ATTN_STORE_TO(Element, in, Format, cacheType)                       \
  FP8ATTN_STORE(store_key, true, keyOffset, paddedKeyChannels, Element, in,    \
                Format, cacheType)                                             \
  FP8ATTN_STORE(store_value, false, valueOffset, paddedValueChannels, Element, \
                in, Format, cacheType)

FP8ATTN_STORE_FROM(Bf16, bf16)
FP8ATTN_STORE_FROM(F16, f16)
FP8ATTN_STORE_FROM(F32, f32)
FP8ATTN_STORE_TO(E4M3, e4m3, E4M3, e4m3)
FP8ATTN_STORE_TO(E5M2, e5m2, E5M2, e5m2)
