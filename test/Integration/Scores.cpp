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

static int64_t mostQueries(const Problem &problem) {
  int64_t queries = 0;
  for (const Sequence &sequence : problem.sequences)
    queries = std::max(queries, sequence.queries);
  return queries;
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

Scores::Scores(const Problem &problem, uint32_t seed, MaskKind kind,
               int64_t hiddenKeys)
    : columns(longest(problem)), maskColumns(columns - hiddenKeys),
      tokens(problem.queryStart.back()), draftColumns(mostQueries(problem)),
      slopes(problem.model.numHeads()), smallSlopes(problem.model.numHeads()),
      keep(tokens * maskColumns), added(tokens * maskColumns),
      smallAdded(tokens * maskColumns),
      documents(problem.sequences.size() * columns),
      draftKeep(tokens * draftColumns), draftAdded(tokens * draftColumns),
      smallDraftAdded(tokens * draftColumns), model(&problem.model),
      maskType(typeOfMask(model->mask)),
      draftType(typeOfMask(model->draftMask)), queryStart(problem.queryStart),
      seqLens(problem.seqLens) {
  std::mt19937 bits(seed);
  for (int64_t h = 0; h < model->numHeads(); ++h)
    slopes[h] =
        roundTo(std::exp2(-8.0f * float(h + 1) / float(model->numHeads())),
                model->headType);
  std::fill(keep.begin(), keep.end(), int8_t(1));
  std::fill(added.begin(), added.end(), NAN);
  std::fill(documents.begin(), documents.end(), -1);
  for (size_t s = 0; s < problem.sequences.size(); ++s)
    fillSequence(problem, s, kind, bits);
  std::fill(draftKeep.begin(), draftKeep.end(), int8_t(1));
  std::fill(draftAdded.begin(), draftAdded.end(), NAN);
  for (size_t s = 0; s < problem.sequences.size(); ++s)
    fillDrafts(problem, s, bits);
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
      if (t >= maskColumns)
        continue;
      keep[token * maskColumns + t] = kept ? int8_t(1 + bits() % 200) : 0;
      added[token * maskColumns + t] =
          kept ? representable(uniform(bits)) : -kInfinity;
    }
  }
}

/// A tree of drafts; what is added to their scores is as for masks.
void Scores::fillDrafts(const Problem &problem, size_t s, std::mt19937 &bits) {
  const int64_t numQueries = problem.sequences[s].queries;
  const int64_t first = problem.seqLens[s] - numQueries;
  const auto tree = randomTree(numQueries, bits);
  std::uniform_real_distribution<float> uniform(-3, 3);
  for (int64_t q = 0; q < numQueries; ++q)
    for (int64_t j = std::max<int64_t>(0, -first); j < numQueries; ++j) {
      if (!problem.sees(s, q, first + j))
        continue;
      const int64_t element = (problem.queryStart[s] + q) * draftColumns + j;
      draftKeep[element] = tree[q][j] ? int8_t(1 + bits() % 200) : 0;
      draftAdded[element] =
          tree[q][j] ? representable(uniform(bits)) : -kInfinity;
    }
}

/// Returns the elements of a mask as its type has them.
static void *encodeMask(fp8attn_type type, test::GuardedBuffer<int8_t> &keep,
                        test::GuardedBuffer<float> &added,
                        test::GuardedBuffer<uint16_t> &small) {
  if (reference::elementBytes(type) == 1)
    return keep.data();
  if (type == FP8ATTN_TYPE_F32)
    return added.data();
  for (size_t i = 0; i < added.size(); ++i)
    reference::encodeElement(added[i], &small[i], type);
  return small.data();
}

Arguments Scores::in(Arguments all) {
  void *ofHeads = slopes.data();
  if (model->headType != FP8ATTN_TYPE_F32) {
    ofHeads = smallSlopes.data();
    for (size_t h = 0; h < slopes.size(); ++h)
      reference::encodeElement(slopes[h], &smallSlopes[h], model->headType);
  }
  all.alibi = fp8attn_tensor_make(ofHeads, model->headType, 1,
                                  int64_t(slopes.size()), 0, 0, 0);
  const auto matrix = [](void *data, fp8attn_type type, int64_t rows,
                         int64_t columns) {
    return fp8attn_tensor_make(data, type, 2, rows, columns, 0, 0);
  };
  all.mask = matrix(encodeMask(maskType, keep, added, smallAdded), maskType,
                    tokens, maskColumns);
  all.draftMask =
      matrix(encodeMask(draftType, draftKeep, draftAdded, smallDraftAdded),
             draftType, tokens, draftColumns);
  all.documents =
      matrix(documents.data(), FP8ATTN_TYPE_I32,
             columns == 0 ? 0 : documents.size() / columns, columns);
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
  if (model->mask != std::string("none") && place.key >= maskColumns)
    return -kInfinity;
  const int64_t element = place.token * maskColumns + place.key;
  if (isAdditive())
    score += added[element];
  else if (model->mask != std::string("none") && !keep[element])
    score = -kInfinity;
  return model->draftMask == std::string("none") ? score
                                                 : modifyDraft(score, place);
}

double Scores::modifyDraft(double score, const Place &place) const {
  const int64_t first = queryStart[place.sequence];
  const int64_t queries = queryStart[place.sequence + 1] - first;
  const int64_t draft = place.key - (seqLens[place.sequence] - queries);
  if (draft < 0)
    return score;
  const int64_t element = place.token * draftColumns + draft;
  if (areDraftsAdditive())
    return score + draftAdded[element];
  return draftKeep[element] ? score : -kInfinity;
}

Problem::ModifyScore Scores::modifier() const {
  if (!model->modifiesScores())
    return nullptr;
  return
      [this](double score, const Place &place) { return modify(score, place); };
}
