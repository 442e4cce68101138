//===- for_channels.h - a row in steps of a vector --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops over a row's elements that all vector kernels share: whole vectors,
// then the tail, with a mask or as a copy with zeros behind it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_FOR_CHANNELS_H
#define FP8ATTN_X86_VECTOR_FOR_CHANNELS_H

#include "common/kernel_namespace.h"

#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Calls body(c, lanes) for channels [c, c + Width) with a mask of those below
/// `channels`, while c < padded.
template <int Width, class Body>
[[gnu::always_inline]] inline void forChannels(int64_t channels, int64_t padded,
                                               const Body &body) {
  constexpr uint32_t kAll = Width == 32 ? ~0u : (1u << Width) - 1;
  int64_t c = 0;
  for (; c + Width <= channels; c += Width)
    body(c, kAll);
  for (; c < padded; c += Width)
    body(c, c < channels ? (1u << (channels - c)) - 1 : 0);
}

/// Writes rows of `width` elements: the first `count` of each row, which may be
/// none, and zeros. A call, which keeps it out of the code of every load: only
/// the last channels of a head size that does not fill a vector need it.
template <class Storage>
[[gnu::noinline]] void copyPadded(const Storage *from, int64_t stride, int rows,
                                  int64_t count, int width, Storage *copy) {
  for (int r = 0; r < rows; ++r)
#pragma clang loop vectorize(disable) unroll(disable)
    for (int i = 0; i < width; ++i)
      copy[r * width + i] = i < count ? from[r * stride + i] : Storage();
}

/// Calls body(from, stride) for channels [c, c + Width) of `Rows` rows, while
/// c < padded: with the rows, or with a copy that has zeros for the channels
/// from `channels` on. The body is there once, without masks.
template <int Width, int Rows, class Storage, class Body>
[[gnu::always_inline]] inline void
forWholeChannels(const Storage *rows, int64_t stride, int64_t channels,
                 int64_t padded, const Body &body) {
  Storage copy[Rows * Width];
#pragma clang loop unroll(disable)
  for (int64_t c = 0; c < padded; c += Width) {
    const Storage *from = rows + c;
    int64_t fromStride = stride;
    if (c + Width > channels) {
      copyPadded(from, stride, Rows, channels - c, Width, copy);
      from = copy;
      fromStride = Width;
    }
    body(from, fromStride);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_FOR_CHANNELS_H
