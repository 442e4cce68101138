//===- RepeatabilityTest.cpp - prompts served in steps --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Serves a batch as an engine does: each step writes some new tokens of some
// sequences and attends to what is there. However the steps are cut, whoever
// shares them and on however many workers they run, the results are the bits of
// all prompts in one call.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include <algorithm>
#include <numeric>

namespace {
/// New tokens of a sequence.
struct Chunk {
  size_t sequence;
  int64_t begin;
  int64_t end;
};

/// The tensors of one step, gathered from a problem whose sequences are whole
/// prompts.
class Step {
public:
  Step(Problem &problem, std::vector<Chunk> chunks);

  /// Returns the arguments of a call on these tensors and the problem's cache.
  Arguments arguments();
  /// Puts the results where the problem's own call would.
  void scatter();

private:
  /// Returns the first row of a chunk in the problem's tensors.
  int64_t firstRow(const Chunk &chunk) const {
    return problem.queryStart[chunk.sequence] + chunk.begin;
  }
  /// Copies a chunk's rows of `width` elements to the end of `to`.
  template <typename T>
  void gather(const std::vector<T> &from, int64_t width, const Chunk &chunk,
              std::vector<T> &to) {
    const auto first = from.begin() + firstRow(chunk) * width;
    to.insert(to.end(), first, first + (chunk.end - chunk.begin) * width);
  }

  Problem &problem;
  std::vector<Chunk> chunks;
  std::vector<uint16_t> query, key, value, out;
  std::vector<int64_t> slots;
  std::vector<int32_t> queryStart{0}, seqLens, blockTable;
  std::vector<float> lse;
};

/// Returns the models that a prompt can be cut for: the position of a query is
/// that among the keys (bottom-right), so that a step means what the whole
/// does. Steps are made of bf16 tensors with heads of one size.
static std::vector<const Model *> servedModels() {
  std::vector<const Model *> models;
  for (const Model *model : causalModels())
    if (!model->topLeft && !model->modifiesScores() &&
        model->headDim == model->valueDim &&
        model->sourceType == FP8ATTN_TYPE_BF16 &&
        model->queryType == FP8ATTN_TYPE_BF16 &&
        model->outType == FP8ATTN_TYPE_BF16)
      models.push_back(model);
  return models;
}

/// Cuts prompts into steps.
class RepeatabilityTest : public IsaTest {
protected:
  /// Prompts around the sizes of row blocks and key blocks.
  Problem makePrompts() const {
    return makeProblem({{70, 70}, {290, 290}, {1, 1}, {33, 33}});
  }

  /// Expects the steps that `nextEnd` cuts to give the bits of one call.
  /// nextEnd(sequence, begin, length) is where the sequence's chunk ends.
  template <typename NextEnd> void expectSameBits(NextEnd nextEnd) {
    Problem whole = makePrompts();
    write(whole);
    attend(whole);
    Problem served = makePrompts();
    std::vector<int64_t> done(served.sequences.size());
    while (std::accumulate(done.begin(), done.end(), int64_t(0)) <
           served.queryStart.back()) {
      std::vector<Chunk> chunks;
      for (size_t i = 0; i < done.size(); ++i) {
        const int64_t end = nextEnd(i, done[i], served.sequences[i].keys);
        if (end > done[i])
          chunks.push_back({i, done[i], end});
        done[i] = end;
      }
      served.setWorkers(workers[chunks.size() % workers.size()]);
      Step step(served, chunks);
      ASSERT_TRUE(ranOn(served, served.write(step.arguments()), isa()));
      ASSERT_TRUE(ranOn(served, served.attend(step.arguments()), isa()));
      step.scatter();
    }
    EXPECT_TRUE(served.keyCache == whole.keyCache);
    EXPECT_TRUE(served.valueCache == whole.valueCache);
    EXPECT_EQ(served.out, whole.out);
    if (model().lse)
      EXPECT_EQ(served.lse, whole.lse);
  }

  const std::vector<int32_t> workers{1, 2, 3, 8};
};
} // namespace

Step::Step(Problem &problem, std::vector<Chunk> parts)
    : problem(problem), chunks(std::move(parts)) {
  const Model &model = problem.model;
  for (const Chunk &chunk : chunks) {
    gather(problem.query, model.numHeads() * model.headDim, chunk, query);
    gather(problem.key, model.numKvHeads * model.headDim, chunk, key);
    gather(problem.value, model.numKvHeads * model.headDim, chunk, value);
    gather(problem.slots, 1, chunk, slots);
    queryStart.push_back(queryStart.back() + chunk.end - chunk.begin);
    seqLens.push_back(chunk.end);
    const auto row =
        problem.blockTable.begin() + chunk.sequence * problem.maxPages;
    blockTable.insert(blockTable.end(), row, row + problem.maxPages);
  }
  out.resize(query.size());
  lse.resize(queryStart.back() * model.numHeads());
}

Arguments Step::arguments() {
  Arguments all = problem.arguments();
  const auto replace = [](fp8attn_tensor &tensor, auto &data, int64_t size) {
    tensor.data = data.data();
    tensor.sizes[0] = size;
  };
  const int64_t tokens = queryStart.back(), numSeqs = seqLens.size();
  replace(all.query, query, tokens);
  replace(all.key, key, tokens);
  replace(all.value, value, tokens);
  replace(all.slots, slots, tokens);
  replace(all.queryStart, queryStart, numSeqs + 1);
  replace(all.seqLens, seqLens, numSeqs);
  replace(all.blockTable, blockTable, numSeqs);
  replace(all.out, out, tokens);
  replace(all.lse, lse, tokens);
  return all;
}

void Step::scatter() {
  const int64_t heads = problem.model.numHeads();
  const int64_t width = heads * problem.model.headDim;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const int64_t first = firstRow(chunks[i]);
    const int64_t tokens = chunks[i].end - chunks[i].begin;
    std::copy_n(out.begin() + queryStart[i] * width, tokens * width,
                problem.out.begin() + first * width);
    std::copy_n(lse.begin() + queryStart[i] * heads, tokens * heads,
                problem.lse.begin() + first * heads);
  }
}

/// A token of each sequence a step: all of it is decode.
TEST_P(RepeatabilityTest, TokenByToken) {
  expectSameBits([](size_t, int64_t begin, int64_t length) {
    return std::min(begin + 1, length);
  });
}

/// One sequence after the other, alone in its call.
TEST_P(RepeatabilityTest, SequenceBySequence) {
  size_t current = 0;
  expectSameBits([&](size_t sequence, int64_t begin, int64_t length) {
    if (sequence != current || begin == length)
      return begin;
    ++current;
    return length;
  });
}

/// Random chunks of random sequences.
TEST_P(RepeatabilityTest, RandomSteps) {
  for (uint32_t seed : {1, 2}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 bits(seed);
    expectSameBits([&](size_t, int64_t begin, int64_t length) {
      if (bits() % 3 == 0)
        return begin;
      const int64_t most = bits() % 2 ? 5 : 120;
      return std::min<int64_t>(length, begin + 1 + bits() % most);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Models, RepeatabilityTest,
                         testing::Combine(testing::ValuesIn(servedModels()),
                                          testing::ValuesIn(testedIsas())),
                         isaTestName);
