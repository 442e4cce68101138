//===- RandomDense.cpp - a dense problem for every seed -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Draws what only dense tensors have: their order in memory, and masks of four
// dimensions.
//
//===----------------------------------------------------------------------===//

#include "RandomDense.h"

#include "fp8attn/Reference/Fp8.h"

#include <cmath>
#include <cstring>
#include <sstream>

namespace reference = fp8attn::reference;

/// Every other model has all options, in a random combination.
static const DenseModel &drawModel(Draw &draw) {
  const bool isMixed = draw.onceIn(2);
  for (;;) {
    const DenseModel &model =
        kDenseModels[draw.between(0, int64_t(kNumDenseModels) - 1)];
    if (!isMixed || std::strncmp(model.name, "mix_", 4) == 0)
      return model;
  }
}

static DenseProblem drawProblem(Draw &draw, uint32_t seed) {
  const DenseModel &model = drawModel(draw);
  DenseShape shape;
  shape.batch = draw.between(draw.onceIn(30) ? 0 : 1, 3);
  shape.keys = draw.keys();
  shape.queries = draw.queries(shape.keys);
  shape.tokensFirst = draw.onceIn(2);
  // Documents are told of positions that have a key.
  if (model.documents && (model.windowRight != 0 || model.topLeft))
    shape.queries = std::min(shape.queries, shape.keys);
  const int64_t perQuery =
      2 * shape.batch * shape.keys * model.numHeads() * model.headDim;
  if (perQuery > 0)
    shape.queries = std::min(shape.queries, Draw::kMostProducts / perQuery);
  if (model.mask[0] != 'n' && draw.onceIn(3))
    shape.hiddenKeys = draw.between(0, shape.keys);
  return DenseProblem(model, shape, seed);
}

RandomDense::RandomDense(uint32_t seed)
    : draw(seed), problem(drawProblem(draw, seed)) {
  drawNumbers();
  if (problem.model.mask[0] != 'n')
    drawMask();
  if (draw.onceIn(6))
    drawSpecials();
  problem.setWorkers(draw.oneOf({1, 1, 2, 3}));
}

void RandomDense::drawNumbers() {
  // Codes fill the format, saturate or are mostly subnormal; those of values
  // may be far away, as they only multiply the result.
  for (float &scale : problem.keyScale)
    scale *= draw.oneOf({1.0f, 1.0f, 0.5f, 4.0f, 1.37f});
  const float far = draw.oneOf({1.0f, 1.0f, 0x1p-30f, 0x1p30f});
  for (float &scale : problem.valueScale)
    scale *= draw.oneOf({1.0f, 1.0f, 0.25f, 16.0f, 0.83f}) * far;
  Numbers query(draw, 4), keys(draw, 8), values(draw, 1000);
  for (float &scale : problem.outScale)
    scale *= problem.valueScale.empty() ? 1 : far;
  problem.fillQuery([&] { return query.next(); });
  problem.keys.fill([&] { return keys.next(); }, problem.keyScale);
  problem.values.fill([&] { return values.next(); }, problem.valueScale);
  hasFlatTensor = keys.areFlat() || values.areFlat();
}

/// Three keys of four, or all; nothing for one query in eleven, or for every
/// other one. What is said of keys that a query does not see would spoil it; of
/// a row for all queries, none is unseen.
void RandomDense::drawMask() {
  const bool isAdditive = problem.model.mask[0] != 'i';
  const int64_t hidden = draw.oneOf<int64_t>({2, 11});
  const bool hidesKeys = draw.onceIn(2);
  const DenseShape &shape = problem.shape;
  const bool isOneRow = problem.model.shared[2] == '1';
  const auto isSeen = [&](int64_t query, int64_t key) {
    for (int64_t entry = 0; entry < shape.batch; ++entry)
      if (problem.sees(entry, query, key))
        return true;
    return false;
  };
  for (int64_t i = 0; i < problem.mask.numElements(); ++i) {
    const int64_t key = i % problem.columns();
    const int64_t rows = isOneRow ? 1 : shape.queries;
    const int64_t query = i / problem.columns() % rows;
    const bool kept =
        query % hidden != 1 && (!hidesKeys || draw.bits() % 4 != 0);
    uint8_t *element = problem.mask.element(i);
    if (!isAdditive) {
      *element = kept ? uint8_t(1 + draw.bits() % 200) : 0;
      continue;
    }
    const float added = kept ? fastNormal(draw.bits) : -INFINITY;
    reference::encodeElement(isOneRow || isSeen(query, key) ? added : NAN,
                             element,
                             fp8attn_type(problem.mask.describe().type));
  }
}

/// NaN and infinity anywhere in keys and values: they must stay in the rows
/// that see them. Scores are near each other then: an infinity with a
/// probability that underflows is 0.
void RandomDense::drawSpecials() {
  constexpr float kGentleQuery = 0.02f, kGentleSlope = 0x1p-8f;
  problem.fillQuery([&] { return kGentleQuery * fastNormal(draw.bits); });
  for (float &slope : problem.alibi)
    slope = roundTo(slope * kGentleSlope, problem.model.headType);
  for (int64_t n = draw.between(1, 4); n > 0; --n) {
    StridedTensor &tensor = draw.onceIn(2) ? problem.values : problem.keys;
    if (tensor.numElements() == 0)
      continue;
    uint8_t *element =
        tensor.element(draw.between(0, tensor.numElements() - 1));
    const auto type = fp8attn_type(tensor.describe().type);
    if (reference::elementBytes(type) == 1)
      *element = static_cast<uint8_t>(drawSpecialCode(draw, type));
    else
      reference::encodeElement(draw.oneOf({NAN, INFINITY, -INFINITY}), element,
                               type);
    ++numSpecials;
  }
}

std::string RandomDense::describe() const {
  std::ostringstream text;
  text << "dense " << problem.model.name << " on "
       << problem.context.num_workers << " workers, batch "
       << problem.shape.batch << ", " << problem.shape.queries << " queries, "
       << problem.shape.keys << " keys";
  if (problem.shape.tokensFirst)
    text << ", tokens first";
  if (problem.shape.hiddenKeys > 0)
    text << ", " << problem.shape.hiddenKeys << " keys without a mask";
  if (numSpecials > 0)
    text << ", " << numSpecials << " NaN or infinite";
  return text.str();
}
