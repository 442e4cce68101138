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

#include "fp8attn/Runtime/fp8attn.h"

#include <cstdint>

namespace mlir::fp8attn {

/// What there is a scale for: a KV head, in the whole cache, in a page or of a
/// token; the last also computed when the token is written; or a block of
/// channels of a token.
enum class ScaleKind { None, Head, Page, Token, Dynamic, Block };

/// The scales of blocks.
struct BlockFormat {
  int64_t channels;
  /// As MLIR writes it, and as calls have it.
  const char *type;
  fp8attn_type code;
  /// Codes that are drawn: so many from this one on.
  uint8_t smallest, count;
};

inline constexpr BlockFormat kMicroscaling = {32, "f8E8M0FNU",
                                              FP8ATTN_TYPE_F8E8M0FNU, 120, 8};
inline constexpr BlockFormat kNvfp4Blocks = {16, "f8E4M3FN",
                                             FP8ATTN_TYPE_F8E4M3FN, 8, 64};

/// An element type of caches, and what has scales.
struct Format {
  const char *name;
  /// As MLIR writes it.
  const char *type;
  int64_t bits;
  ScaleKind scales;
  /// Of ScaleKind::Block.
  const BlockFormat *blocks = nullptr;

  bool hasScalesOfHeads() const {
    return scales == ScaleKind::None || scales == ScaleKind::Head;
  }
  /// Whether it is one of `all`.
  bool isPlain() const { return hasScalesOfHeads() && bits >= 8; }
};

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
    {"mxfp4", "f4E2M1FN", 4, ScaleKind::Block, &kMicroscaling},
    {"mxfp8", "f8E4M3FN", 8, ScaleKind::Block, &kMicroscaling},
    {"nvfp4", "f4E2M1FN", 4, ScaleKind::Block, &kNvfp4Blocks}};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_FORMAT_H
