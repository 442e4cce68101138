//===- Fp8RowsTest.cpp - queries and results of FP8 -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A result of FP8 is that in f32, quantised, code by code; a query of FP8 gives
// the bits of one that has the values of its codes. What the scales may be.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace reference = fp8attn::reference;

static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
static constexpr float kInfinity = std::numeric_limits<float>::infinity();

namespace {
/// Models with a query or a result of FP8.
class Fp8RowsTest : public IsaTest {
protected:
  /// Decode, prompts in several blocks of rows, several parts of keys, queries
  /// that see no key, and none.
  static std::vector<Sequence> raggedBatch() {
    return {{1, 300}, {70, 70}, {0, 9}, {1, 4500}, {9, 3}, {5, 0}, {37, 290}};
  }

  /// Returns a problem of another model with the same numbers.
  Problem makeTwin(const char *suffix, std::vector<Sequence> sequences) const {
    const std::string name = model().name + std::string(suffix);
    Problem problem(findModel(name.c_str()), std::move(sequences));
    problem.context.isa_cap = isa();
    return problem;
  }

  static const uint8_t *codesOf(const Problem &problem) {
    return reinterpret_cast<const uint8_t *>(problem.out.data());
  }
};

/// Those with such a result, of which there is a second model.
class Fp8OutTest : public Fp8RowsTest {};

/// The one of which there is a second model with queries of bf16.
class Fp8QueryTest : public Fp8RowsTest {};
} // namespace

TEST_P(Fp8RowsTest, AgreeWithTheReference) {
  Problem problem = makeProblem(raggedBatch());
  problem.setWorkers(2);
  write(problem);
  attend(problem);
  const auto expected = problem.referenceAttend();
  EXPECT_TRUE(agrees(problem, expected));
  // Neither scale is lost in the tolerance.
  for (bool isQuery : {true, false}) {
    std::vector<float> scales = isQuery ? problem.queryScale : problem.outScale;
    for (float &scale : scales)
      scale *= 2;
    Arguments arguments = problem.arguments();
    (isQuery ? arguments.queryScale : arguments.outScale).data = scales.data();
    ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
    EXPECT_EQ(bool(agrees(problem, expected)), scales.empty());
  }
}

/// Every scale of a row is its own: with that of a neighbour, results differ.
TEST_P(Fp8RowsTest, ScalesAreOfTheirRows) {
  Problem problem = makeProblem(raggedBatch());
  write(problem);
  attend(problem);
  const auto expected = problem.referenceAttend();
  ASSERT_TRUE(agrees(problem, expected));
  for (bool isQuery : {true, false}) {
    std::vector<float> scales = isQuery ? problem.queryScale : problem.outScale;
    if (scales.size() < 2)
      continue;
    std::rotate(scales.begin(), scales.begin() + 1, scales.end());
    Arguments arguments = problem.arguments();
    (isQuery ? arguments.queryScale : arguments.outScale).data = scales.data();
    ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
    EXPECT_FALSE(agrees(problem, expected));
  }
}

TEST_P(Fp8OutTest, CodesAreThoseOfTheResultInF32) {
  Problem problem = makeProblem(raggedBatch());
  Problem floats = makeTwin("_as_f32", raggedBatch());
  // Some rows saturate, and some are subnormal.
  for (size_t i = 0; i < problem.outScale.size(); ++i)
    problem.outScale[i] *= std::ldexp(1.0f, int(i * 7 % 23) - 11);
  for (int32_t workers : {1, 3}) {
    for (Problem *each : {&problem, &floats}) {
      each->setWorkers(workers);
      write(*each);
      attend(*each);
    }
    const std::vector<double> results = floats.outAsDouble();
    const std::vector<double> scales = problem.outScales();
    const uint8_t *codes = codesOf(problem);
    for (size_t i = 0; i < results.size(); ++i)
      ASSERT_EQ(int(codes[i]), int(reference::quantizeFp8(
                                   float(results[i]),
                                   float(scales[i / size_t(model().valueDim)]),
                                   model().outType)))
          << "element " << i;
    EXPECT_EQ(problem.lse, floats.lse);
  }
}

