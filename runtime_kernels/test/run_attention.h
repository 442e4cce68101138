//===- run_attention.h - runs a block of rows over a cache ---- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two ways to the same result: the fused kernel, and the separate ones.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_RUN_ATTENTION_H
#define FP8ATTN_TEST_RUN_ATTENTION_H

#include "kernel_under_test.h"
#include "reference.h"

namespace fp8attn::test {

/// Power of two in the probabilities, as compiled code chooses it.
constexpr int kProbExponent = 40;

/// What attention leaves for finish.
struct AttentionState {
  std::vector<float> max, sum;
  Matrix<float> acc;

  /// Returns acc / sum * 2^exponent; empty rows are 0.
  Matrix<double> out(int64_t exponent) const;
  /// Returns max + log2(sum) - kProbExponent.
  double logSum(int64_t row) const;
};

/// Runs an attend or prefill kernel over the keys of the run, or over some of
/// them.
AttentionState runAttend(const KernelUnderTest &attend,
                         const AttentionProblem &problem);
AttentionState runAttend(const KernelUnderTest &attend,
                         const AttentionProblem &problem, int64_t firstKey,
                         int64_t numKeys);

/// What prefill_mixed is told beside what prefill is, and the run of codes.
struct MixedOperands {
  const fp8attn_key_run *codes;
  const uint8_t *rope;
  int64_t ropePageBytes;
  const float *scales;
  int64_t headOffset, pageStride, tokenStride, blockStride, blockChannels;
};

/// Runs a prefill_mixed kernel over some keys. The cache of the problem gives
/// head sizes only.
AttentionState runMixed(const KernelUnderTest &kernel,
                        const AttentionProblem &problem, int64_t firstKey,
                        int64_t numKeys, const MixedOperands &mixed);

/// Runs init and then, step by step from the run's first key, the qk, softmax
/// and pv kernels that belong to an attend or prefill kernel, for up to
/// FP8ATTN_BLOCK_ROWS rows.
AttentionState runSeparate(const KernelUnderTest &attend,
                           const AttentionProblem &problem);

/// Runs a problem on an attend or prefill kernel, if it `takes` the problem,
/// and then, for up to FP8ATTN_BLOCK_ROWS rows, on the separate ones.
std::vector<AttentionState> runEachWay(const KernelUnderTest &attend,
                                       const AttentionProblem &problem,
                                       bool takes);

/// Returns a problem of `rows` random queries, of which row r sees all keys, or
/// if causal, those up to the row's distance from the end.
AttentionProblem randomProblem(const PagedCache &cache, int64_t rows,
                               bool causal, Random &random);

/// Lets each row of a problem see only the last `keys` of the keys it saw.
void narrowWindows(AttentionProblem &problem, int64_t keys);

/// Returns `rows` rows of a problem from row `first` on, or row `row`, as a
/// problem of their own.
AttentionProblem someRows(const AttentionProblem &problem, int64_t first,
                          int64_t rows);
AttentionProblem singleRow(const AttentionProblem &problem, int64_t row);

/// Expects rows of two states to have the same bits.
void expectSameBits(const AttentionState &state, int64_t row,
                    const AttentionState &other, int64_t otherRow);

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_RUN_ATTENTION_H
