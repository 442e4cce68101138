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
#include "Scores.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace {
/// New tokens of a sequence.
struct Chunk {
  size_t sequence;
  int64_t begin;
  int64_t end;
};
} // namespace

/// Tensors with a row for each token of a call.
static constexpr fp8attn_tensor Arguments::*kTokenTensors[] = {
    &Arguments::query, &Arguments::key, &Arguments::value, &Arguments::slots,
    &Arguments::out,   &Arguments::lse, &Arguments::mask};
/// And with one for each sequence.
static constexpr fp8attn_tensor Arguments::*kSequenceTensors[] = {
    &Arguments::blockTable, &Arguments::documents};

static int64_t rowBytes(const fp8attn_tensor &tensor) {
  int64_t bytes =
      tensor.type == FP8ATTN_TYPE_I8    ? 1
      : tensor.type == FP8ATTN_TYPE_I32 ? 4
      : tensor.type == FP8ATTN_TYPE_I64
          ? 8
          : fp8attn::reference::elementBytes(fp8attn_type(tensor.type));
  for (int32_t dim = 1; dim < tensor.rank; ++dim)
    bytes *= tensor.sizes[dim];
  return bytes;
}

namespace {
/// The tensors of one step, gathered from a problem whose sequences are whole
/// prompts.
class Step {
public:
  /// `whole` are the arguments of the whole problem.
  Step(const Problem &problem, const Arguments &whole,
       std::vector<Chunk> chunks);

  /// Returns the arguments of a call on these tensors and the problem's cache.
  const Arguments &arguments() const { return step; }
  /// Puts the results where the problem's own call would.
  void scatter();

private:
  /// Makes `tensor` the given rows of the whole problem's.
  void gather(fp8attn_tensor Arguments::*tensor,
              const std::vector<int64_t> &rows);
  void scatter(fp8attn_tensor Arguments::*tensor);

  const Arguments whole;
  Arguments step;
  /// Of the step's tokens among the whole problem's.
  std::vector<int64_t> tokens;
  std::vector<std::vector<uint8_t>> memory;
  std::vector<int32_t> queryStart{0}, seqLens;
};
} // namespace

/// Returns the models that a prompt can be cut for: the position of a query is
/// that among the keys (bottom-right), so that a step means what the whole
/// does, and neither masks nor lists are of the queries of a call. Those with
/// all the heads of published models are left to ShapeTest, lists to
/// SelectedKeysTest.
static std::vector<const Model *> servedModels() {
  std::vector<const Model *> models;
  for (const Model *model : causalModels())
    if (!model->topLeft && !model->selects() &&
        model->draftMask == std::string("none") &&
        std::strncmp(model->name, "shape_", 6) != 0)
      models.push_back(model);
  return models;
}

namespace {
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
    Scores scores(whole, 3);
    write(whole);
    ASSERT_TRUE(
        ranOn(whole, whole.attend(scores.in(whole.arguments())), isa()));
    Problem served = makePrompts();
    const Arguments arguments = scores.in(served.arguments());
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
      Step step(served, arguments, chunks);
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

Step::Step(const Problem &problem, const Arguments &whole,
           std::vector<Chunk> chunks)
    : whole(whole), step(whole) {
  std::vector<int64_t> sequences;
  for (const Chunk &chunk : chunks) {
    for (int64_t token = chunk.begin; token < chunk.end; ++token)
      tokens.push_back(problem.queryStart[chunk.sequence] + token);
    sequences.push_back(int64_t(chunk.sequence));
    queryStart.push_back(int32_t(tokens.size()));
    seqLens.push_back(int32_t(chunk.end));
  }
  for (auto tensor : kTokenTensors)
    gather(tensor, tokens);
  // Scales have a row for each token, or none.
  for (auto tensor : {&Arguments::queryScale, &Arguments::outScale})
    if ((whole.*tensor).rank == 2)
      gather(tensor, tokens);
  for (auto tensor : kSequenceTensors)
    gather(tensor, sequences);
  step.queryStart = fp8attn_tensor_make(queryStart.data(), FP8ATTN_TYPE_I32, 1,
                                        queryStart.size(), 0, 0, 0);
  step.seqLens = fp8attn_tensor_make(seqLens.data(), FP8ATTN_TYPE_I32, 1,
                                     seqLens.size(), 0, 0, 0);
}

void Step::gather(fp8attn_tensor Arguments::*tensor,
                  const std::vector<int64_t> &rows) {
  const int64_t bytes = rowBytes(whole.*tensor);
  const auto *from = static_cast<const uint8_t *>((whole.*tensor).data);
  std::vector<uint8_t> &to = memory.emplace_back(rows.size() * bytes);
  for (size_t row = 0; row < rows.size(); ++row)
    std::memcpy(to.data() + row * bytes, from + rows[row] * bytes, bytes);
  (step.*tensor).data = to.data();
  (step.*tensor).sizes[0] = int64_t(rows.size());
}

void Step::scatter(fp8attn_tensor Arguments::*tensor) {
  const int64_t bytes = rowBytes(whole.*tensor);
  const auto *from = static_cast<const uint8_t *>((step.*tensor).data);
  auto *to = static_cast<uint8_t *>((whole.*tensor).data);
  for (size_t row = 0; row < tokens.size(); ++row)
    std::memcpy(to + tokens[row] * bytes, from + row * bytes, bytes);
}

void Step::scatter() {
  scatter(&Arguments::out);
  scatter(&Arguments::lse);
}

/// A token of each sequence a step: the first two, and those behind a chunk
/// that leaves more than a granule, in which decode meets every place.
TEST_P(RepeatabilityTest, TokenByToken) {
  expectSameBits([](size_t, int64_t begin, int64_t length) {
    constexpr int64_t kFirst = 2, kLast = 35;
    const int64_t chunk = begin == kFirst ? length - kLast : 0;
    return std::min(std::max(begin + 1, chunk), length);
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

/// Random chunks of random sequences, others for each model.
TEST_P(RepeatabilityTest, RandomSteps) {
  std::mt19937 bits(1 + static_cast<uint32_t>(&model() - kModels));
  expectSameBits([&](size_t, int64_t begin, int64_t length) {
    if (bits() % 3 == 0)
      return begin;
    const int64_t most = bits() % 2 ? 5 : 120;
    return std::min<int64_t>(length, begin + 1 + bits() % most);
  });
}

INSTANTIATE_TEST_SUITE_P(Models, RepeatabilityTest,
                         testing::Combine(testing::ValuesIn(servedModels()),
                                          testing::ValuesIn(testedIsas())),
                         isaTestName);
