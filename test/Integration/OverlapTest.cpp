//===- OverlapTest.cpp - arguments in each other's memory -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is written into other arguments is refused before anything is written;
// what is allowed instead gives the same bits as memory of its own: the output
// in place of the query, and columns of one buffer.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "models_entry_points.h"

#include "fp8attn/Reference/Fp8.h"

#include <cstring>

namespace {
class OverlapTest : public IsaTest {
protected:
  const std::vector<Sequence> sequences = {{1, 300}, {70, 70}, {5, 290}};
};

/// Models whose output may be written over the query.
class InPlaceTest : public OverlapTest {};

/// Models that take views.
class ViewsTest : public OverlapTest {};

/// An argument beside the one that is written.
struct Neighbour {
  const char *name;
  fp8attn_tensor Arguments::*tensor;
};
} // namespace

/// Returns the bytes of a contiguous tensor.
static int64_t bytesOf(const fp8attn_tensor &tensor) {
  constexpr int64_t kBytes[] = {4, 2, 1, 1, 4, 8, 2, 1};
  int64_t bytes = kBytes[tensor.type];
  for (int32_t dim = 0; dim < tensor.rank; ++dim)
    bytes *= tensor.sizes[dim];
  return bytes;
}

TEST_P(InPlaceTest, TheOutputMayBeTheQuery) {
  Problem problem = makeProblem(sequences);
  write(problem);
  attend(problem);
  const std::vector<uint16_t> expected = problem.out;
  const std::vector<float> lse = problem.lse;
  for (int32_t workers : {1, 3}) {
    problem.setWorkers(workers);
    Arguments arguments = problem.arguments();
    const int64_t bytes = bytesOf(arguments.query);
    const AlignedBytes query(bytes);
    std::memcpy(query.data(), arguments.query.data, bytes);
    arguments.query.data = arguments.out.data = query.data();
    ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
    EXPECT_EQ(std::memcmp(query.data(), expected.data(), bytes), 0);
    if (model().lse)
      EXPECT_EQ(problem.lse, lse);
  }
}

/// [tokens, query | key | value | out]: strides agree, columns do not meet.
TEST_P(ViewsTest, ColumnsOfOneBuffer) {
  Problem problem = makeProblem(sequences);
  write(problem);
  attend(problem);
  const std::vector<uint16_t> expected = problem.out;

  Arguments arguments = problem.arguments();
  const int64_t tokens = arguments.query.sizes[0];
  const int64_t element =
      bytesOf(arguments.query) / tokens / model().numHeads() / model().headDim;
  const int64_t row = (2 * model().numHeads() + 2 * model().numKvHeads) *
                      model().headDim * element;
  const AlignedBytes buffer(tokens * row);
  const auto place = [&](fp8attn_tensor &tensor, int64_t head) {
    const int64_t bytes = bytesOf(tensor) / tensor.sizes[0];
    uint8_t *to = buffer.data() + head * model().headDim * element;
    for (int64_t token = 0; token < tokens; ++token)
      std::memcpy(to + token * row,
                  static_cast<uint8_t *>(tensor.data) + token * bytes, bytes);
    tensor.data = to;
    tensor.sizes[0] = tokens;
    tensor.strides[0] = row / element;
  };
  const int64_t heads = model().numHeads(), kvHeads = model().numKvHeads;
  place(arguments.query, 0);
  place(arguments.key, heads);
  place(arguments.value, heads + kvHeads);
  place(arguments.out, heads + 2 * kvHeads);
  ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
  const int64_t rowOut = bytesOf(arguments.out) / tokens;
  const auto outIs = [&](const fp8attn_tensor &out) {
    for (int64_t token = 0; token < tokens; ++token)
      if (std::memcmp(static_cast<uint8_t *>(out.data) + token * row,
                      reinterpret_cast<const uint8_t *>(expected.data()) +
                          token * rowOut,
                      rowOut) != 0)
        return false;
    return true;
  };
  EXPECT_TRUE(outIs(arguments.out));

  // Keys and values of the first tokens come from the buffer as well.
  arguments.slots.sizes[0] = tokens;
  EXPECT_EQ(problem.write(arguments), FP8ATTN_OK) << problem.context.message;

  // A head too far to the left is the last head of the query.
  fp8attn_tensor out = arguments.out;
  arguments.out.data = buffer.data() + (heads - 1) * model().headDim * element;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_OVERLAP);
  // Over the query, column for column.
  arguments.out.data = arguments.query.data;
  ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
  EXPECT_TRUE(outIs(arguments.out) && outIs(out));
}

/// Puts `out` or `lse` over each argument, which keeps what it holds.
static void expectRefused(Problem &problem, const char *writtenName,
                          fp8attn_tensor Arguments::*written,
                          const Neighbour &neighbour) {
  Arguments arguments = problem.arguments();
  fp8attn_tensor &other = arguments.*neighbour.tensor;
  const int64_t bytes = bytesOf(other);
  if (bytes == 0)
    return; // The model has none.
  // The last byte of the one is the first of the other, in whole elements.
  const int64_t begin = bytesOf(arguments.*written) - 8;
  const AlignedBytes arena(begin + bytes);
  std::memcpy(arena.data() + begin, other.data, bytes);
  other.data = arena.data() + begin;
  (arguments.*written).data = arena.data();
  const AlignedBytes before(arena.size());
  std::memcpy(before.data(), arena.data(), arena.size());
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_OVERLAP)
      << writtenName << " over " << neighbour.name;
  const std::string text = std::string(writtenName) + " overlaps " +
                           neighbour.name + ", expected memory of its own";
  EXPECT_EQ(std::string(problem.context.message).substr(0, text.size()), text);
  EXPECT_TRUE(arena == before);
}

