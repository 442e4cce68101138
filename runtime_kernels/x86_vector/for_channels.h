//===- for_channels.h - a row in steps of a vector --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loop over a row's elements that all vector kernels share: whole vectors
// with a constant mask, then the tail.
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

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_FOR_CHANNELS_H
