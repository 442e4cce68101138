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
/// token; the last also computed when the token is written.
enum class ScaleKind { None, Head, Page, Token, Dynamic };

/// An element type of caches, and what has scales.
struct Format {
  const char *name;
  /// As MLIR writes it.
  const char *type;
  int64_t bytes;
  ScaleKind scales;

  /// Whether it is named by its element type.
  bool isPlain() const {
    return scales == ScaleKind::None || scales == ScaleKind::Head;
  }
};

inline constexpr Format kFormats[] = {
    {"e4m3", "f8E4M3FN", 1, ScaleKind::Head},
    {"e5m2", "f8E5M2", 1, ScaleKind::Head},
    {"i8", "i8", 1, ScaleKind::Head},
    {"bf16", "bf16", 2, ScaleKind::None},
    {"e4m3-page", "f8E4M3FN", 1, ScaleKind::Page},
    {"e4m3-token", "f8E4M3FN", 1, ScaleKind::Token},
    {"e4m3-dynamic", "f8E4M3FN", 1, ScaleKind::Dynamic},
    {"e5m2-dynamic", "f8E5M2", 1, ScaleKind::Dynamic},
    {"i8-dynamic", "i8", 1, ScaleKind::Dynamic}};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_FORMAT_H
