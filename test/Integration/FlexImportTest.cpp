//===- FlexImportTest.cpp - flex attention that torch wrote ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of flex_imports.mlir and compares them with what the
// documentation of PyTorch says, written down here on its own: flex attention,
// and heads that are repeated.
//
//===----------------------------------------------------------------------===//

#include "ImportedAttention.h"
#include "flex_imports.h"

#include <functional>

namespace {
constexpr int64_t kBatch = 2, kHeads = 4, kKvHeads = 2, kChannels = 64;
// More keys than queries: positions count from the first of either.
constexpr int64_t kQueries = 7, kKeys = 300;

/// What becomes of the score of (batch entry, head, query, key).
using Modifier =
    std::function<double(double, int64_t, int64_t, int64_t, int64_t)>;

class FlexImportTest : public ImportedAttention {
protected:
  void expectAttention(double scale, const Modifier &modify, bool hasLse) {
    for (int64_t row = 0; row < kBatch * kHeads * kQueries; ++row) {
      SCOPED_TRACE(testing::Message() << "row " << row);
      const int64_t q = row % kQueries, head = row / kQueries % kHeads;
      const int64_t batch = row / kQueries / kHeads;
      const int64_t kv = batch * kKvHeads + head / (kHeads / kKvHeads);
      FormulaRow expected(kChannels);
      for (int64_t k = 0; k < kKeys; ++k) {
        const int64_t at = (kv * kKeys + k) * kChannels;
        const double product = expected.multiply(
            &query.elements[row * kChannels], &key.elements[at]);
        expected.add(modify(scale * product, batch, head, q, k),
                     &value.elements[at]);
      }
      ASSERT_NO_FATAL_FAILURE(
          expected.expectOut(&out.elements[row * kChannels]));
      if (hasLse)
        ASSERT_NO_FATAL_FAILURE(expected.expectLse(lse.elements[row]));
    }
  }

  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats out{FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels}};
  Floats lse{FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries}};
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(FlexImportTest);

TEST_P(FlexImportTest, ModifiesScoresAndThenMasksThem) {
  ASSERT_EQ(flex(with(flex_workspace_bytes(1)), query, key, value, out, lse),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      /*scale=*/0.5,
      [](double score, int64_t batch, int64_t head, int64_t q, int64_t k) {
        if (k % 3 == 1 || q == 3)
          return -kInfinity;
        // The next lesser integer, and what is left of it, never less than 0.
        const double eighth = std::floor((q - k) / 8.0);
        const double rest = eighth - 5 * std::floor(eighth / 5);
        return 2 * std::tanh(score / 2) + batch + head / 4.0 + rest / 16;
      },
      /*hasLse=*/true);
}

TEST_P(FlexImportTest, CausalBeginsAtTheFirstKey) {
  ASSERT_EQ(
      flex_causal(with(flex_causal_workspace_bytes(1)), query, key, value, out),
      FP8ATTN_OK)
      << context.message;
  expectAttention(
      1 / std::sqrt(kChannels),
      [](double score, int64_t, int64_t, int64_t q, int64_t k) {
        return k <= q ? score : -kInfinity;
      },
      /*hasLse=*/false);
}

TEST_P(FlexImportTest, RepeatedHeadsAreGroups) {
  ASSERT_EQ(torch_repeats(with(torch_repeats_workspace_bytes(1)), query, key,
                          value, out),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      1 / std::sqrt(kChannels),
      [](double score, int64_t, int64_t, int64_t, int64_t) { return score; },
      /*hasLse=*/false);
}
