//===- DenseTest.cpp - attention over dense tensors -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every model of DENSE on every ISA: within the bound of the reference, with
// the bits of attention over a cache, and the same bits however rows and batch
// entries are spread.
//
//===----------------------------------------------------------------------===//

#include "DenseProblem.h"
#include "IsaTest.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace reference = fp8attn::reference;

namespace {
class DenseTest : public testing::TestWithParam<
                      std::tuple<const DenseModel *, fp8attn_isa>> {
protected:
  const DenseModel &model() const { return *std::get<0>(GetParam()); }
  fp8attn_isa isa() const { return std::get<1>(GetParam()); }

  void SetUp() override { FP8ATTN_REQUIRE_ISA(isa()); }

  DenseProblem makeProblem(DenseShape shape) const {
    DenseProblem problem(model(), shape);
    problem.context.isa_cap = isa();
    return problem;
  }
  void attend(DenseProblem &problem) const {
    ASSERT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
    ASSERT_EQ(problem.context.isa, isa());
  }

  /// Fails if the results agree with those of another call.
  static void expectRejected(const DenseProblem &problem,
                             const reference::DenseCall &wrong,
                             const char *what) {
    EXPECT_FALSE(agrees(problem, reference::attend(wrong))) << what;
  }
};

/// Models that have the shape of a model with a cache.
class DenseAndPagedTest : public DenseTest {};
} // namespace

/// Fewer keys than a tile and than queries, none, steps and blocks that end at
/// and beside their limits, several batch entries, and both orders in memory.
TEST_P(DenseTest, AgreesWithTheReference) {
  const DenseShape shapes[] = {
      {1, 1, 1},     {2, 1, 300, true},  {2, 33, 20, true},
      {1, 50, 50},   {3, 7, 0},          {0, 4, 4},
      {2, 0, 5},     {1, 70, 517, true}, {2, 5, 256, true},
      {1, 230, 257}, {1, 49, 31},
  };
  int32_t workers = 1;
  for (const DenseShape &shape : shapes) {
    SCOPED_TRACE(testing::Message() << shape.batch << " x " << shape.queries
                                    << " queries, " << shape.keys << " keys");
    DenseProblem problem = makeProblem(shape);
    problem.setWorkers(workers);
    workers = workers % 3 + 1;
    ASSERT_NO_FATAL_FAILURE(attend(problem));
    EXPECT_TRUE(agrees(problem, reference::attend(problem.referenceCall())));
  }
}

/// The comparison above notices what could go wrong.
TEST_P(DenseTest, MistakesAreRejected) {
  DenseProblem problem = makeProblem({2, 20, 40});
  problem.keyLens = {37, 21};
  problem.queryOffsets = {30, 9};
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  const reference::DenseCall right = problem.referenceCall();
  ASSERT_TRUE(agrees(problem, reference::attend(right)));
  reference::DenseCall wrong = right;
  wrong.value.data = right.value.address(0, 0, 1, 0);
  wrong.value.sizes[2] = wrong.key.sizes[2] = right.key.sizes[2] - 1;
  expectRejected(problem, wrong, "values of the next token");
  if (model().numKvHeads > 1) {
    wrong = right;
    wrong.key.strides[1] = 0;
    expectRejected(problem, wrong, "keys of the first head for all");
  }
  if (model().numValueHeads > 1) {
    wrong = right;
    wrong.value.strides[1] = 0;
    expectRejected(problem, wrong, "values of the first head for all");
  }
  wrong = right;
  wrong.query.strides[0] = 0;
  expectRejected(problem, wrong, "queries of the first entry for all");
  if (model().windowRight && *model().windowRight < 20) {
    wrong = right;
    wrong.windowRight = *model().windowRight + 1;
    expectRejected(problem, wrong, "a key more to the right");
    wrong = right;
    wrong.topLeft = !right.topLeft;
    if (!right.queryOffsets)
      expectRejected(problem, wrong, "the other alignment");
  }
  for (auto scale :
       {&reference::DenseCall::keyScale, &reference::DenseCall::valueScale}) {
    if ((right.*scale).values.empty())
      continue;
    wrong = right;
    (wrong.*scale).values = {};
    expectRejected(problem, wrong, "a dropped scale");
    if ((right.*scale).values.size() > 1) {
      wrong = right;
      std::reverse((wrong.*scale).values.begin(), (wrong.*scale).values.end());
      expectRejected(problem, wrong, "scales of other heads");
    }
  }
  for (auto [numbers, what] :
       {std::pair(&reference::DenseCall::keyLens, "all keys"),
        {&reference::DenseCall::queryOffsets, "queries at the last keys"}}) {
    if (!(right.*numbers))
      continue;
    wrong = right;
    wrong.*numbers = nullptr;
    expectRejected(problem, wrong, what);
  }
  if (right.sink) {
    wrong = right;
    wrong.sink = nullptr;
    expectRejected(problem, wrong, "no sink");
  }
  if (model().softcap != 0 || model().alibi || model().documents ||
      model().mask[0] != 'n') {
    wrong = right;
    wrong.modifyScore = nullptr;
    expectRejected(problem, wrong, "scores as they are");
  }
}

