//===- run_attention.cpp - runs a block of rows over a cache --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are packed and guarded for each run.
//
//===----------------------------------------------------------------------===//

#include "run_attention.h"

#include "common/tile_layout.h"
#include "golden.h"

#include <math.h>
#include <string.h>

namespace fp8attn::test {

namespace {
/// Packed operands of one run.
struct Operands {
  ProductTiles query;
  GuardedBuffer<float> rowScale;
  GuardedBuffer<int32_t> rowBegin, rowLimit;
  GuardedBuffer<float> max, sum;
  Tiles<float> acc;
  GuardedBuffer<uint8_t> scratch;

  Operands(const AttentionProblem &problem, int exponent,
           size_t scratchBytes = FP8ATTN_KERNEL_SCRATCH_BYTES)
      : query(queryType, scaled(problem.query, exponent),
              paddedKeys(problem.query.columns)),
        rowScale(GuardedBuffer<float>::copyOf(problem.rowScale)),
        rowBegin(GuardedBuffer<int32_t>::copyOf(problem.rowBegin)),
        rowLimit(GuardedBuffer<int32_t>::copyOf(problem.rowLimit)),
        max(rowScale.size()), sum(rowScale.size()),
        acc(problem.query.rows,
            paddedValues(problem.cache.shape().valueChannels), NAN),
        scratch(scratchBytes) {
    for (int64_t row = 0; row < problem.query.rows; ++row)
      for (int64_t c = problem.query.columns;
           c < paddedKeys(problem.query.columns); ++c)
        query.set(row, c, 0);
  }

  AttentionState state(int64_t rows, int64_t channels) {
    AttentionState result{{max.begin(), max.end()},
                          {sum.begin(), sum.end()},
                          Matrix<float>(rows, channels)};
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t c = 0; c < channels; ++c)
        result.acc.at(row, c) = acc.at(row, c);
    return result;
  }
};
} // namespace

Matrix<double> AttentionState::out(int64_t exponent) const {
  Matrix<double> result(acc.rows, acc.columns);
  for (int64_t row = 0; row < acc.rows; ++row)
    for (int64_t c = 0; c < acc.columns; ++c) {
      const double denominator = sum[static_cast<size_t>(row)];
      result.at(row, c) =
          denominator == 0 ? 0
                           : ldexp(acc.at(row, c) / denominator, int(exponent));
    }
  return result;
}

double AttentionState::logSum(int64_t row) const {
  const size_t r = static_cast<size_t>(row);
  return max[r] + log2(sum[r]) - kProbExponent;
}

AttentionState runAttend(const KernelUnderTest &attend,
                         const AttentionProblem &problem) {
  const fp8attn_key_run &run = problem.cache.run();
  return runAttend(attend, problem, run.first_key,
                   run.num_keys - run.first_key);
}

AttentionState runAttend(const KernelUnderTest &attend,
                         const AttentionProblem &problem, int64_t firstKey,
                         int64_t numKeys) {
  const CacheShape &shape = problem.cache.shape();
  Operands operands(problem, int(attend.row->exponent),
                    attend.isPrefill() ? FP8ATTN_PREFILL_SCRATCH_BYTES(
                                             paddedKeys(shape.keyChannels),
                                             paddedValues(shape.valueChannels))
                                       : FP8ATTN_KERNEL_SCRATCH_BYTES);
  TileScope scope(attend);
  attend.as<fp8attn_uk_attend_fn>()(
      &problem.cache.run(), firstKey, numKeys, operands.query.data(),
      problem.query.rows, paddedKeys(shape.keyChannels),
      paddedValues(shape.valueChannels), operands.rowScale.data(),
      operands.rowBegin.data(), operands.rowLimit.data(), kProbExponent,
      operands.max.data(), operands.sum.data(), operands.acc.data(),
      operands.scratch.data());
  return operands.state(problem.query.rows, shape.valueChannels);
}

AttentionState runMixed(const KernelUnderTest &kernel,
                        const AttentionProblem &problem, int64_t firstKey,
                        int64_t numKeys, const MixedOperands &mixed) {
  const CacheShape &shape = problem.cache.shape();
  const int64_t keyChannels = paddedKeys(shape.keyChannels);
  const int64_t valueChannels = paddedValues(shape.valueChannels);
  Operands operands(problem, int(kernel.row->exponent),
                    FP8ATTN_PREFILL_SCRATCH_BYTES(keyChannels, valueChannels));
  TileScope scope(kernel);
  kernel.as<fp8attn_uk_prefill_mixed_fn>()(
      mixed.codes, firstKey, numKeys, operands.query.data(), problem.query.rows,
      keyChannels, valueChannels, mixed.rope, mixed.ropePageBytes, mixed.scales,
      mixed.headOffset, mixed.pageStride, mixed.tokenStride, mixed.blockStride,
      mixed.blockChannels, operands.rowScale.data(), operands.rowBegin.data(),
      operands.rowLimit.data(), kProbExponent, operands.max.data(),
      operands.sum.data(), operands.acc.data(), operands.scratch.data());
  return operands.state(problem.query.rows, shape.valueChannels);
}

/// Returns the kernel of another operation for the cache and ISA of `attend`.
static KernelUnderTest siblingOf(const KernelUnderTest &attend,
                                 const std::string &op) {
  for (const KernelUnderTest &kernel : kernelsOf(op))
    if (!strcmp(kernel.row->cache, attend.row->cache) &&
        kernel.row->isa == attend.row->isa && kernel.form == attend.form &&
        kernel.products() == attend.products())
      return kernel;
  ADD_FAILURE() << "no " << op << " kernel beside " << attend.name();
  return attend;
}

