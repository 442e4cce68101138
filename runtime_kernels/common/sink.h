//===- sink.h - a logit that joins the denominator --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With L the log-sum-exp of a row's keys and s the sink, both natural:
//   sum p v / (exp(L) + exp(s)) = mean of the keys * 1 / (1 + exp(s - L))
//   ln(exp(L) + exp(s))         = max(L, s) + ln(1 + exp(-|L - s|))
// Only differences enter an exponential, so that nothing overflows whatever the
// sink, and the mean is what it is without one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_SINK_H
#define FP8ATTN_COMMON_SINK_H

#include "common/work_rows.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The sink that adds nothing.
constexpr float kNoSink = -__builtin_inff();
constexpr float kLog2E = 0x1.715476p+0f;

/// Returns the part of the denominator that is the keys': 1 without a sink, 0
/// for a row that sees no key.
inline float shareOfKeys(float logSum, float sink) {
  if (sink == kNoSink)
    return 1;
  return 1 / (1 + exp2Polynomial((sink - logSum) * kLog2E));
}

/// Returns the log-sum-exp of keys and sink.
inline float addSink(float logSum, float sink) {
  if (sink == kNoSink)
    return logSum;
  const float larger = sink > logSum ? sink : logSum;
  const float difference = sink > logSum ? logSum - sink : sink - logSum;
  return larger +
         kLn2 * log2Polynomial(1 + exp2Polynomial(difference * kLog2E));
}

/// What finish needs to know of a row.
struct FinishedRow {
  float logSum;
  float share;
};

/// Returns it for row `row`. `sinks` is [Hq] or null.
inline FinishedRow finishedRow(const fp8attn_work_item &item, int64_t row,
                               float max, float sum, int64_t probExponent,
                               const float *sinks) {
  const float logSum = logSumExp(max, sum, probExponent);
  const float sink = sinks ? sinks[rowHead(item, row)] : kNoSink;
  return {addSink(logSum, sink), shareOfKeys(logSum, sink)};
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_SINK_H
