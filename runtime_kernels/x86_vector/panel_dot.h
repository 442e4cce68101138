//===- panel_dot.h - the register block of many rows ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][t] += sum over lines l of  A[r][l] * panel[l][t]
//
// A panel is what many rows share of B: `Tiles` tiles side by side, decoded
// once and as RowDot multiplies them, a line of 64 bytes of each tile after the
// other. A line is one element of the depth of 16 keys or channels (or a pair,
// if RowDot multiplies pairs), and meets four bytes of each row of A.
//
// Each lane of acc is one chain of additions in the order of the depth, as in
// tile_dot.h, so that the bits are the same. A block of kPanelRows rows has
// more chains than that of tile_dot.h: what it loads it multiplies more often,
// and nothing is decoded on the way.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PANEL_DOT_H
#define FP8ATTN_X86_VECTOR_PANEL_DOT_H

#include "x86_vector/prefetch.h"
#include "x86_vector/row_blocks.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bytes of a row of A that a line of a panel meets.
constexpr int64_t kPartBytes = 4;

/// Lines of a panel for a row of a tile's 32 elements of depth.
constexpr int64_t kPanelLines = RowDot::kRowBytes / kPartBytes;

/// Returns the bytes of a panel for `elements` elements of depth, a multiple of
/// 32, and `tiles` tiles.
constexpr int64_t panelBytes(int64_t elements, int64_t tiles) {
  return elements / kPairedElements * kPanelLines * tiles * kLineBytes;
}

/// Bytes from a row of A to the next: room for `elements` elements, and a line
/// that keeps rows from the same sets of a cache.
constexpr int64_t panelRowBytes(int64_t elements) {
  return elements / kPairedElements * RowDot::kRowBytes + kLineBytes;
}

/// Lines that the loop below does at a time; numbers of lines are multiples.
constexpr int64_t kLinesAtATime = 2;

/// Fetches one line of `ahead` each time, too.
template <int Rows, int Tiles, int64_t RowBytes>
[[gnu::always_inline]] inline void
panelDot(const uint8_t *a, const uint8_t *panel, int64_t lines,
         LinesAhead ahead, simd::Floats (&acc)[Rows][Tiles]) {
#pragma clang loop unroll(disable)
  for (int64_t line = 0; line < lines; line += kLinesAtATime) {
    if (ahead.next != ahead.end) {
      _mm_prefetch(reinterpret_cast<const char *>(ahead.next), _MM_HINT_T1);
      ahead.next += kLineBytes;
    }
#pragma GCC unroll 2
    for (int i = 0; i < kLinesAtATime; ++i) {
      RowDot::PanelLine b[Tiles];
      for (int t = 0; t < Tiles; ++t)
        b[t] = RowDot::loadLine(panel + (i * Tiles + t) * kLineBytes);
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r)
        RowDot::addLine(a + r * RowBytes + i * kPartBytes, b, acc[r]);
    }
    a += kLinesAtATime * kPartBytes;
    panel += kLinesAtATime * Tiles * kLineBytes;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PANEL_DOT_H
