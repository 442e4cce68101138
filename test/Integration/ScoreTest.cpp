//===- ScoreTest.cpp - scores that are modified ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Softcap, ALiBi, masks and score regions against double precision; a region
// that says the same as them gives the same bits; what no row sees is not read.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "test/guarded_buffer.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reference = fp8attn::reference;
using Place = reference::ScorePlace;
using fp8attn::test::GuardedBuffer;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();

namespace {
/// The tensors that modify the scores of a problem, before pages that cannot be
/// read. Elements beyond the keys of a sequence have values that would spoil a
/// row.
class Scores {
public:
  Scores(const Problem &problem, uint32_t seed)
      : columns(
            *std::max_element(problem.seqLens.begin(), problem.seqLens.end())),
        tokens(problem.queryStart.back()), slopes(problem.model.numHeads()),
        keep(tokens * columns), added(tokens * columns),
        smallAdded(tokens * columns),
        documents(problem.sequences.size() * columns), model(problem.model),
        maskType(typeOf(model.mask)) {
    std::mt19937 bits(seed);
    for (int64_t h = 0; h < model.numHeads(); ++h)
      slopes[h] = std::exp2(-8.0f * float(h + 1) / float(model.numHeads()));
    std::fill(added.begin(), added.end(), NAN);
    std::fill(documents.begin(), documents.end(), -1);
    for (size_t s = 0; s < problem.sequences.size(); ++s)
      fillSequence(problem, s, bits);
  }

  /// Returns the arguments with these tensors.
  Arguments in(Arguments all) {
    all.alibi = fp8attn_tensor_make(slopes.data(), FP8ATTN_TYPE_F32, 1,
                                    slopes.size(), 0, 0, 0);
    all.mask = matrix(encodeMask(), maskType, tokens);
    all.documents =
        matrix(documents.data(), FP8ATTN_TYPE_I32, documents.size() / columns);
    return all;
  }

  double modify(double score, const Place &place) const {
    if (model.softcap)
      score = model.softcap * std::tanh(score / model.softcap);
    if (model.alibi)
      score += double(slopes[place.head]) * double(place.key - place.query);
    const int32_t *document = documents.data() + place.sequence * columns;
    if (model.documents && document[place.query] != document[place.key])
      score = -kInfinity;
    const int64_t element = place.token * columns + place.key;
    if (isAdditive())
      score += added[element];
    else if (model.mask != std::string("none") && !keep[element])
      score = -kInfinity;
    return score;
  }

  int64_t columns, tokens;
  /// [Hq], [tokens, columns] three times, and [sequences, columns].
  GuardedBuffer<float> slopes;
  GuardedBuffer<int8_t> keep;
  GuardedBuffer<float> added;
  GuardedBuffer<uint16_t> smallAdded;
  GuardedBuffer<int32_t> documents;

  /// Whether the mask is numbers, of `added`, and not bytes of `keep`.
  bool isAdditive() const { return reference::elementBytes(maskType) > 1; }

private:
  static fp8attn_type typeOf(const std::string &mask) {
    if (mask == "f32")
      return FP8ATTN_TYPE_F32;
    if (mask == "bf16")
      return FP8ATTN_TYPE_BF16;
    if (mask == "f16")
      return FP8ATTN_TYPE_F16;
    return mask == "i1" ? FP8ATTN_TYPE_BOOL : FP8ATTN_TYPE_I8;
  }

  /// Returns the mask's elements as its type has them.
  void *encodeMask() {
    if (!isAdditive())
      return keep.data();
    if (maskType == FP8ATTN_TYPE_F32)
      return added.data();
    for (int64_t i = 0; i < tokens * columns; ++i)
      reference::encodeElement(added[i], &smallAdded[i], maskType);
    return smallAdded.data();
  }

  fp8attn_tensor matrix(void *data, fp8attn_type type, int64_t rows) const {
    return fp8attn_tensor_make(data, type, 2, rows, columns, 0, 0);
  }

  void fillSequence(const Problem &problem, size_t s, std::mt19937 &bits) {
    const int64_t numKeys = problem.seqLens[s];
    for (int64_t t = 0; t < numKeys; ++t)
      documents[s * columns + t] = t / 50;
    std::uniform_real_distribution<float> uniform(-3, 3);
    for (int64_t token = problem.queryStart[s];
         token < problem.queryStart[s + 1]; ++token) {
      // One query in eleven sees nothing at all.
      const bool none = token % 11 == 5;
      for (int64_t t = 0; t < numKeys; ++t) {
        const bool keeps = !none && bits() % 4 != 0;
        keep[token * columns + t] = keeps ? int8_t(1 + bits() % 200) : 0;
        added[token * columns + t] =
            keeps ? representable(uniform(bits)) : -kInfinity;
      }
    }
  }

  /// Returns a number near `value` that every type of mask has.
  static float representable(float value) {
    return reference::decodeBf16(reference::encodeBf16(value));
  }