/// Keys without a column of the mask are masked, and not read; queries stand
/// where they stand beside them.
TEST_P(DenseTest, MasksOfFewerKeys) {
  if (model().mask[0] == 'n')
    GTEST_SKIP() << "the model has no mask";
  for (auto [keys, hidden] :
       {std::pair<int64_t, int64_t>(40, 1), {300, 44}, {300, 299}, {70, 70}}) {
    SCOPED_TRACE(testing::Message()
                 << hidden << " of " << keys << " keys are hidden");
    DenseProblem problem = makeProblem({2, 20, keys, false, hidden});
    ASSERT_NO_FATAL_FAILURE(attend(problem));
    EXPECT_TRUE(agrees(problem, reference::attend(problem.referenceCall())));
    const std::vector<uint8_t> out = problem.out.bits();
    for (StridedTensor *tensor : {&problem.keys, &problem.values}) {
      const int64_t channels = tensor->describe().sizes[3];
      const int64_t bytes =
          reference::elementBytes(fp8attn_type(tensor->describe().type));
      for (int64_t i = 0; i < tensor->numElements(); ++i)
        if (i / channels % keys >= keys - hidden)
          std::memset(tensor->element(i), 0x7F, bytes);
    }
    problem.forget();
    ASSERT_NO_FATAL_FAILURE(attend(problem));
    EXPECT_EQ(problem.out.bits(), out);
  }
}

TEST_P(DenseTest, BitsDoNotDependOnTheWorkers) {
  DenseProblem problem = makeProblem({2, 130, 300});
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  const std::vector<uint8_t> out = problem.out.bits(), lse = problem.lse.bits();
  for (int32_t workers : {2, 3, 8}) {
    problem.forget();
    problem.setWorkers(workers);
    ASSERT_NO_FATAL_FAILURE(attend(problem));
    EXPECT_EQ(problem.out.bits(), out) << workers << " workers";
    EXPECT_EQ(problem.lse.bits(), lse) << workers << " workers";
  }
}

/// A host may run work items in any order, on any worker.
TEST_P(DenseTest, AnyOrderOfBodies) {
  DenseProblem problem = makeProblem({2, 130, 300});
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  const std::vector<uint8_t> out = problem.out.bits();
  problem.forget();
  problem.context.num_workers = 8;
  problem.context.parallel_for = [](void *, int64_t count, fp8attn_body body,
                                    void *argument) {
    for (int64_t i = count - 1; i >= 0; --i)
      body(argument, i, i + 1, static_cast<int32_t>((count - i) % 8));
  };
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  EXPECT_EQ(problem.out.bits(), out);
}