/// NaN is the code of NaN, and a row without keys is 0.
TEST_P(Fp8OutTest, SpecialResults) {
  Problem problem = makeProblem({{3, 40}, {2, 0}});
  std::fill_n(problem.sink.begin(), problem.sink.size(), -kInfinity);
  write(problem);
  Arguments arguments = problem.arguments();
  // The code of NaN of an FP8 query, the number of another.
  auto *query = static_cast<uint8_t *>(arguments.query.data);
  const int64_t row = model().numHeads() * model().headDim *
                      reference::elementBytes(model().queryType);
  constexpr uint8_t kAllOnes = 0xFF;
  std::memset(query + row, kAllOnes, row);
  ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
  const int64_t outs = model().numHeads() * model().valueDim;
  const uint8_t *codes = codesOf(problem);
  constexpr uint8_t kNanCode = 0x7F;
  const auto isNan = [](uint8_t code) { return code == kNanCode; };
  const auto isZero = [](uint8_t code) { return (code & 0x7F) == 0; };
  EXPECT_TRUE(std::none_of(codes, codes + outs, isNan));
  EXPECT_TRUE(std::all_of(codes + outs, codes + 2 * outs, isNan));
  EXPECT_TRUE(std::all_of(codes + 3 * outs, codes + 5 * outs, isZero));
}

/// With scales of 1, a query of FP8 is one of bf16, bit by bit; a power of two
/// is one of the softmax scale, too.
TEST_P(Fp8QueryTest, HasTheBitsOfItsValues) {
  Problem problem = makeProblem(raggedBatch());
  Problem values = makeTwin("_as_bf16", raggedBatch());
  std::fill(problem.queryScale.begin(), problem.queryScale.end(), 1.0f);
  const Arguments arguments = problem.arguments();
  const auto *codes = static_cast<const uint8_t *>(arguments.query.data);
  for (size_t i = 0; i < values.query.size(); ++i)
    values.query[i] = reference::encodeBf16(
        float(reference::decodeFp8(codes[i], model().queryType)));
  write(problem);
  write(values);
  attend(problem);
  attend(values);
  EXPECT_EQ(problem.out, values.out);
  EXPECT_EQ(problem.lse, values.lse);
}

TEST_P(Fp8RowsTest, RefuseScales) {
  Problem problem = makeProblem({{1, 40}, {3, 20}});
  write(problem);
  for (bool isQuery : {true, false}) {
    const std::vector<float> scales =
        isQuery ? problem.queryScale : problem.outScale;
    if (scales.empty())
      continue;
    for (float wrong : {0.0f, -1.0f, kNan, kInfinity}) {
      std::vector<float> changed = scales;
      changed.back() = wrong;
      Arguments arguments = problem.arguments();
      (isQuery ? arguments.queryScale : arguments.outScale).data =
          changed.data();
      EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SCALE) << wrong;
      const std::string name = isQuery ? "query_scale" : "out_scale";
      EXPECT_EQ(std::string(problem.context.message).find(name), 0u)
          << problem.context.message;
    }
    Arguments arguments = problem.arguments();
    (isQuery ? arguments.queryScale : arguments.outScale).data = nullptr;
    EXPECT_EQ(problem.attend(arguments), FP8ATTN_NULL_POINTER);
  }
}

/// Returns the models whose names begin with fp8_, without those of others.
static std::vector<const Model *> fp8Models(bool areResults) {
  std::vector<const Model *> models;
  for (const Model *model : modelsNamed("fp8_"))
    if (reference::elementBytes(model->outType) == 1 ||
        (!areResults && reference::elementBytes(model->queryType) == 1))
      models.push_back(model);
  return models;
}

INSTANTIATE_TEST_SUITE_P(
    Models, Fp8RowsTest,
    testing::Combine(testing::ValuesIn(fp8Models(/*areResults=*/false)),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
INSTANTIATE_TEST_SUITE_P(
    Models, Fp8OutTest,
    testing::Combine(testing::ValuesIn(fp8Models(/*areResults=*/true)),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
INSTANTIATE_TEST_SUITE_P(
    Models, Fp8QueryTest,
    testing::Combine(testing::Values(&findModel("fp8_query")),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
