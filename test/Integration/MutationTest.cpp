//===- MutationTest.cpp - the comparison notices mistakes -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each test makes one mistake that a compiler or a kernel could make, through
// the arguments of a correct entry point, and expects the comparison of the
// other tests to reject the result. Without them the bounds could be too wide.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

namespace {
class MutationTest : public IsaTest {
protected:
  /// Returns a problem whose cache is written.
  Problem makeWritten() const {
    Problem problem = makeProblem({{1, 500}, {30, 200}});
    write(problem);
    return problem;
  }

  void expectRejection(Problem &problem, const Arguments &mistaken) const {
    const auto expected = problem.referenceAttend();
    attend(problem);
    ASSERT_TRUE(agrees(problem, expected));
    ASSERT_TRUE(ranOn(problem, problem.attend(mistaken), isa()));
    EXPECT_FALSE(agrees(problem, expected));
  }
};
} // namespace

TEST_P(MutationTest, ZeroOutput) {
  Problem problem = makeWritten();
  const auto expected = problem.referenceAttend();
  attend(problem);
  ASSERT_TRUE(agrees(problem, expected));
  std::fill(problem.out.begin(), problem.out.end(), uint16_t(0));
  EXPECT_FALSE(agrees(problem, expected));
}

TEST_P(MutationTest, DroppedKeyScale) {
  Problem problem = makeWritten();
  std::vector<float> ones(problem.keyScale.size(), 1);
  Arguments mistaken = problem.arguments();
  mistaken.keyScale.data = ones.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, DroppedValueScale) {
  Problem problem = makeWritten();
  std::vector<float> ones(problem.valueScale.size(), 1);
  Arguments mistaken = problem.arguments();
  mistaken.valueScale.data = ones.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, ScalesOfAnotherHead) {
  Problem problem = makeProblem({{1, 500}, {30, 200}});
  problem.valueScale.back() *= 1.5f;
  write(problem);
  std::vector<float> reversed(problem.valueScale.rbegin(),
                              problem.valueScale.rend());
  Arguments mistaken = problem.arguments();
  mistaken.valueScale.data = reversed.data();
  expectRejection(problem, mistaken);
}

/// Exchanging two pages of one sequence would be no mistake: the sums do not
/// depend on the order of keys.
TEST_P(MutationTest, PageOfAnotherSequence) {
  Problem problem = makeWritten();
  std::vector<int32_t> table = problem.blockTable;
  table[0] = table[problem.maxPages];
  Arguments mistaken = problem.arguments();
  mistaken.blockTable.data = table.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, OneKeyTooFew) {
  Problem problem = makeWritten();
  std::vector<int32_t> lengths = problem.seqLens;
  --lengths[1];
  Arguments mistaken = problem.arguments();
  mistaken.seqLens.data = lengths.data();
  expectRejection(problem, mistaken);
}

FP8ATTN_INSTANTIATE(MutationTest, "llama_e4m3");
