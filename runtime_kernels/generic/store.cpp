//===- store.cpp - writes new tokens into a cache -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable store_key and store_value rows of kernels.def. Only the token's
// own bytes are written: other threads may write neighbours at the same time.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "common/fp8_format.h"
#include "common/kernel_declarations.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns the offset of (token, channel) in a head's part of a page.
using LayoutFunction = int64_t(int64_t token, int64_t channel,
                               int64_t channels);

/// Returns the code of a bf16 source element.
template <typename Format> struct StoredCode {
  static typename Format::Storage get(uint16_t source, float scale) {
    return Format::encode(Bf16::decode(source) / scale);
  }
};

/// A bf16 cache holds the element itself.
template <> struct StoredCode<Bf16> {
  static uint16_t get(uint16_t source, float) { return source; }
};

/// See fp8attn_uk_store_fn.
template <typename Format, LayoutFunction &layout>
static void storeTokens(const uint16_t *source, int64_t tokenStride,
                        int64_t tokens, int64_t channels, const int64_t *slots,
                        float scale, uint8_t *cache, int64_t pageBytes,
                        int64_t pageTokens) {
  for (int64_t token = 0; token < tokens; ++token) {
    const int64_t slot = slots[token];
    if (slot < 0)
      continue;
    uint8_t *page = cache + slot / pageTokens * pageBytes;
    for (int64_t channel = 0; channel < channels; ++channel) {
      const typename Format::Storage code =
          StoredCode<Format>::get(source[token * tokenStride + channel], scale);
      __builtin_memcpy(page + layout(slot % pageTokens, channel, channels),
                       &code, sizeof(code));
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_STORE(op, layout, Format, cacheType)                           \
  extern "C" void FP8ATTN_KERNEL_NAME(op, bf16, cacheType, f32, 16, 1, 32,     \
                                      generic)(                                \
      const void *source, int64_t token_stride, int64_t tokens,                \
      int64_t channels, const int64_t *slots, float scale, uint8_t *cache,     \
      int64_t page_bytes, int64_t page_tokens) {                               \
    using namespace fp8attn;                                                   \
    storeTokens<Format, layout<Format::kBytes>>(                               \
        static_cast<const uint16_t *>(source), token_stride, tokens, channels, \
        slots, scale, cache, page_bytes, page_tokens);                         \
  }

FP8ATTN_STORE(store_key, keyOffset, E4M3, e4m3)
FP8ATTN_STORE(store_key, keyOffset, E5M2, e5m2)
FP8ATTN_STORE(store_key, keyOffset, Bf16, bf16)
FP8ATTN_STORE(store_value, valueOffset, E4M3, e4m3)
FP8ATTN_STORE(store_value, valueOffset, E5M2, e5m2)
FP8ATTN_STORE(store_value, valueOffset, Bf16, bf16)
