//===- DenseMergeTest.cpp - dense attention over keys in two parts --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over all keys is the merge of attention over the first ones and
// over the rest, which are views of the same tensors.
//
//===----------------------------------------------------------------------===//

#include "DenseProblem.h"
#include "models_entry_points.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace reference = fp8attn::reference;

/// What the merges of all models take.
using MergeEntryPoint = decltype(&merge_dense_mask);

namespace {
/// A model of MERGED.
struct MergedModel {
  const char *name;
  MergeEntryPoint merge;
  int64_t (*workspaceBytes)(int32_t numWorkers);
};

class DenseMergeTest
    : public testing::TestWithParam<std::tuple<MergedModel, fp8attn_isa>> {
protected:
  static constexpr int64_t kQueries = 70, kKeys = 300;
  const MergedModel &merged() const { return std::get<0>(GetParam()); }
  fp8attn_isa isa() const { return std::get<1>(GetParam()); }
  void SetUp() override { FP8ATTN_REQUIRE_ISA(isa()); }

  /// Two batch entries, whose queries are two blocks of rows.
  DenseProblem makeProblem() const {
    const DenseModel *model =
        std::find_if(kDenseModels, kDenseModels + kNumDenseModels,
                     [&](const DenseModel &other) {
                       return std::strcmp(other.name, merged().name) == 0;
                     });
    DenseProblem problem(*model, {2, kQueries, kKeys, /*tokensFirst=*/true});
    problem.context.isa_cap = isa();
    problem.setWorkers(2);
    return problem;
  }

  /// The results of one part.
  struct Part {
    StridedTensor out, lse;
  };

  /// Returns `count` indices of a dimension, from `first` on.
  static fp8attn_tensor slice(fp8attn_tensor tensor, int dim, int64_t first,
                              int64_t count) {
    const int64_t bytes = reference::elementBytes(fp8attn_type(tensor.type));
    tensor.data = static_cast<uint8_t *>(tensor.data) +
                  first * tensor.strides[dim] * bytes;
    tensor.sizes[dim] = count;
    return tensor;
  }

  /// Attends to keys [begin, end).
  Part attendPart(DenseProblem &problem, int64_t begin, int64_t end) const {
    const int64_t heads = problem.model.numHeads();
    Part part = {StridedTensor(problem.model.outType,
                               {problem.shape.batch, heads, kQueries,
                                problem.model.valueDim},
                               problem.shape.tokensFirst),
                 StridedTensor(FP8ATTN_TYPE_F32,
                               {problem.shape.batch, heads, kQueries})};
    DenseArguments arguments = problem.arguments();
    arguments.keys = slice(arguments.keys, 2, begin, end - begin);
    arguments.values = slice(arguments.values, 2, begin, end - begin);
    arguments.mask = slice(arguments.mask, 3, begin, end - begin);
    arguments.out = part.out.describe();
    arguments.lse = part.lse.describe();
    EXPECT_EQ(problem.attend(arguments), FP8ATTN_OK) << problem.context.message;
    // What a part without keys says must not matter.
    const int64_t channels = problem.model.valueDim;
    const std::vector<double> lse = part.lse.values();
    for (int64_t i = 0; i < part.out.numElements(); ++i)
      if (std::isinf(lse[i / channels]))
        reference::encodeElement(NAN, part.out.element(i),
                                 problem.model.outType);
    return part;
  }

  fp8attn_status merge(DenseProblem &problem, const Part &first,
                       const Part &second) const {
    problem.forget();
    const fp8attn_tensor tensors[] = {
        first.out.describe(),  first.lse.describe(),   second.out.describe(),
        second.lse.describe(), problem.out.describe(), problem.lse.describe()};
    const AlignedBytes workspace(
        merged().workspaceBytes(problem.context.num_workers));
    problem.context.workspace = workspace.data();
    problem.context.workspace_bytes = workspace.size();
    return merged().merge(&problem.context, tensors, tensors + 1, tensors + 2,
                          tensors + 3, tensors + 4, tensors + 5);
  }
};
} // namespace

