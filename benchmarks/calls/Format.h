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

/// An element type of caches.
struct Format {
  const char *name;
  /// As MLIR writes it.
  const char *type;
  int64_t bytes;

  /// Elements of FP8 and i8 have scales, one for each KV head.
  bool isScaled() const { return bytes == 1; }
};

inline constexpr Format kFormats[] = {{"e4m3", "f8E4M3FN", 1},
                                      {"e5m2", "f8E5M2", 1},
                                      {"i8", "i8", 1},
                                      {"bf16", "bf16", 2}};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_FORMAT_H
