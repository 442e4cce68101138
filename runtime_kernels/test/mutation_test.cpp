//===- mutation_test.cpp - does the comparison notice? --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Wrong results of the kind that wrong kernels give must fail the comparison
// that right ones pass.
//
//===----------------------------------------------------------------------===//

#include "run_attention.h"

namespace fp8attn::test {

static constexpr int64_t kRows = 4, kKeys = 300, kChannels = 64;

class MutationTest : public testing::Test {
protected:
  MutationTest()
      : random(51), cache({"e4m3", kKeys, kChannels, kChannels, 32}, random),
        problem(randomProblem(cache, kRows, false, random)),
        reference(computeReference(problem)), attend(genericKernel("attend")) {}

  Matrix<double> out() const {
    return runAttend(attend, problem).out(attend.row->exponent);
  }

  Random random;
  PagedCache cache;
  AttentionProblem problem;
  AttentionReference reference;
  KernelUnderTest attend;
};

TEST_F(MutationTest, RightResultPasses) {
  EXPECT_TRUE(matches(reference, out()));
}

TEST_F(MutationTest, ZeroFails) {
  EXPECT_FALSE(matches(reference, Matrix<double>(kRows, kChannels)));
}

TEST_F(MutationTest, NanFails) {
  Matrix<double> result = out();
  result.at(kRows - 1, kChannels - 1) = __builtin_nan("");
  EXPECT_FALSE(matches(reference, result));
}

TEST_F(MutationTest, ShuffledValuesFail) {
  Matrix<double> result = out();
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t c = 0; c < kChannels; c += 2)
      std::swap(result.at(row, c), result.at(row, c + 1));
  EXPECT_FALSE(matches(reference, result));
}

TEST_F(MutationTest, DroppedScoreScaleFails) {
  problem.rowScale.assign(kRows, 1);
  EXPECT_FALSE(matches(reference, out()));
}

TEST_F(MutationTest, DroppedValueScaleFails) {
  Matrix<double> result = out();
  for (double &element : result.elements)
    element *= 1.02;
  EXPECT_FALSE(matches(reference, result));
}

TEST_F(MutationTest, OneKeyTooManyFails) {
  problem.rowLimit.assign(kRows, kKeys - 1);
  EXPECT_FALSE(matches(computeReference(problem), [&] {
    problem.rowLimit.assign(kRows, kKeys);
    return out();
  }()));
}

} // namespace fp8attn::test