static const Neighbour kNeighbours[] = {
    {"query", &Arguments::query},
    {"key_scale", &Arguments::keyScale},
    {"value_scale", &Arguments::valueScale},
    {"query_start", &Arguments::queryStart},
    {"seq_lens", &Arguments::seqLens},
    {"block_table", &Arguments::blockTable},
    {"sink", &Arguments::sink},
};

TEST_P(OverlapTest, AttentionOverEachArgument) {
  Problem problem = makeProblem({{1, 300}, {7, 40}, {6, 290}});
  write(problem);
  for (const Neighbour &neighbour : kNeighbours)
    expectRefused(problem, "out", &Arguments::out, neighbour);
  if (!model().lse)
    return;
  for (const Neighbour &neighbour : kNeighbours)
    expectRefused(problem, "lse", &Arguments::lse, neighbour);
  Arguments arguments = problem.arguments();
  arguments.lse.data = arguments.out.data;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_OVERLAP);
  EXPECT_EQ(std::string(problem.context.message).find("out overlaps lse"), 0u);
}

TEST_P(OverlapTest, AttentionIntoTheCache) {
  Problem problem = makeProblem(sequences);
  write(problem);
  const auto expectRefused = [&](const std::string &name,
                                 fp8attn_cache Arguments::*cache,
                                 const AlignedBytes &pages) {
    Arguments arguments = problem.arguments();
    // The last bytes of the output are the first ones of the cache.
    const int64_t begin =
        (bytesOf(arguments.out) - 1) / FP8ATTN_ALIGNMENT * FP8ATTN_ALIGNMENT;
    const AlignedBytes arena(begin + pages.size());
    arguments.out.data = arena.data();
    (arguments.*cache).data = arena.data() + begin;
    EXPECT_EQ(problem.attend(arguments), FP8ATTN_OVERLAP);
    EXPECT_EQ(std::string(problem.context.message).find("out overlaps " + name),
              0u)
        << problem.context.message;
  };
  expectRefused(model().split ? "key_cache" : "cache", &Arguments::keyCache,
                problem.keyCache);
  if (model().split)
    expectRefused("value_cache", &Arguments::valueCache, problem.valueCache);
}

TEST_P(OverlapTest, WritesOverTheirSources) {
  Problem problem = makeProblem(sequences);
  for (const Neighbour &source :
       {Neighbour{"key", &Arguments::key},
        Neighbour{"value", &Arguments::value},
        Neighbour{"slots", &Arguments::slots},
        Neighbour{"key_scale", &Arguments::keyScale},
        Neighbour{"value_scale", &Arguments::valueScale}}) {
    Arguments arguments = problem.arguments();
    fp8attn_tensor &tensor = arguments.*source.tensor;
    const int64_t bytes = bytesOf(tensor);
    if (bytes == 0)
      continue; // The model has none.
    // Its first bytes are the last ones of the last page.
    const int64_t begin = problem.keyCache.size() - 8;
    const AlignedBytes arena(begin + bytes);
    std::memcpy(arena.data() + begin, tensor.data, bytes);
    arguments.keyCache.data = arena.data();
    tensor.data = arena.data() + begin;
    EXPECT_EQ(problem.write(arguments), FP8ATTN_OVERLAP) << source.name;
    const std::string text =
        std::string(model().split ? "key_cache" : "cache") + " overlaps " +
        source.name;
    EXPECT_EQ(std::string(problem.context.message).find(text), 0u)
        << problem.context.message;
  }
}

/// Keys and values of the same bytes may be read, but not be written.
TEST_P(OverlapTest, KeysThatAreValues) {
  if (!model().split || model().keyPageBytes() != model().valuePageBytes())
    return;
  Problem problem = makeProblem(sequences);
  write(problem);
  Arguments arguments = problem.arguments();
  arguments.valueCache = arguments.keyCache;
  ASSERT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
  EXPECT_EQ(problem.write(arguments), FP8ATTN_OVERLAP);
  EXPECT_EQ(std::string(problem.context.message)
                .find("key_cache overlaps value_cache"),
            0u);
}

static std::vector<const Model *> inPlaceModels() {
  std::vector<const Model *> models = modelsNamed("");
  models.erase(std::remove_if(models.begin(), models.end(),
                              [](const Model *model) {
                                // Regions and masks need arguments of their
                                // own, and no other kernels.
                                return model->queryType != model->outType ||
                                       model->headDim != model->valueDim ||
                                       model->modifiesScores();
                              }),
               models.end());
  return models;
}

FP8ATTN_INSTANTIATE(OverlapTest, "sweep_0");
FP8ATTN_INSTANTIATE(ViewsTest, "views");
INSTANTIATE_TEST_SUITE_P(Models, InPlaceTest,
                         testing::Combine(testing::ValuesIn(inPlaceModels()),
                                          testing::ValuesIn(testedIsas())),
                         isaTestName);
