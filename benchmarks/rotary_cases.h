//===- rotary_cases.h - keys rotated when they are written ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cache writes that normalise and rotate, beside loops that do so in memory and
// a write behind them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_ROTARY_CASES_H
#define FP8ATTN_BENCHMARKS_ROTARY_CASES_H

#include "measure.h"

#include <vector>

namespace fp8attn {

/// Returns writes of 512 tokens: of 32 query and 8 KV heads of 128 channels,
/// and of latent keys.
std::vector<Case> rotaryCases();

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_ROTARY_CASES_H
