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
#include <cstring>
#include <sstream>

namespace reference = fp8attn::reference;

/// Products of the reference, which bound its time.
static constexpr int64_t kMostProducts = 1'000'000;
static constexpr int64_t kMostSequences = 5;

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

  /// Every other model has all options and strides, in a random combination.
  const Model &model() {
    const bool isMixed = onceIn(2);
    for (;;) {
      const Model &model = kModels[between(0, int64_t(kNumModels) - 1)];
      if (!isMixed || model.strided)
        return model;
    }
  }
  std::vector<Sequence> batch(const Model &model);

  std::mt19937 bits;

private:
  int64_t keys();
  int64_t queries(int64_t keys);
};

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
    // Documents are told of positions that have a key.
    if (model.documents && (!model.causal || model.topLeft))
      sequence.queries = std::min(sequence.queries, numKeys);
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
/// than the contract allows off. Returns whether it is of one number.
static bool drawNumbers(Draw &draw, Problem &problem,
                        std::vector<uint16_t> &tensor, float largest) {
  const float deviation = draw.oneOf({1.0f, 1.0f, 0.02f, 1e-5f, largest});
  const int64_t rare = draw.oneOf<int64_t>({0, 0, 7, 100});
  const float outlier =
      draw.oneOf({0.0f, -0.0f, 0x1p-9f * deviation, 3 * deviation});
  const bool isFlat = draw.onceIn(20);
  problem.fill(tensor, [&](std::mt19937 &) {
    if (isFlat || (rare > 0 && draw.bits() % rare == 0))
      return outlier;
    return deviation * fastNormal(draw.bits);
  });
  return isFlat;
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

/// Returns a NaN or, where the format has one, an infinity.
static uint16_t drawSpecialCode(Draw &draw, fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
    return draw.oneOf<uint16_t>({0x7F, 0xFF});
  case FP8ATTN_TYPE_F8E5M2:
    return draw.oneOf<uint16_t>({0x7C, 0xFC, 0x7D, 0x7E, 0x7F, 0xFF});
  default:
    return draw.oneOf<uint16_t>({0x7F80, 0xFF80, 0x7FC0, 0xFF81});
  }
}

/// NaN and infinity anywhere in keys and values: they must stay in the rows
/// that see them. Scores are near each other then: an infinity with a
/// probability that underflows is 0.
void RandomProblem::drawSpecials(Draw &draw) {
  const Model &model = problem.model;
  problem.fill(problem.query,
               [](std::mt19937 &bits) { return 0.02f * fastNormal(bits); });
  constexpr float kGentle = 0x1p-8f;
  for (float &slope : scores.slopes)
    slope *= kGentle;
  for (int64_t n = draw.between(1, 4); n > 0; --n) {
    const int64_t sequence =
        draw.between(0, int64_t(problem.sequences.size()) - 1);
    const int64_t keys = problem.seqLens[sequence];
    if (keys == 0)
      continue;
    // Half of them where few rows look.
    const int64_t token = draw.onceIn(2) ? draw.between(0, keys - 1) : keys - 1;
    const bool isValue = draw.onceIn(2);
    specials.push_back(
        {isValue,
         problem.blockTable[sequence * problem.maxPages +
                            token / model.pageTokens],
         draw.between(0, model.numKvHeads - 1), token % model.pageTokens,
         draw.between(0, (isValue ? model.valueDim : model.headDim) - 1),
         drawSpecialCode(draw, isValue ? model.valueCache : model.cache)});
  }
}

/// Puts every tensor that may have strides somewhere else.
void RandomProblem::place(Draw &draw) {
  if (!problem.model.strided)
    return;
  const Arguments dense = scores.in(problem.arguments());
  for (fp8attn_tensor Arguments::*tensor :
       {&Arguments::key, &Arguments::value, &Arguments::query,
        &Arguments::blockTable, &Arguments::out, &Arguments::lse,
        &Arguments::alibi, &Arguments::mask, &Arguments::documents})
    placed.emplace_back(tensor, PlacedTensor(dense.*tensor, draw.bits));
}

Arguments RandomProblem::arguments() {
  Arguments all = scores.in(problem.arguments());
  for (const auto &[tensor, place] : placed)
    all.*tensor = place.tensor();
  return all;
}

/// The batch and the masks, which are drawn before all else.
static MaskKind drawMask(Draw &draw) {
  return draw.oneOf({MaskKind::Random, MaskKind::Tree, MaskKind::Rows});
}

static Problem drawBatch(Draw &draw, uint32_t seed) {
  const Model &model = draw.model();
  return Problem(model, draw.batch(model), seed);
}

RandomProblem::RandomProblem(uint32_t seed)
    : RandomProblem(*std::make_unique<Draw>(seed), seed) {}

RandomProblem::RandomProblem(Draw &draw, uint32_t seed)
    : problem(drawBatch(draw, seed)), mask(drawMask(draw)),
      scores(problem, seed, mask) {
  drawNumbers(draw, problem, problem.query, 4);
  const bool flatKeys = drawNumbers(draw, problem, problem.key, 8);
  const bool flatValues = drawNumbers(draw, problem, problem.value, 1000);
  hasFlatTensor = flatKeys || flatValues;
  drawScales(draw, problem);
  if (draw.onceIn(8) && !problem.sequences.empty())
    sharePages(draw, problem);
  if (draw.onceIn(6) && !problem.sequences.empty())
    drawSpecials(draw);
  problem.setWorkers(draw.oneOf({1, 1, 2, 3}));
  place(draw);
}

fp8attn_status RandomProblem::write() {
  problem.forget();
  const fp8attn_status status = problem.write(arguments());
  const reference::PairsCache cache = problem.referenceCache();
  for (const Special &special : specials) {
    const reference::CachePart &part =
        special.isValue ? cache.values : cache.keys;
    std::memcpy(part.data + part.byte(special.page, special.head, special.token,
                                      special.channel),
                &special.code, reference::elementBytes(part.type));
  }
  return status;
}

/// Returns whether a call writes the tensor.
static bool isResult(fp8attn_tensor Arguments::*tensor) {
  return tensor == &Arguments::out || tensor == &Arguments::lse;
}

fp8attn_status RandomProblem::attend() {
  for (auto &[tensor, place] : placed)
    if (isResult(tensor))
      place.forget();
  const fp8attn_status status = problem.attend(arguments());
  for (auto &[tensor, place] : placed)
    if (isResult(tensor))
      place.copyBack();
  return status;
}

bool RandomProblem::gapsAreUntouched() const {
  return std::all_of(placed.begin(), placed.end(), [](const auto &tensor) {
    return tensor.second.gapsAreUntouched();
  });
}

bool RandomProblem::roundsIndependently() const { return !hasFlatTensor; }

std::string RandomProblem::describe() const {
  static constexpr const char *kMasks[] = {"random", "tree", "rows"};
  std::ostringstream text;
  text << problem.model.name << " on " << problem.context.num_workers
       << " workers, queries/keys";
  for (const Sequence &sequence : problem.sequences)
    text << " " << sequence.queries << "/" << sequence.keys;
  if (problem.model.mask != std::string("none"))
    text << ", mask " << kMasks[int(mask)];
  if (!specials.empty())
    text << ", " << specials.size() << " NaN or infinite";
  for (const auto &[tensor, place] : placed) {
    const fp8attn_tensor &it = place.tensor();
    if (tensor == &Arguments::query || isResult(tensor))
      text << (tensor == &Arguments::query ? ", query"
               : tensor == &Arguments::out ? ", out"
                                           : ", lse")
           << " strides " << it.strides[0] << " " << it.strides[1];
  }
  return text.str();
}