/// Of any two parts: none, one, some, or all keys in the first. With a mask,
/// rows may have no key in one of the parts, or in both.
TEST_P(DenseMergeTest, TwoPartsAreTheWhole) {
  DenseProblem problem = makeProblem();
  const reference::AttentionResult expected =
      reference::attend(problem.referenceCall());
  for (int64_t middle : {int64_t(0), int64_t(1), int64_t(130), kKeys}) {
    SCOPED_TRACE(testing::Message() << middle << " keys in the first part");
    const Part first = attendPart(problem, 0, middle),
               second = attendPart(problem, middle, kKeys);
    ASSERT_EQ(merge(problem, first, second), FP8ATTN_OK)
        << problem.context.message;
    EXPECT_EQ(problem.context.isa, isa());
    EXPECT_TRUE(agrees(problem, expected));
    ASSERT_EQ(merge(problem, second, first), FP8ATTN_OK);
    EXPECT_TRUE(agrees(problem, expected));
  }
}

/// The comparison notices a part that is missing or counted twice.
TEST_P(DenseMergeTest, MistakesAreRejected) {
  DenseProblem problem = makeProblem();
  const reference::AttentionResult expected =
      reference::attend(problem.referenceCall());
  const Part first = attendPart(problem, 0, 130),
             second = attendPart(problem, 130, kKeys),
             nothing = attendPart(problem, 0, 0);
  const auto isRejected = [&](const Part &one, const Part &other) {
    EXPECT_EQ(merge(problem, one, other), FP8ATTN_OK);
    return !agrees(problem, expected);
  };
  EXPECT_TRUE(isRejected(first, nothing));
  EXPECT_TRUE(isRejected(nothing, second));
  EXPECT_TRUE(isRejected(first, first));
  EXPECT_TRUE(isRejected(second, second));
}

TEST_P(DenseMergeTest, SizesMustAgree) {
  DenseProblem problem = makeProblem();
  const Part whole = attendPart(problem, 0, kKeys);
  const fp8attn_tensor out = whole.out.describe(), lse = whole.lse.describe(),
                       lessBatch = slice(lse, 0, 0, 1),
                       lessQueries = slice(out, 2, 0, kQueries - 1);
  EXPECT_EQ(merged().merge(&problem.context, &out, &lessBatch, &out, &lse, &out,
                           &lse),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "batch of first_lse is 1, expected 2 (batch of first_out)");
  EXPECT_EQ(merged().merge(&problem.context, &out, &lse, &lessQueries, &lse,
                           &out, &lse),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(
      problem.context.message,
      "queries of second_out is 69, expected 70 (queries of first_out)");
}

/// Each result in the place of a part, as by a caller that adds part to part;
/// but not a query further.
TEST_P(DenseMergeTest, InPlace) {
  DenseProblem problem = makeProblem();
  const Part first = attendPart(problem, 0, 130),
             second = attendPart(problem, 130, kKeys);
  ASSERT_EQ(merge(problem, first, second), FP8ATTN_OK);
  const std::vector<uint8_t> out = problem.out.bits(), lse = problem.lse.bits();
  const fp8attn_tensor tensors[] = {first.out.describe(), first.lse.describe(),
                                    second.out.describe(),
                                    second.lse.describe()};
  ASSERT_EQ(merged().merge(&problem.context, tensors, tensors + 1, tensors + 2,
                           tensors + 3, tensors, tensors + 3),
            FP8ATTN_OK)
      << problem.context.message;
  EXPECT_EQ(first.out.bits(), out);
  EXPECT_EQ(second.lse.bits(), lse);
  const fp8attn_tensor moved = slice(tensors[0], 2, 1, kQueries);
  EXPECT_EQ(merged().merge(&problem.context, tensors, tensors + 1, tensors + 2,
                           tensors + 3, &moved, tensors + 3),
            FP8ATTN_OVERLAP)
      << problem.context.message;
}

INSTANTIATE_TEST_SUITE_P(
    Models, DenseMergeTest,
    testing::Combine(
        testing::Values(MergedModel{"f16", merge_dense_f16,
                                    merge_dense_f16_workspace_bytes},
                        MergedModel{"mixed", merge_dense_mixed,
                                    merge_dense_mixed_workspace_bytes},
                        MergedModel{"mask", merge_dense_mask,
                                    merge_dense_mask_workspace_bytes}),
        testing::ValuesIn(testedIsas())),
    [](const testing::TestParamInfo<DenseMergeTest::ParamType> &info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             fp8attn_isa_string(std::get<1>(info.param));
    });
