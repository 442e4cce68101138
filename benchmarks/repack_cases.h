//===- repack_cases.h - caches handed over ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Repacks of whole caches from memory, and of one page in the caches of the
// core, beside copies of as many bytes.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_REPACK_CASES_H
#define FP8ATTN_BENCHMARKS_REPACK_CASES_H

#include "measure.h"

#include <vector>

namespace fp8attn {

/// Returns repacks of `pages` pages of 32 tokens, 8 heads of 128, `times` times
/// a run.
std::vector<Case> repackCases(int64_t pages, int64_t times);

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_REPACK_CASES_H
