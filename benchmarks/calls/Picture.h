//===- Picture.h - results as a picture ----------------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A roofline for each ISA and number of threads of a run.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_PICTURE_H
#define FP8ATTN_BENCHMARKS_CALLS_PICTURE_H

#include "Results.h"

namespace mlir::fp8attn {

/// Returns an SVG. Calls without operations or without a steady sample are not
/// in it.
std::string drawRun(const Run &run);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_PICTURE_H
