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

#include "DirectCall.h"
#include "flex_imports.h"

#include "gtest/gtest.h"

#include <cmath>
#include <functional>
#include <limits>

namespace {
constexpr int64_t kBatch = 2, kHeads = 4, kKvHeads = 2, kChannels = 64;
// More keys than queries: positions count from the first of either.
constexpr int64_t kQueries = 7, kKeys = 300;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What becomes of the score of (batch entry, head, query, key).
using Modifier =
    std::function<double(double, int64_t, int64_t, int64_t, int64_t)>;

class FlexImportTest : public testing::TestWithParam<fp8attn_isa>,
                       protected Caller {
protected:
  void SetUp() override {
    if (fp8attn_cpu()->isa < GetParam())
      GTEST_SKIP() << fp8attn_isa_string(GetParam()) << ": "
                   << fp8attn_cpu()->reason;
    context.isa_cap = GetParam();
    for (Floats *tensor : {&query, &key, &value})
      for (float &number : tensor->elements)
        number = std::uniform_int_distribution<int>(-128, 128)(random) / 128.0f;
  }
  void TearDown() override {
    if (!IsSkipped())
      EXPECT_EQ(context.isa, GetParam());
  }

  void expectAttention(double scale, const Modifier &modify, bool hasLse) {
    for (int64_t row = 0; row < kBatch * kHeads * kQueries; ++row) {
      const int64_t q = row % kQueries, head = row / kQueries % kHeads;
      const int64_t batch = row / kQueries / kHeads;
      const int64_t kv = batch * kKvHeads + head / (kHeads / kKvHeads);
      double total = 0;
      std::vector<double> expected(kChannels);
      for (int64_t k = 0; k < kKeys; ++k) {
        double product = 0;
        for (int64_t c = 0; c < kChannels; ++c)
          product += double(query.elements[row * kChannels + c]) *
                     key.elements[(kv * kKeys + k) * kChannels + c];
        const double weight =
            std::exp(modify(scale * product, batch, head, q, k));
        total += weight;
        for (int64_t c = 0; c < kChannels; ++c)
          expected[c] +=
              weight * value.elements[(kv * kKeys + k) * kChannels + c];
      }
      for (int64_t c = 0; c < kChannels; ++c)
        ASSERT_NEAR(out.elements[row * kChannels + c],
                    total == 0 ? 0 : expected[c] / total, kTolerance)
            << "row " << row << ", channel " << c;
      if (!hasLse)
        continue;
      if (total == 0)
        ASSERT_EQ(lse.elements[row], -kInfinity) << "row " << row;
      else
        ASSERT_NEAR(lse.elements[row], std::log(total), kTolerance)
            << "row " << row;
    }
  }

  Floats query{FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels}};
  Floats key{FP8ATTN_TYPE_F32, {kBatch, kKvHeads, kKeys, kChannels}};
  Floats value{FP8ATTN_TYPE_F32, {kBatch, kKvHeads, kKeys, kChannels}};
  Floats out{FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels}};
  Floats lse{FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries}};

  // Values are at most 1, of which a probability in bf16 loses 2^-9 at most.
  static constexpr double kTolerance = 1.0 / 256;
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