/// Returns a part of a tensor: indices from `first` on in a dimension.
static fp8attn_tensor dropFirst(fp8attn_tensor tensor, int dim, int64_t first) {
  const int64_t bytes = reference::elementBytes(fp8attn_type(tensor.type));
  tensor.data =
      static_cast<uint8_t *>(tensor.data) + first * tensor.strides[dim] * bytes;
  tensor.sizes[dim] -= first;
  return tensor;
}

/// The last queries of one batch entry alone, in blocks of other rows then,
/// have the bits that they have among all.
TEST_P(DenseTest, BitsDoNotDependOnOtherRows) {
  if (model().topLeft || model().mask[0] != 'n' || model().queryOffsets)
    GTEST_SKIP() << "queries that are missing would move those that are there";
  constexpr int64_t kQueries = 130;
  DenseProblem problem = makeProblem({2, kQueries, 300});
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  const std::vector<double> out = problem.out.values(),
                            lse = problem.lse.values();
  const int64_t channels = model().valueDim, numRows = kQueries;
  for (int64_t first : {0, 1, 60, 123, 129})
    for (int64_t entry : {0, 1}) {
      SCOPED_TRACE(testing::Message()
                   << "from query " << first << " of entry " << entry);
      problem.forget();
      DenseArguments arguments = problem.arguments();
      for (fp8attn_tensor *tensor :
           {&arguments.query, &arguments.keys, &arguments.values,
            &arguments.out, &arguments.lse, &arguments.keyLens}) {
        *tensor = dropFirst(*tensor, 0, entry);
        tensor->sizes[0] = 1;
      }
      for (fp8attn_tensor *tensor :
           {&arguments.query, &arguments.out, &arguments.lse})
        *tensor = dropFirst(*tensor, 2, first);
      for (fp8attn_tensor *scale : {&arguments.queryScale, &arguments.outScale})
        if (scale->rank == 3) {
          *scale = dropFirst(dropFirst(*scale, 0, entry), 2, first);
          scale->sizes[0] = 1;
        }
      ASSERT_EQ(problem.attend(arguments), FP8ATTN_OK)
          << problem.context.message;
      const std::vector<double> someOut = problem.out.values(),
                                someLse = problem.lse.values();
      for (int64_t head = 0; head < model().numHeads(); ++head) {
        const int64_t rows = (entry * model().numHeads() + head) * numRows;
        EXPECT_TRUE(std::equal(lse.begin() + rows + first,
                               lse.begin() + rows + numRows,
                               someLse.begin() + rows + first));
        EXPECT_TRUE(std::equal(out.begin() + (rows + first) * channels,
                               out.begin() + (rows + numRows) * channels,
                               someOut.begin() + (rows + first) * channels));
      }
    }
}

TEST_P(DenseTest, SizesMustAgree) {
  DenseProblem problem = makeProblem({2, 3, 40});
  const auto expectFailure = [&](fp8attn_tensor DenseArguments::*tensor,
                                 int dim, int64_t size, const char *message) {
    DenseArguments arguments = problem.arguments();
    (arguments.*tensor).sizes[dim] = size;
    EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
    EXPECT_STREQ(problem.context.message, message);
  };
  expectFailure(&DenseArguments::keys, 0, 1,
                "batch of key is 1, expected 2 (batch of query)");
  expectFailure(&DenseArguments::values, 0, 1,
                "batch of value is 1, expected 2 (batch of query)");
  expectFailure(&DenseArguments::values, 2, 39,
                "keys of value is 39, expected 40 (keys of key)");
  expectFailure(&DenseArguments::out, 0, 1,
                "batch of out is 1, expected 2 (batch of query)");
  expectFailure(&DenseArguments::out, 2, 2,
                "queries of out is 2, expected 3 (queries of query)");
  expectFailure(&DenseArguments::lse, 2, 2,
                "queries of lse is 2, expected 3 (queries of query)");
  if (model().mask[0] == 'n')
    return;
  if (model().shared[2] == 'q')
    expectFailure(&DenseArguments::mask, 2, 2,
                  "queries of mask is 2, expected 3 (queries of query)");
  expectFailure(&DenseArguments::mask, 3, 41,
                "keys of mask is 41, expected 40 (keys of key, the most there "
                "may be)");
  if (model().shared[0] == 'b')
    expectFailure(&DenseArguments::mask, 0, 1,
                  "batch of mask is 1, expected 2 (batch of query)");
}

