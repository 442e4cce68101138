//===- WindowTest.cpp - which keys a query sees, and sinks ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Windows of the models of models.py: against double precision, in chunks, far
// behind the first keys, and that the comparison notices a window that is off
// by one key.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace {
class WindowTest : public IsaTest {
protected:
  /// A length at which the first keys are far outside of the window.
  int64_t farLength() const {
    constexpr int64_t kLargestWindow = 4096, kBeyond = 700;
    const int64_t left = model().windowLeft.value_or(0);
    return kBeyond + (left < kLargestWindow ? left : 0);
  }

  /// Keys seen after a query's position, at most all.
  int64_t rightKeys() const {
    return model().causal
               ? 0
               : std::min(model().windowRight.value_or(INT64_MAX), farLength());
  }
};

/// Causal models, of which a prompt may come in chunks.
class WindowChunkTest : public WindowTest {};
} // namespace

TEST_P(WindowTest, AgreesWithTheReference) {
  Problem problem = makeProblem({
      {1, 1},
      {0, 40},
      {5, 0}, // queries without keys
      {1, farLength()},
      {37, 290},
      {70, 70},
      {9, 3}, // more queries than keys
      {300, 20},
      {4, farLength() - 1},
      {1, 257},
  });
  problem.setWorkers(2);
  write(problem);
  attend(problem);
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
}

/// Pages before the granule in which the window begins are of no account, nor
/// are those after the last key that a query sees: engines free them, and leave
/// anything in the block table.
TEST_P(WindowTest, OtherPagesAreNotRead) {
  const std::vector<Sequence> sequences = {
      {3, farLength()}, {0, 70}, {1, farLength() - 37}};
  Problem problem = makeProblem(sequences);
  write(problem);
  attend(problem);
  const std::vector<uint16_t> out = problem.out;

  const Model &m = model();
  int64_t numOthers = 0;
  for (size_t s = 0; s < sequences.size(); ++s) {
    // By the definition, not by the code under test.
    const int64_t first =
        m.topLeft ? 0 : sequences[s].keys - sequences[s].queries;
    const int64_t last = first + sequences[s].queries - 1;
    const int64_t left = m.windowLeft.value_or(first), right = rightKeys();
    const int64_t begin =
        std::max<int64_t>(first - left, 0) / FP8ATTN_GRANULE * FP8ATTN_GRANULE;
    const int64_t end = std::min(last + right + 1, sequences[s].keys);
    for (int64_t page = 0; page < problem.maxPages; ++page) {
      int32_t &entry = problem.blockTable[s * problem.maxPages + page];
      const bool isRead = sequences[s].queries > 0 &&
                          page * m.pageTokens < end &&
                          (page + 1) * m.pageTokens > begin;
      if (isRead || entry < 0)
        continue;
      std::memset(problem.keyCache.data() + entry * m.keyPageBytes(), 0xff,
                  m.keyPageBytes());
      if (m.split)
        std::memset(problem.valueCache.data() + entry * m.valuePageBytes(),
                    0xff, m.valuePageBytes());
      entry = ++numOthers % 2 ? -1 : std::numeric_limits<int32_t>::max();
    }
  }
  // All of the sequence without queries, at least.
  EXPECT_GE(numOthers, (70 + m.pageTokens - 1) / m.pageTokens);
  const bool isSliding =
      m.windowLeft && *m.windowLeft <= farLength() - 300 && !m.topLeft;
  EXPECT_TRUE(!isSliding || numOthers > 3);
  attend(problem);
  EXPECT_EQ(problem.out, out);
}

/// An entry that is read and is no page is refused, the first and the last.
TEST_P(WindowTest, PagesThatAreReadAreChecked) {
  Problem problem = makeProblem({{1, farLength()}});
  write(problem);
  const Model &m = model();
  const int64_t position = m.topLeft ? 0 : farLength() - 1;
  const int64_t left = m.windowLeft.value_or(position), right = rightKeys();
  const int64_t begin =
      std::max<int64_t>(position - left, 0) / FP8ATTN_GRANULE * FP8ATTN_GRANULE;
  const int64_t last = std::min(position + right, farLength() - 1);
  for (int64_t key : {begin, last}) {
    int32_t &entry = problem.blockTable[key / m.pageTokens];
    const int32_t page = entry;
    entry = static_cast<int32_t>(problem.numPages);
    EXPECT_EQ(problem.attend(), FP8ATTN_BAD_BLOCK_TABLE) << key;
    entry = page;
  }
  attend(problem);
}

/// The reference of a model that differs by as little as can be.
TEST_P(WindowTest, OtherWindowsAreRejected) {
  const std::vector<Sequence> sequences = {{40, farLength()}};
  Problem problem = makeProblem(sequences);
  write(problem);
  attend(problem);
  ASSERT_TRUE(agrees(problem, problem.referenceAttend()));

  const auto rejects = [&](const Model &other) {
    Problem mistaken(other, sequences);
    mistaken.context.isa_cap = isa();
    write(mistaken);
    return !agrees(problem, mistaken.referenceAttend());
  };
  Model other = model();
  other.topLeft = !other.topLeft;
  const bool isWholeSequence =
      !model().causal && farLength() < model().windowLeft.value_or(INT64_MAX) &&
      farLength() < model().windowRight.value_or(INT64_MAX);
  EXPECT_EQ(rejects(other), !isWholeSequence);
  other = model();
  if (model().windowLeft && !isWholeSequence) {
    ++*other.windowLeft;
    EXPECT_TRUE(rejects(other));
  }
  other = model();
  if (model().windowRight && !isWholeSequence) {
    ++*other.windowRight;
    EXPECT_TRUE(rejects(other));
  }
  other = model();
  other.sink = false;
  EXPECT_EQ(rejects(other), model().sink);
}

/// A prompt at once and in chunks: the same bits.
TEST_P(WindowChunkTest, ChunksOfAPrompt) {
  constexpr int64_t kChunk = 110, kTokens = 7 * kChunk;
  Problem whole = makeProblem({{kTokens, kTokens}});
  write(whole);
  attend(whole);

  std::vector<uint16_t> chunked;
  for (int64_t end = kChunk; end <= kTokens; end += kChunk) {
    Problem chunk = makeProblem({{kChunk, end}});
    const auto row = whole.query.size() / kTokens;
    std::copy_n(whole.query.begin() + (end - kChunk) * row, chunk.query.size(),
                chunk.query.begin());
    std::copy_n(whole.key.begin(), chunk.key.size(), chunk.key.begin());
    std::copy_n(whole.value.begin(), chunk.value.size(), chunk.value.begin());
    chunk.keyScale = whole.keyScale;
    chunk.valueScale = whole.valueScale;
    chunk.sink = whole.sink;
    write(chunk);
    attend(chunk);
    chunked.insert(chunked.end(), chunk.out.begin(), chunk.out.end());
  }
  EXPECT_EQ(chunked, whole.out);
}

static std::vector<const Model *> chunkedModels() {
  std::vector<const Model *> models = modelsNamed("window");
  models.erase(std::remove_if(models.begin(), models.end(),
                              [](const Model *model) {
                                return !model->causal || model->topLeft;
                              }),
               models.end());
  return models;
}

FP8ATTN_INSTANTIATE(WindowTest, "window");
INSTANTIATE_TEST_SUITE_P(Models, WindowChunkTest,
                         testing::Combine(testing::ValuesIn(chunkedModels()),
                                          testing::ValuesIn(testedIsas())),
                         isaTestName);
