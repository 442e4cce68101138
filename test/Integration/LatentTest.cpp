//===- LatentTest.cpp - caches whose values are part of the keys ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A latent cache holds the bytes that a cache of the keys alone holds, and
// attention over it has the bits of attention over keys and values apart, of
// the same codes: prefill, chunks and decode, on every ISA.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include <algorithm>

namespace {
class LatentTest : public IsaTest {
protected:
  /// Returns the problem with the same keys, and values from channel `begin`
  /// of the keys on, in two caches.
  Problem makeApart(const Problem &problem, int64_t begin = 0) const {
    std::string name = model().name;
    name.replace(0, std::string("latent").size(), "apart");
    Problem apart(findModel(name.c_str()), problem.sequences);
    apart.context.isa_cap = isa();
    apart.query = problem.query;
    apart.key = problem.key;
    apart.keyScale = apart.valueScale = problem.keyScale;
    apart.keyZero = apart.valueZero = problem.keyZero;
    const int64_t rows = int64_t(apart.value.size()) / model().valueDim;
    for (int64_t row = 0; row < rows; ++row)
      std::copy_n(problem.key.begin() + row * model().headDim + begin,
                  model().valueDim,
                  apart.value.begin() + row * model().valueDim);
    return apart;
  }

  /// A prompt, a chunk of one, and tokens of decode and verification, of few
  /// and of many keys.
  Problem makeWritten() const {
    Problem problem = makeProblem({{70, 70}, {37, 600}, {1, 2100}, {3, 33}});
    write(problem);
    return problem;
  }
};
} // namespace

TEST_P(LatentTest, AsKeysAndValuesApart) {
  Problem problem = makeWritten(), apart = makeApart(problem);
  write(apart);
  EXPECT_TRUE(problem.keyCache == apart.keyCache);
  attend(problem);
  attend(apart);
  EXPECT_EQ(problem.out, apart.out);
  EXPECT_EQ(problem.lse, apart.lse);
}

TEST_P(LatentTest, AgreesWithTheReference) {
  Problem problem = makeWritten();
  const auto expected = problem.referenceAttend();
  attend(problem);
  EXPECT_TRUE(agrees(problem, expected));
  // Other channels of the keys, and a scale that is dropped, are mistakes.
  Problem shifted = makeApart(problem, /*begin=*/8);
  write(shifted);
  attend(shifted);
  EXPECT_FALSE(agrees(shifted, expected));
  if (std::string(model().keyScaleKind) != "tensor")
    return;
  std::vector<float> ones(problem.keyScale.size(), 1);
  Arguments mistaken = problem.arguments();
  mistaken.keyScale.data = ones.data();
  ASSERT_TRUE(ranOn(problem, problem.attend(mistaken), isa()));
  EXPECT_FALSE(agrees(problem, expected));
}

FP8ATTN_INSTANTIATE(LatentTest, "latent");
