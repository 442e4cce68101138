//===- RandomProblem.cpp - a problem for every seed -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Draws what only caches have: ragged batches, shared pages, scales of every
// kind.
//
//===----------------------------------------------------------------------===//

#include "RandomProblem.h"

#include "Draw.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cstring>
#include <sstream>

namespace reference = fp8attn::reference;

static constexpr int64_t kMostSequences = 5;

/// Every other model has all options and strides, in a random combination.
static const Model &drawModel(Draw &draw) {
  const bool isMixed = draw.onceIn(2);
  for (;;) {
    const Model &model = kModels[draw.between(0, int64_t(kNumModels) - 1)];
    if (!isMixed || model.strided)
      return model;
  }
}

static std::vector<Sequence> drawSequences(Draw &draw, const Model &model) {
  std::vector<Sequence> sequences;
  int64_t products = 0;
  for (int64_t n = draw.between(draw.onceIn(50) ? 0 : 1, kMostSequences); n > 0;
       --n) {
    const int64_t numKeys = draw.keys();
    Sequence sequence = {draw.queries(numKeys), numKeys};
    // Documents are told of positions that have a key.
    if (model.documents && (!model.causal || model.topLeft))
      sequence.queries = std::min(sequence.queries, numKeys);
    const int64_t perQuery = 2 * numKeys * model.numHeads() * model.headDim;
    if (perQuery > 0)
      sequence.queries = std::min(sequence.queries,
                                  (Draw::kMostProducts - products) / perQuery);
    products += sequence.queries * perQuery;
    sequences.push_back(sequence);
  }
  return sequences;
}

/// Replaces the numbers of a tensor. Returns whether they are all the same.
static bool drawNumbers(Draw &draw, Problem &problem,
                        std::vector<uint16_t> &tensor, float largest) {
  Numbers numbers(draw, largest);
  problem.fill(tensor, [&](std::mt19937 &) { return numbers.next(); });
  return numbers.areFlat();
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
  // Of no more digits than results have: where they are large, and where not.
  for (float &scale : problem.outScale)
    scale *= problem.valueScale.empty() ? 1 : far;
  for (float &scale : problem.valueScale)
    scale *= draw.oneOf({1.0f, 1.0f, 0.25f, 16.0f, 0.83f}) * far;
  problem.roundScales();
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

/// NaN and infinity anywhere in keys and values: they must stay in the rows
/// that see them. Scores are near each other then: an infinity with a
/// probability that underflows is 0.
void RandomProblem::drawSpecials(Draw &draw) {
  const Model &model = problem.model;
  problem.fill(problem.query,
               [](std::mt19937 &bits) { return 0.02f * fastNormal(bits); });
  constexpr float kGentle = 0x1p-8f;
  for (float &slope : scores.slopes)
    slope = roundTo(slope * kGentle, model.headType);
  for (int64_t n = draw.between(1, 4); n > 0; --n) {
    const int64_t sequence =
        draw.between(0, int64_t(problem.sequences.size()) - 1);
    const int64_t keys = problem.seqLens[sequence];
    if (keys == 0)
      continue;
    // Half of them where few rows look.
    const int64_t token = draw.onceIn(2) ? draw.between(0, keys - 1) : keys - 1;
    const bool isValue = draw.onceIn(2);
    const int64_t channel =
        draw.between(0, (isValue ? model.valueDim : model.headDim) - 1);
    const fp8attn_type type = isValue                      ? model.valueCache
                              : channel < model.codedDim() ? model.cache
                                                           : FP8ATTN_TYPE_BF16;
    // i8 and elements of 4 bits have neither.
    if (type == FP8ATTN_TYPE_I8 || reference::elementBits(type) < 8)
      continue;
    specials.push_back(
        {isValue,
         problem.blockTable[sequence * problem.maxPages +
                            token / model.pageTokens],
         draw.between(0,
                      (isValue ? model.numValueHeads : model.numKvHeads) - 1),
         token % model.pageTokens, channel, drawSpecialCode(draw, type)});
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
        &Arguments::alibi, &Arguments::mask, &Arguments::draftMask,
        &Arguments::documents, &Arguments::selected})
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
  const Model &model = drawModel(draw);
  return Problem(model, drawSequences(draw, model), seed);
}

/// How many keys have no column of the mask, of one problem in four some. Not
/// drawn, so that a seed's numbers stay what they are.
static int64_t chooseHiddenKeys(const Problem &problem, uint32_t seed) {
  // A region loads of whatever key it is asked for.
  if (seed % 4 != 1 || problem.seqLens.empty() || problem.model.written)
    return 0;
  const int32_t longest =
      *std::max_element(problem.seqLens.begin(), problem.seqLens.end());
  return seed / 4 % (longest + 1);
}

RandomProblem::RandomProblem(uint32_t seed)
    : RandomProblem(*std::make_unique<Draw>(seed), seed) {}

RandomProblem::RandomProblem(Draw &draw, uint32_t seed)
    : problem(drawBatch(draw, seed)), mask(drawMask(draw)),
      scores(problem, seed, mask, chooseHiddenKeys(problem, seed)) {
  drawNumbers(draw, problem, problem.query, 4);
  const bool flatKeys = drawNumbers(draw, problem, problem.key, 8);
  const bool flatValues = drawNumbers(draw, problem, problem.value, 1000);
  hasFlatTensor = flatKeys || flatValues;
  drawScales(draw, problem);
  if (draw.onceIn(8) && !problem.sequences.empty())
    sharePages(draw, problem);
  if (draw.onceIn(6) && !problem.sequences.empty())
    drawSpecials(draw);
  if (problem.model.selects())
    selection = drawSelection(draw, problem);
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
                &special.code,
                reference::elementBytes(part.typeOf(special.channel)));
  }
  if (problem.model.selects())
    selection.hideOthers(problem);
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
    text << ", mask " << kMasks[int(mask)] << " of " << scores.maskColumns
         << " columns";
  if (problem.model.selects())
    text << ", " << problem.entriesOfList << " " << problem.model.selected;
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
