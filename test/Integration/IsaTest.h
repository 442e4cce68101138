//===- IsaTest.h - a test for each model and ISA ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fixture that the tests share.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_ISATEST_H
#define FP8ATTN_TEST_INTEGRATION_ISATEST_H

#include "Problem.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

/// A test of one model on one ISA; skips itself if the ISA cannot run.
class IsaTest
    : public testing::TestWithParam<std::tuple<const Model *, fp8attn_isa>> {
protected:
  const Model &model() const { return *std::get<0>(GetParam()); }
  fp8attn_isa isa() const { return std::get<1>(GetParam()); }

  void SetUp() override { FP8ATTN_REQUIRE_ISA(isa()); }

  /// Returns a problem that runs on the test's ISA.
  Problem makeProblem(std::vector<Sequence> sequences) const {
    Problem problem(model(), std::move(sequences));
    problem.context.isa_cap = isa();
    return problem;
  }

  /// These fail the test if the call does not succeed on the ISA of the test.
  /// (A body for AMX writes the cache with the AVX-512 kernels.)
  void write(Problem &problem) const {
    ASSERT_TRUE(ranOn(problem, problem.write(), isa()));
  }
  void attend(Problem &problem) const {
    ASSERT_TRUE(ranOn(problem, problem.attend(), isa()));
  }
};

/// Returns the models whose names begin with `prefix`.
inline std::vector<const Model *> modelsNamed(const std::string &prefix) {
  std::vector<const Model *> models;
  for (size_t i = 0; i < kNumModels; ++i)
    if (std::string(kModels[i].name).rfind(prefix, 0) == 0)
      models.push_back(kModels + i);
  return models;
}

/// Returns the models in which a query sees the keys up to its own: the others'
/// results depend on what comes later.
inline std::vector<const Model *> causalModels() {
  std::vector<const Model *> models = modelsNamed("");
  models.erase(
      std::remove_if(models.begin(), models.end(),
                     [](const Model *model) { return !model->causal; }),
      models.end());
  return models;
}

inline std::string
isaTestName(const testing::TestParamInfo<IsaTest::ParamType> &info) {
  return std::string(std::get<0>(info.param)->name) + "_" +
         fp8attn_isa_string(std::get<1>(info.param));
}

/// Instantiates the tests of `Fixture` for models and ISAs.
#define FP8ATTN_INSTANTIATE(Fixture, prefix)                                   \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      Models, Fixture,                                                         \
      testing::Combine(testing::ValuesIn(modelsNamed(prefix)),                 \
                       testing::ValuesIn(testedIsas())),                       \
      isaTestName)

#endif // FP8ATTN_TEST_INTEGRATION_ISATEST_H