TEST_P(DenseTest, NumbersOfEntriesAreChecked) {
  DenseProblem problem = makeProblem({3, 2, 40});
  const auto expectFailure = [&](std::vector<int32_t> &numbers, int32_t number,
                                 const std::string &message) {
    const int32_t right = numbers[1];
    numbers[1] = number;
    EXPECT_EQ(problem.attend(), FP8ATTN_BAD_SEQ_LEN);
    EXPECT_EQ(problem.context.message, message);
    numbers[1] = right;
  };
  if (model().keyLens) {
    expectFailure(problem.keyLens, 41, "key_lens[1] is 41, expected 0 to 40");
    expectFailure(problem.keyLens, -1, "key_lens[1] is -1, expected 0 to 40");
  }
  if (model().queryOffsets) {
    expectFailure(problem.queryOffsets, -1,
                  "query_offsets[1] is -1, expected 0 to 2147483645");
    expectFailure(problem.queryOffsets, INT32_MAX - 1,
                  "query_offsets[1] is 2147483646, expected 0 to 2147483645");
    // As far behind the last key as can be.
    problem.queryOffsets[1] = INT32_MAX - 2;
    EXPECT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
    // In f32, distances are so many that slopes leave no digit of a score.
    if (!model().alibi)
      EXPECT_TRUE(agrees(problem, reference::attend(problem.referenceCall())));
  }
}

/// What is behind the keys of an entry is not read.
TEST_P(DenseTest, OtherKeysOfAnEntry) {
  if (!model().keyLens)
    GTEST_SKIP() << "all entries have all keys";
  DenseProblem problem = makeProblem({3, 20, 300});
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  const std::vector<uint8_t> out = problem.out.bits();
  for (StridedTensor *tensor : {&problem.keys, &problem.values}) {
    const int64_t channels = tensor->describe().sizes[3];
    const int64_t entryElements = tensor->numElements() / 3;
    for (int64_t i = 0; i < tensor->numElements(); ++i)
      if (i / channels % 300 >= problem.keyLens[i / entryElements])
        std::memset(
            tensor->element(i), 0x7F,
            reference::elementBytes(fp8attn_type(tensor->describe().type)));
  }
  problem.forget();
  ASSERT_NO_FATAL_FAILURE(attend(problem));
  EXPECT_EQ(problem.out.bits(), out);
}

/// Tokens are counted in 32 bits. The tensors are empty, so that no memory is
/// needed for so many.
TEST_P(DenseTest, MoreTokensThanCanBeCounted) {
  DenseProblem problem = makeProblem({0, 3, 40});
  DenseArguments arguments = problem.arguments();
  const int64_t many = int64_t(INT32_MAX) + 1;
  arguments.keys.sizes[2] = arguments.values.sizes[2] = many;
  arguments.mask.sizes[3] = many;
  if (model().mask[0] != 'n' && model().shared[0] == '1')
    GTEST_SKIP() << "the mask has elements";
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "keys of key is 2147483648, expected 2147483647 (the most there "
               "may be)");
}

TEST_P(DenseTest, ScalesAreChecked) {
  DenseProblem problem = makeProblem({1, 2, 3});
  for (auto [scales, name] : {std::pair(&problem.keyScale, "key_scale"),
                              std::pair(&problem.valueScale, "value_scale")}) {
    if (scales->empty())
      continue;
    const float right = scales->back();
    scales->back() = NAN;
    EXPECT_EQ(problem.attend(), FP8ATTN_BAD_SCALE);
    EXPECT_NE(std::string(problem.context.message).find(name),
              std::string::npos)
        << problem.context.message;
    scales->back() = right;
  }
}

