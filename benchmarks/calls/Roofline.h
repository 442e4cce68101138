//===- Roofline.h - results as a picture ---------------------- -*- C++ -*-===//
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

#ifndef FP8ATTN_BENCHMARKS_CALLS_ROOFLINE_H
#define FP8ATTN_BENCHMARKS_CALLS_ROOFLINE_H

#include "Results.h"

namespace mlir::fp8attn {

/// Returns an SVG with a panel for each ISA and number of threads. Calls
/// without operations or without a steady sample are not in it.
std::string drawRooflines(const Run &run);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_ROOFLINE_H
