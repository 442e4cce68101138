//===- Roofline.h - speeds as a picture -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The roofline of Williams, Waterman and Patterson (CACM 52/4, 2009):
// operations a second over operations for each byte, below what multiplications
// and reads allow.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMMON_ROOFLINE_H
#define FP8ATTN_TOOLS_COMMON_ROOFLINE_H

#include <string>
#include <vector>

namespace mlir::fp8attn {

/// Something that was timed.
struct RooflinePoint {
  /// What is shown when the pointer is over the point: what it is, and which
  /// part of its limit it reaches.
  std::string name, fraction;
  /// Of the cache: "e4m3", "e5m2", "i8", "bf16" or another, which has no
  /// colour.
  std::string format;
  /// Of one call; all are greater than 0.
  double flops, bytes, seconds;
};

/// What was timed below the same roofs.
struct RooflinePanel {
  std::string title;
  /// A second: operations in registers, reads one after the other, and reads of
  /// four pages at a time; 0 if unknown.
  double peakFlops = 0, readBytes = 0, interleavedBytes = 0;
  /// At least one.
  std::vector<RooflinePoint> points;
};

/// Returns an SVG of panels, one below the other, under a title.
std::string drawRooflines(const std::string &title,
                          const std::vector<RooflinePanel> &panels);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_ROOFLINE_H