AttentionState runSeparate(const KernelUnderTest &attend,
                           const AttentionProblem &problem) {
  const auto qk = siblingOf(attend, "qk").as<fp8attn_uk_qk_fn>();
  const auto pv = siblingOf(attend, "pv").as<fp8attn_uk_pv_fn>();
  const auto init = companionOf("init", attend).as<fp8attn_uk_init_fn>();
  const auto softmax =
      companionOf("softmax", attend).as<fp8attn_uk_softmax_fn>();
  Operands operands(problem, int(attend.row->exponent));
  const CacheShape &shape = problem.cache.shape();
  const int64_t rows = problem.query.rows;
  Tiles<float> scores(rows, FP8ATTN_BLOCK_KEYS, NAN);
  ProductTiles probs(queryType, rows, FP8ATTN_BLOCK_KEYS);
  const int64_t keyChannels = paddedKeys(shape.keyChannels);
  const int64_t valueChannels = paddedValues(shape.valueChannels);
  init(rows, valueChannels, operands.max.data(), operands.sum.data(),
       operands.acc.data());
  TileScope scope(attend);
  const int64_t end = problem.cache.run().num_keys;
  for (int64_t first = problem.cache.run().first_key, keys; first < end;
       first += keys) {
    keys = stepKeys(first, end);
    qk(&problem.cache.run(), first, keys, operands.query.data(), rows,
       keyChannels, scores.data(), operands.scratch.data());
    softmax(first, keys, rows, scores.data(), operands.rowScale.data(),
            operands.rowBegin.data(), operands.rowLimit.data(), kProbExponent,
            valueChannels, operands.max.data(), operands.sum.data(),
            operands.acc.data(), probs.data());
    pv(&problem.cache.run(), first, keys, probs.data(), rows, valueChannels,
       operands.acc.data(), operands.scratch.data());
  }
  return operands.state(rows, shape.valueChannels);
}

std::vector<AttentionState> runEachWay(const KernelUnderTest &attend,
                                       const AttentionProblem &problem,
                                       bool takes) {
  std::vector<AttentionState> states;
  if (takes)
    states.push_back(runAttend(attend, problem));
  if (problem.query.rows <= FP8ATTN_BLOCK_ROWS)
    states.push_back(runSeparate(attend, problem));
  return states;
}

AttentionProblem randomProblem(const PagedCache &cache, int64_t rows,
                               bool causal, Random &random) {
  const CacheShape &shape = cache.shape();
  AttentionProblem problem{
      cache, randomQuery(rows, shape.keyChannels, random), {}, {}, {}};
  const float scale = static_cast<float>(
      M_LOG2E / sqrt(static_cast<double>(shape.keyChannels)));
  for (int64_t row = 0; row < rows; ++row) {
    problem.rowScale.push_back(scale * (1 + 0.1f * float(row)));
    const int64_t end = cache.run().num_keys;
    const int64_t seen = causal ? end - rows + 1 + row : end;
    problem.rowBegin.push_back(0);
    problem.rowLimit.push_back(
        static_cast<int32_t>(std::max<int64_t>(seen, 0)));
  }
  return problem;
}

void narrowWindows(AttentionProblem &problem, int64_t keys) {
  for (size_t row = 0; row < problem.rowLimit.size(); ++row)
    problem.rowBegin[row] = static_cast<int32_t>(
        std::max<int64_t>(problem.rowLimit[row] - keys, 0));
}

AttentionProblem someRows(const AttentionProblem &problem, int64_t first,
                          int64_t rows) {
  const auto part = [&](const auto &elements) {
    return std::vector(elements.begin() + first,
                       elements.begin() + first + rows);
  };
  AttentionProblem some{
      problem.cache, Matrix<float>(rows, problem.query.columns),
      part(problem.rowScale), part(problem.rowBegin), part(problem.rowLimit)};
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < problem.query.columns; ++c)
      some.query.at(row, c) = problem.query.at(first + row, c);
  return some;
}

AttentionProblem singleRow(const AttentionProblem &problem, int64_t row) {
  return someRows(problem, row, 1);
}

/// Returns whether two numbers have the same bits. Of sums with several NaN,
/// compilers choose which one is passed on.
static bool haveSameBits(float a, float b) {
  return memcmp(&a, &b, sizeof(float)) == 0 || (isnan(a) && isnan(b));
}

void expectSameBits(const AttentionState &state, int64_t row,
                    const AttentionState &other, int64_t otherRow) {
  const size_t r = static_cast<size_t>(row), o = static_cast<size_t>(otherRow);
  ASSERT_TRUE(haveSameBits(state.max[r], other.max[o]))
      << "row " << row << ": " << state.max[r] << " and " << other.max[o];
  ASSERT_TRUE(haveSameBits(state.sum[r], other.sum[o]))
      << "row " << row << ": " << state.sum[r] << " and " << other.sum[o];
  for (int64_t c = 0; c < state.acc.columns; ++c)
    ASSERT_TRUE(haveSameBits(state.acc.at(row, c), other.acc.at(otherRow, c)))
        << "row " << row << " channel " << c << ": " << state.acc.at(row, c)
        << " and " << other.acc.at(otherRow, c);
}

} // namespace fp8attn::test
