//===- RandomProblem.cpp - a problem for every seed -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Draws lengths at and beside the sizes at which kernels change their ways, and
// numbers from ranges that break careless ones.
//
//===----------------------------------------------------------------------===//

#include "RandomProblem.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace reference = fp8attn::reference;

/// Products of the reference, which bound its time.
static constexpr int64_t kMostProducts = 1'500'000;
static constexpr int64_t kMostSequences = 5;

namespace {
/// Draws what a problem is made of.
class Draw {
public:
  explicit Draw(uint32_t seed) : bits(seed) {}

  int64_t between(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(bits);
  }
  template <typename T> T oneOf(std::initializer_list<T> values) {
    return values.begin()[between(0, int64_t(values.size()) - 1)];
  }
  bool onceIn(int64_t n) { return between(1, n) == 1; }

  /// Any model but those that modify scores, which ScoreTest tries.
  const Model &model() {
    for (;;) {
      const Model &model = kModels[between(0, int64_t(kNumModels) - 1)];
      if (!model.modifiesScores())
        return model;
    }
  }
  std::vector<Sequence> batch(const Model &model);

  std::mt19937 bits;

private:
  int64_t keys();
  int64_t queries(int64_t keys);
};
} // namespace

/// Beside the sizes of row tiles, granules, pages and key blocks; or small.
int64_t Draw::keys() {
  if (onceIn(3))
    return std::max<int64_t>(
        0, oneOf<int64_t>({0, 16, 32, 64, 96, 128, 256, 512}) + between(-1, 1));
  return onceIn(8) ? between(0, 600) : between(1, 80);
}

/// A decode step, some tokens to verify, a chunk, a whole prompt, nothing, or
/// more queries than there are keys.
int64_t Draw::queries(int64_t keys) {
  switch (between(0, 7)) {
  case 0:
    return between(2, 8);
  case 1:
    return std::min<int64_t>(keys, between(9, 60));
  case 2:
    return keys;
  case 3:
    return onceIn(2) ? 0 : keys + between(1, 20);
  default:
    return 1;
  }
}

std::vector<Sequence> Draw::batch(const Model &model) {
  std::vector<Sequence> sequences;
  int64_t products = 0;
  for (int64_t n = between(onceIn(50) ? 0 : 1, kMostSequences); n > 0; --n) {
    const int64_t numKeys = keys();
    Sequence sequence = {queries(numKeys), numKeys};
    const int64_t perQuery = 2 * numKeys * model.numHeads() * model.headDim;
    if (perQuery > 0)
      sequence.queries =
          std::min(sequence.queries, (kMostProducts - products) / perQuery);
    products += sequence.queries * perQuery;
    sequences.push_back(sequence);
  }
  return sequences;
}

/// A tensor of one deviation, now and then of one number, or with rare numbers
/// far from the rest. Scores stay below some hundreds, where f32 is no more
/// than the contract allows off.
static void drawNumbers(Draw &draw, Problem &problem,
                        std::vector<uint16_t> &tensor, float largest) {
  const float deviation = draw.oneOf({1.0f, 1.0f, 0.02f, 1e-5f, largest});
  std::normal_distribution<float> normal(0, deviation);
  const int64_t rare = draw.oneOf<int64_t>({0, 0, 7, 100});
  const float outlier =
      draw.oneOf({0.0f, -0.0f, 0x1p-9f * deviation, 3 * deviation});
  const bool isFlat = draw.onceIn(20);
  problem.fill(tensor, [&](std::mt19937 &) {
    if (isFlat || (rare > 0 && draw.bits() % rare == 0))
      return outlier;
    return normal(draw.bits);
  });
}

/// Scales at which codes fill the format, saturate, or are mostly subnormal;
/// those of values may be far away, as they only multiply the result.
static void drawScales(Draw &draw, Problem &problem) {
  problem.chooseScales();
  if (draw.onceIn(4))
    problem.setScales(1, 1);
  for (float &scale : problem.keyScale)
    scale *= draw.oneOf({1.0f, 1.0f, 0.5f, 4.0f, 1.37f});
  const float far = draw.oneOf({1.0f, 1.0f, 0x1p-30f, 0x1p30f});
  for (float &scale : problem.valueScale)
    scale *= draw.oneOf({1.0f, 1.0f, 0.25f, 16.0f, 0.83f}) * far;
}

/// FP8 has no infinity to write and one NaN; a bf16 cache keeps both. They may
/// be anywhere in the values, and must stay in the rows that see them. Scores
/// are near each other then: an infinity with a probability that underflows is
/// 0.
static void drawSpecialValues(Draw &draw, Problem &problem) {
  std::normal_distribution<float> small(0, 0.02f);
  problem.fill(problem.query, [&](std::mt19937 &bits) { return small(bits); });
  const float infinity = std::numeric_limits<float>::infinity();
  for (int64_t n = draw.between(1, 4); n > 0 && !problem.value.empty(); --n)
    problem.value[draw.between(0, int64_t(problem.value.size()) - 1)] =
        reference::encodeBf16(
            draw.oneOf({infinity, -infinity, float(NAN), -0.0f}));
}

/// Lets a sequence begin with the pages of another, as cached prompts do.
static void sharePages(Draw &draw, Problem &problem) {
  const int64_t last = int64_t(problem.sequences.size()) - 1;
  const int64_t from = draw.between(0, last), to = draw.between(0, last);
  const int64_t pageTokens = problem.model.pageTokens;
  const int64_t pages =
      std::min(problem.sequences[from].keys, problem.sequences[to].keys) /
      pageTokens;
  std::copy_n(problem.blockTable.begin() + from * problem.maxPages, pages,
              problem.blockTable.begin() + to * problem.maxPages);
}

Problem randomProblem(uint32_t seed) {
  Draw draw(seed);
  const Model &model = draw.model();
  Problem problem(model, draw.batch(model), seed);
  drawNumbers(draw, problem, problem.query, 4);
  drawNumbers(draw, problem, problem.key, 8);
  drawNumbers(draw, problem, problem.value, 1000);
  drawScales(draw, problem);
  if (draw.onceIn(8))
    drawSpecialValues(draw, problem);
  if (draw.onceIn(8) && !problem.sequences.empty())
    sharePages(draw, problem);
  problem.setWorkers(draw.oneOf({1, 1, 2, 3}));
  return problem;
}

std::string describe(const Problem &problem) {
  std::ostringstream text;
  text << problem.model.name << " on " << problem.context.num_workers
       << " workers, queries/keys";
  for (const Sequence &sequence : problem.sequences)
    text << " " << sequence.queries << "/" << sequence.keys;
  return text.str();
}