  const Model &model;
  fp8attn_type maskType;
};

class ScoreTest : public IsaTest {
protected:
  /// Decode, verification of several tokens, chunks, a prompt, empty sequences,
  /// and more queries than keys.
  static std::vector<Sequence> raggedBatch() {
    return {{1, 1},   {0, 70},  {5, 0}, {1, 300}, {37, 290},
            {70, 70}, {4, 256}, {9, 3}, {1, 257}, {6, 530}};
  }

  void attend(Problem &problem, Scores &scores) const {
    ASSERT_TRUE(
        ranOn(problem, problem.attend(scores.in(problem.arguments())), isa()));
  }

  static reference::AttentionResult expected(Problem &problem,
                                             const Scores &scores) {
    return problem.referenceAttend([&](double score, const Place &place) {
      return scores.modify(score, place);
    });
  }
};

/// A model whose region says by hand what those of another do.
class WrittenScoreTest : public ScoreTest {
protected:
  const Model &plainModel() const {
    const std::string name = model().name;
    return findModel(("score" + name.substr(name.find('_'))).c_str());
  }
};
} // namespace

TEST_P(ScoreTest, AgreesWithTheReference) {
  Problem problem = makeProblem(raggedBatch());
  // Scores of a size that a cap of 50 changes.
  for (uint16_t &word : problem.query)
    word = reference::encodeBf16(4 * reference::decodeBf16(word));
  problem.setWorkers(2);
  write(problem);
  Scores scores(problem, 2);
  attend(problem, scores);
  const auto exact = expected(problem, scores);
  EXPECT_TRUE(agrees(problem, exact));
  // The modification is not lost in the tolerance.
  EXPECT_FALSE(agrees(problem, problem.referenceAttend()));
}

/// Rows land in other blocks of queries, beside other sequences, on other
/// workers.
TEST_P(ScoreTest, DoesNotDependOnChunks) {
  // Queries of a chunk stand at the last keys.
  if (model().topLeft)
    return;
  Problem whole = makeProblem({{300, 300}});
  write(whole);
  Scores scores(whole, 3);
  attend(whole, scores);
  const int64_t row = model().numHeads() * model().headDim;
  Problem chunk = makeProblem({{7, 300}, {1, 40}});
  std::copy(whole.query.end() - 7 * row, whole.query.end(),
            chunk.query.begin());
  std::copy(whole.key.begin(), whole.key.end(), chunk.key.begin());
  std::copy(whole.value.begin(), whole.value.end(), chunk.value.begin());
  chunk.keyScale = whole.keyScale;
  chunk.valueScale = whole.valueScale;
  chunk.sink = whole.sink;
  write(chunk);
  Scores same(chunk, 4);
  std::copy(scores.keep.end() - 7 * 300, scores.keep.end(), same.keep.begin());
  std::copy(scores.added.end() - 7 * 300, scores.added.end(),
            same.added.begin());
  chunk.setWorkers(3);
  attend(chunk, same);
  EXPECT_TRUE(std::equal(whole.out.end() - 7 * row, whole.out.end(),
                         chunk.out.begin()));
}

/// A NaN reaches the rows of its query token and no other.
TEST_P(ScoreTest, NanStaysInItsRow) {
  Problem problem = makeProblem({{1, 40}, {20, 300}});
  Scores scores(problem, 7);
  if (!scores.isAdditive())
    return;
  write(problem);
  attend(problem, scores);
  std::vector<uint16_t> expected = problem.out;
  constexpr int64_t kToken = 8;
  scores.added[kToken * scores.columns + 260] = NAN;
  attend(problem, scores);
  const int64_t row = model().numHeads() * model().headDim;
  for (int64_t i = kToken * row; i < (kToken + 1) * row; ++i) {
    EXPECT_TRUE(std::isnan(reference::decodeBf16(problem.out[i])));
    expected[i] = problem.out[i];
  }
  EXPECT_EQ(problem.out, expected);
}

/// A region that says what softcap, ALiBi and masks say.
TEST_P(WrittenScoreTest, GivesTheSameBits) {
  Problem problem = makeProblem(raggedBatch());
  Problem other(plainModel(), raggedBatch());
  other.context.isa_cap = isa();
  write(problem);
  ASSERT_TRUE(ranOn(other, other.write(), isa()));
  Scores scores(problem, 5);
  attend(problem, scores);
  attend(other, scores);
  EXPECT_EQ(problem.out, other.out);
  EXPECT_EQ(problem.lse, other.lse);
}

TEST_P(ScoreTest, RefusesAMaskThatIsTooSmall) {
  if (model().mask == std::string("none"))
    return;
  Problem problem = makeProblem({{2, 40}, {3, 60}});
  Scores scores(problem, 6);
  Arguments arguments = scores.in(problem.arguments());
  arguments.mask.sizes[1] = 59;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "mask.sizes[1] is 59, expected at least 60 (seq_lens[1])");
  arguments.mask.sizes[1] = 60;
  arguments.mask.sizes[0] = 4;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "tokens of mask is 4, expected 5 (tokens of query)");
}

FP8ATTN_INSTANTIATE(ScoreTest, "score");
FP8ATTN_INSTANTIATE(WrittenScoreTest, "written");
