//===- Scores.cpp - tensors that modify the scores of a problem -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fills the tensors, and says in doubles what softcap, ALiBi, documents and
// masks mean, in the order in which entry points apply them.
//
//===----------------------------------------------------------------------===//

#include "Scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace fp8attn;
using Place = reference::ScorePlace;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

static int64_t longest(const Problem &problem) {
  int64_t keys = 0;
  for (int32_t length : problem.seqLens)
    keys = std::max<int64_t>(keys, length);
  return keys;
}

static fp8attn_type typeOfMask(const std::string &mask) {
  if (mask == "f32")
    return FP8ATTN_TYPE_F32;
  if (mask == "bf16")
    return FP8ATTN_TYPE_BF16;
  if (mask == "f16")
    return FP8ATTN_TYPE_F16;
  return mask == "i1" ? FP8ATTN_TYPE_BOOL : FP8ATTN_TYPE_I8;
}

/// Returns a number near `value` that every type of mask has.
static float representable(float value) {
  return reference::decodeBf16(reference::encodeBf16(value));
}

Scores::Scores(const Problem &problem, uint32_t seed, MaskKind kind)
    : columns(longest(problem)), tokens(problem.queryStart.back()),
      slopes(problem.model.numHeads()), keep(tokens * columns),
      added(tokens * columns), smallAdded(tokens * columns),
      documents(problem.sequences.size() * columns), model(&problem.model),
      maskType(typeOfMask(model->mask)) {
  std::mt19937 bits(seed);
  for (int64_t h = 0; h < model->numHeads(); ++h)
    slopes[h] = std::exp2(-8.0f * float(h + 1) / float(model->numHeads()));
  std::fill(keep.begin(), keep.end(), int8_t(1));
  std::fill(added.begin(), added.end(), NAN);
  std::fill(documents.begin(), documents.end(), -1);
  for (size_t s = 0; s < problem.sequences.size(); ++s)
    fillSequence(problem, s, kind, bits);
}

/// Returns for each of `count` queries which it descends from, itself included.
static std::vector<std::vector<bool>> randomTree(int64_t count,
                                                 std::mt19937 &bits) {
  std::vector<std::vector<bool>> ancestors;
  for (int64_t i = 0; i < count; ++i) {
    ancestors.push_back(i > 0 ? ancestors[bits() % i]
                              : std::vector<bool>(count));
    ancestors.back()[i] = true;
  }
  return ancestors;
}

void Scores::fillSequence(const Problem &problem, size_t s, MaskKind kind,
                          std::mt19937 &bits) {
  const int64_t numKeys = problem.seqLens[s];
  const int64_t numQueries = problem.sequences[s].queries;
  const int64_t documentTokens = 30 + bits() % 60;
  for (int64_t t = 0; t < numKeys; ++t)
    documents[s * columns + t] = int32_t(t / documentTokens);
  const int64_t firstOfTree = numKeys - numQueries;
  const auto tree = kind == MaskKind::Tree ? randomTree(numQueries, bits)
                                           : std::vector<std::vector<bool>>();
  std::uniform_real_distribution<float> uniform(-3, 3);
  for (int64_t q = 0; q < numQueries; ++q) {
    const int64_t token = problem.queryStart[s] + q;
    const auto keeps = [&](int64_t key) -> bool {
      switch (kind) {
      case MaskKind::Random:
        return token % 11 != 5 && bits() % 4 != 0;
      case MaskKind::Tree:
        return key < firstOfTree || tree[q][key - firstOfTree];
      case MaskKind::Rows:
        return token % 2;
      }
      return false;
    };
    for (int64_t t = 0; t < numKeys; ++t) {
      if (!problem.sees(s, q, t))
        continue;
      const bool kept = keeps(t);
      keep[token * columns + t] = kept ? int8_t(1 + bits() % 200) : 0;
      added[token * columns + t] =
          kept ? representable(uniform(bits)) : -kInfinity;
    }
  }
}

fp8attn_tensor Scores::matrix(void *data, fp8attn_type type,
                              int64_t rows) const {
  return fp8attn_tensor_make(data, type, 2, rows, columns, 0, 0);
}

void *Scores::encodeMask() {
  if (!isAdditive())
    return keep.data();
  if (maskType == FP8ATTN_TYPE_F32)
    return added.data();
  for (int64_t i = 0; i < tokens * columns; ++i)
    reference::encodeElement(added[i], &smallAdded[i], maskType);
  return smallAdded.data();
}

Arguments Scores::in(Arguments all) {
  all.alibi = fp8attn_tensor_make(slopes.data(), FP8ATTN_TYPE_F32, 1,
                                  slopes.size(), 0, 0, 0);
  all.mask = matrix(encodeMask(), maskType, tokens);
  all.documents = matrix(documents.data(), FP8ATTN_TYPE_I32,
                         columns == 0 ? 0 : documents.size() / columns);
  return all;
}

double Scores::modify(double score, const Place &place) const {
  if (model->softcap)
    score = model->softcap * std::tanh(score / model->softcap);
  if (model->alibi)
    score += double(slopes[place.head]) * double(place.key - place.query);
  const int32_t *document = documents.data() + place.sequence * columns;
  if (model->documents && document[place.query] != document[place.key])
    score = -kInfinity;
  const int64_t element = place.token * columns + place.key;
  if (isAdditive())
    score += added[element];
  else if (model->mask != std::string("none") && !keep[element])
    score = -kInfinity;
  return score;
}

Problem::ModifyScore Scores::modifier() const {
  if (!model->modifiesScores())
    return nullptr;
  return
      [this](double score, const Place &place) { return modify(score, place); };
}