/// On one ISA, keys and values in a cache and in tensors give the same bits.
TEST_P(DenseAndPagedTest, SameBits) {
  const Model &paged = findModel(model().name);
  for (auto [queries, numKeys] :
       {std::pair<int64_t, int64_t>(1, 300), {50, 50}, {230, 600}}) {
    Problem problem(paged, {{queries, numKeys}, {queries, numKeys}});
    problem.context.isa_cap = isa();
    ASSERT_TRUE(ranOn(problem, problem.write(), isa()));
    ASSERT_TRUE(ranOn(problem, problem.attend(), isa()));

    DenseProblem dense = makeProblem({2, queries, numKeys, true});
    dense.keyScale = problem.keyScale;
    dense.valueScale = problem.valueScale;
    const auto copy = [&](const std::vector<uint16_t> &words, int64_t tokens,
                          int64_t heads, const std::vector<float> &scales,
                          StridedTensor &to) {
      const fp8attn_type type = fp8attn_type(to.describe().type);
      const int64_t channels = model().headDim;
      for (int64_t i = 0; i < to.numElements(); ++i) {
        const int64_t c = i % channels, token = i / channels % tokens;
        const int64_t head = i / channels / tokens % heads;
        const int64_t entry = i / channels / tokens / heads;
        const float value = reference::decodeBf16(
            words[((entry * tokens + token) * heads + head) * channels + c]);
        const float scale =
            reference::elementBytes(type) == 1 ? scales[head] : 1;
        reference::encodeElement(value / scale, to.element(i), type);
      }
    };
    const int64_t heads = model().numHeads(), kvHeads = model().numKvHeads;
    copy(problem.query, queries, heads, {}, dense.query);
    copy(problem.key, numKeys, kvHeads, problem.keyScale, dense.keys);
    copy(problem.value, numKeys, kvHeads, problem.valueScale, dense.values);
    ASSERT_NO_FATAL_FAILURE(attend(dense));
    const std::vector<uint8_t> out = dense.out.bits();
    std::vector<uint16_t> expected;
    for (int64_t entry : {0, 1})
      for (int64_t head = 0; head < heads; ++head)
        for (int64_t token = 0; token < queries; ++token) {
          const int64_t row = (entry * queries + token) * heads + head;
          const auto begin = problem.out.begin() + row * model().valueDim;
          expected.insert(expected.end(), begin, begin + model().valueDim);
        }
    const auto *bytes = reinterpret_cast<const uint8_t *>(expected.data());
    EXPECT_TRUE(std::equal(out.begin(), out.end(), bytes)) << queries;
  }
}

/// Returns the models of DENSE whose names begin with `prefix`.
static std::vector<const DenseModel *> denseModels(const std::string &prefix) {
  std::vector<const DenseModel *> models;
  for (size_t i = 0; i < kNumDenseModels; ++i) {
    const std::string name = kDenseModels[i].name;
    // Those are drawn at random.
    if (name.rfind(prefix, 0) == 0 && name.rfind("mix_", 0) != 0)
      models.push_back(kDenseModels + i);
  }
  return models;
}

static std::string
denseTestName(const testing::TestParamInfo<DenseTest::ParamType> &info) {
  return std::string(std::get<0>(info.param)->name) + "_" +
         fp8attn_isa_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Models, DenseTest,
                         testing::Combine(testing::ValuesIn(denseModels("")),
                                          testing::ValuesIn(testedIsas())),
                         denseTestName);
INSTANTIATE_TEST_SUITE_P(
    Models, DenseAndPagedTest,
    testing::Combine(testing::ValuesIn(denseModels("llama")),
                     testing::ValuesIn(testedIsas())),
    denseTestName);
