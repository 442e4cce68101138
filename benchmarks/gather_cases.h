//===- gather_cases.h - selected tokens, copied -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies of tokens that lie apart in pages of 32, beside reads of the lines
// that they are in, which bound them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_GATHER_CASES_H
#define FP8ATTN_BENCHMARKS_GATHER_CASES_H

#include "measure.h"

#include <vector>

namespace fp8attn {

/// Returns copies of 2,048 of 65,536 tokens, other ones each time.
std::vector<Case> gatherCases();

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_GATHER_CASES_H
