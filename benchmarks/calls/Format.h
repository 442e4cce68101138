//===- Format.h - element types of caches to time ------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// By the names that options and reports have for them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_FORMAT_H
#define FP8ATTN_BENCHMARKS_CALLS_FORMAT_H

#include <cstdint>

namespace mlir::fp8attn {

/// What there is a scale for: a KV head, in the whole cache, in a page or of a
/// token; the last also computed when the token is written; or, as a power of
/// two, 32 channels of a token.
enum class ScaleKind { None, Head, Page, Token, Dynamic, Block };

/// An element type of caches, and what has scales.
struct Format {
  const char *name;
  /// As MLIR writes it.
  const char *type;
  int64_t bits;
  ScaleKind scales;

  bool hasScalesOfHeads() const {
    return scales == ScaleKind::None || scales == ScaleKind::Head;
  }
  /// Whether it is one of `all`.
  bool isPlain() const { return hasScalesOfHeads() && bits >= 8; }
};

/// Channels of a block.
inline constexpr int64_t kBlockChannels = 32;

inline constexpr Format kFormats[] = {
    {"e4m3", "f8E4M3FN", 8, ScaleKind::Head},
    {"e5m2", "f8E5M2", 8, ScaleKind::Head},
    {"i8", "i8", 8, ScaleKind::Head},
    {"bf16", "bf16", 16, ScaleKind::None},
    {"e4m3-page", "f8E4M3FN", 8, ScaleKind::Page},
    {"e4m3-token", "f8E4M3FN", 8, ScaleKind::Token},
    {"e4m3-dynamic", "f8E4M3FN", 8, ScaleKind::Dynamic},
    {"e5m2-dynamic", "f8E5M2", 8, ScaleKind::Dynamic},
    {"i8-dynamic", "i8", 8, ScaleKind::Dynamic},
    {"e2m1", "f4E2M1FN", 4, ScaleKind::Head},
    {"i4", "i4", 4, ScaleKind::Head},
    {"mxfp4", "f4E2M1FN", 4, ScaleKind::Block},
    {"mxfp8", "f8E4M3FN", 8, ScaleKind::Block}};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_FORMAT_H
