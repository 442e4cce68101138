//===- ShapeTest.cpp - the shapes of well-known models --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A prompt, a later chunk and decode steps of published models with all their
// heads, over contexts longer than their windows, and of every ratio of query
// heads to KV heads.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Scores.h"

namespace {
class ShapeTest : public IsaTest {
protected:
  /// Keys of which the first are outside of the window.
  int64_t longContext() const {
    constexpr int64_t kBeyond = 330;
    return kBeyond + model().windowLeft.value_or(0);
  }

  void expectAgreement(std::vector<Sequence> sequences) const {
    Problem problem = makeProblem(std::move(sequences));
    problem.setWorkers(2);
    write(problem);
    attend(problem);
    Scores scores(problem, 1);
    EXPECT_TRUE(agrees(problem, problem.referenceAttend(scores.modifier())));
  }
};
} // namespace

TEST_P(ShapeTest, Prefill) { expectAgreement({{65, 65}, {17, 17}}); }

TEST_P(ShapeTest, Chunk) { expectAgreement({{7, longContext()}, {20, 90}}); }

TEST_P(ShapeTest, Decode) {
  expectAgreement({{1, longContext()}, {1, 257}, {1, 32}, {1, 1}});
}

FP8ATTN_INSTANTIATE(ShapeTest, "shape_");
INSTANTIATE_TEST_SUITE_P(
    Ratios, ShapeTest,
    testing::Combine(testing::ValuesIn(modelsNamed("ratio_")),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
