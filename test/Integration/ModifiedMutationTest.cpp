//===- ModifiedMutationTest.cpp - mistakes beside modified scores ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With everything on at once, no single mistake is lost in the tolerance or
// behind another option: the results of a right entry point are compared with
// the reference of a model, or of tensors, that are off by as little as can be.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Scores.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace reference = fp8attn::reference;

namespace {
/// A change of what the reference computes.
struct Mistake {
  const char *name;
  /// Returns whether it changes what the model computes for makeMistakes.
  bool (*applies)(const Model &model);
  /// Either may be null.
  void (*changeModel)(Model &model);
  void (*changeTensors)(Problem &problem, Scores &scores);
};

/// A test of one model on every ISA: the references of mistakes, which take the
/// time, are the same for all of them.
class ModifiedMutationTest : public testing::TestWithParam<const Model *> {
protected:
  const Model &model() const { return *GetParam(); }
  void SetUp() override { FP8ATTN_REQUIRE_ISA(testedIsas().front()); }

  static Problem makeMistakes(const Model &model) {
    Problem problem(model, {{12, 330}, {1, 90}});
    // Scores of a size that a cap of 50 changes.
    for (uint16_t &word : problem.query)
      word = reference::encodeBf16(4 * reference::decodeBf16(word));
    return problem;
  }
};
} // namespace

/// Rows and keys that a mask or documents hide are not there to be noticed.
static bool windowBites(const Model &model, int64_t side, int64_t keys) {
  constexpr int64_t kShortestDocument = 30;
  return side < keys && (!model.documents || side < kShortestDocument);
}

/// What queries see may be within one document.
static bool documentsBite(const Model &model) {
  constexpr int64_t kMany = 100;
  const int64_t left = model.windowLeft.value_or(kMany);
  const int64_t right = model.causal ? 0 : model.windowRight.value_or(kMany);
  return model.documents && (model.topLeft ? right : left) >= kMany;
}

template <typename T> static void rotate(T &elements, int64_t by) {
  std::rotate(elements.begin(), elements.begin() + by, elements.end());
}

static const Mistake kMistakes[] = {
    {"softcap dropped", [](const Model &model) { return model.softcap != 0; },
     [](Model &model) { model.softcap = 0; }, nullptr},
    {"alibi slope of another head",
     [](const Model &model) { return model.alibi && model.numHeads() > 1; },
     nullptr, [](Problem &, Scores &scores) { rotate(scores.slopes, 1); }},
    {"mask a row off", [](const Model &model) { return model.mask[0] != 'n'; },
     nullptr,
     [](Problem &, Scores &scores) {
       rotate(scores.keep, scores.columns);
       rotate(scores.added, scores.columns);
       // What the rows before and after do not see in common.
       for (float &added : scores.added)
         if (std::isnan(added))
           added = 0;
     }},
    {"mask a key off", [](const Model &model) { return model.mask[0] != 'n'; },
     nullptr,
     [](Problem &, Scores &scores) {
       rotate(scores.keep, 1);
       rotate(scores.added, 1);
       for (float &added : scores.added)
         if (std::isnan(added))
           added = 0;
     }},
    {"draft mask a row off",
     [](const Model &model) { return model.draftMask[0] != 'n'; }, nullptr,
     [](Problem &, Scores &scores) {
       rotate(scores.draftKeep, scores.draftColumns);
       rotate(scores.draftAdded, scores.draftColumns);
       for (float &added : scores.draftAdded)
         if (std::isnan(added))
           added = 0;
     }},
    {"draft mask a key off",
     [](const Model &model) { return model.draftMask[0] != 'n'; }, nullptr,
     [](Problem &, Scores &scores) {
       rotate(scores.draftKeep, 1);
       rotate(scores.draftAdded, 1);
       for (float &added : scores.draftAdded)
         if (std::isnan(added))
           added = 0;
     }},
    {"documents a key off", documentsBite, nullptr,
     [](Problem &, Scores &scores) { rotate(scores.documents, 1); }},
    {"documents dropped", documentsBite,
     [](Model &model) { model.documents = false; }, nullptr},
    {"sink dropped", [](const Model &model) { return model.sink; },
     [](Model &model) { model.sink = false; }, nullptr},
    {"sink of another head",
     [](const Model &model) { return model.sink && model.numHeads() > 1; },
     nullptr, [](Problem &problem, Scores &) { rotate(problem.sink, 1); }},
    {"window of a key more to the left",
     [](const Model &model) {
       return model.windowLeft && !model.topLeft &&
              windowBites(model, *model.windowLeft, 300);
     },
     [](Model &model) { ++*model.windowLeft; }, nullptr},
    {"window of a key more to the right",
     [](const Model &model) {
       return model.windowRight &&
              windowBites(model, *model.windowRight, model.topLeft ? 300 : 10);
     },
     [](Model &model) { ++*model.windowRight; }, nullptr},
    {"causal mask a key late", [](const Model &model) { return model.causal; },
     [](Model &model) {
       model.causal = false;
       model.windowRight = 1;
     },
     nullptr},
};

TEST_P(ModifiedMutationTest, IsRejected) {
  Problem problem = makeMistakes(model());
  Scores scores(problem, 2);
  std::optional<reference::AttentionResult> expected;
  std::map<fp8attn_isa, std::vector<uint16_t>> outs;
  std::map<fp8attn_isa, std::vector<float>> lses;
  for (fp8attn_isa isa : testedIsas()) {
    if (!whyNot(isa).empty())
      continue;
    problem.forget();
    problem.context.isa_cap = isa;
    ASSERT_TRUE(ranOn(problem, problem.write(), isa));
    ASSERT_TRUE(
        ranOn(problem, problem.attend(scores.in(problem.arguments())), isa));
    if (!expected)
      expected = problem.referenceAttend(scores.modifier());
    ASSERT_TRUE(agrees(problem, *expected)) << fp8attn_isa_string(isa);
    outs[isa] = problem.out;
    lses[isa] = problem.lse;
  }
  for (const Mistake &mistake : kMistakes) {
    if (!mistake.applies(model()))
      continue;
    Model changed = model();
    if (mistake.changeModel)
      mistake.changeModel(changed);
    Problem mistaken = makeMistakes(changed);
    ASSERT_EQ(mistaken.write(), FP8ATTN_OK) << mistaken.context.message;
    Scores other(mistaken, 2);
    if (mistake.changeTensors)
      mistake.changeTensors(mistaken, other);
    else {
      // What the changed model sees is not in masks that were made for it.
      std::copy(scores.keep.begin(), scores.keep.end(), other.keep.begin());
      std::copy(scores.draftKeep.begin(), scores.draftKeep.end(),
                other.draftKeep.begin());
    }
    const reference::AttentionResult wrong =
        mistaken.referenceAttend(other.modifier());
    for (const auto &[isa, out] : outs) {
      problem.out = out;
      problem.lse = lses[isa];
      EXPECT_FALSE(agrees(problem, wrong))
          << mistake.name << " on " << fp8attn_isa_string(isa);
    }
  }
}

static std::string
modelTestName(const testing::TestParamInfo<const Model *> &info) {
  return info.param->name;
}

INSTANTIATE_TEST_SUITE_P(Models, ModifiedMutationTest,
                         testing::ValuesIn(modelsNamed("score_")),
                         modelTestName);
INSTANTIATE_TEST_SUITE_P(Mixed, ModifiedMutationTest,
                         testing::ValuesIn(modelsNamed("mix_")), modelTestName);
