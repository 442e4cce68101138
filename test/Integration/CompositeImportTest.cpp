//===- CompositeImportTest.cpp - attention that StableHLO kept ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of composite_imports.mlir and compares them with the
// formula of attention, written down here on its own.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "composite_imports.h"

#include "gtest/gtest.h"

#include <cmath>
#include <functional>
#include <limits>

namespace {
constexpr int64_t kBatch = 2, kHeads = 4, kKvHeads = 2, kChannels = 64;
constexpr int64_t kKeys = 300;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The row of a tensor that holds (batch entry, head, token).
using Place = std::function<int64_t(int64_t, int64_t, int64_t)>;
/// What is added to the score of (batch entry, query, key).
using Mask = std::function<double(int64_t, int64_t, int64_t)>;

class CompositeImportTest : public testing::TestWithParam<fp8attn_isa>,
                            protected Caller {
protected:
  void SetUp() override {
    if (fp8attn_cpu()->isa < GetParam())
      GTEST_SKIP() << fp8attn_isa_string(GetParam()) << ": "
                   << fp8attn_cpu()->reason;
    context.isa_cap = GetParam();
  }
  void TearDown() override {
    if (!IsSkipped())
      EXPECT_EQ(context.isa, GetParam());
  }

  Floats makeFloats(std::vector<int64_t> sizes) {
    Floats tensor(FP8ATTN_TYPE_F32, std::move(sizes));
    for (float &number : tensor.elements)
      number = std::uniform_int_distribution<int>(-128, 128)(random) / 128.0f;
    return tensor;
  }

  static void expectAttention(const Floats &query, const Floats &key,
                              const Floats &value, const Floats &out,
                              int64_t queries, const Place &queryRow,
                              const Place &keyRow, double scale,
                              const Mask &mask) {
    for (int64_t row = 0; row < kBatch * kHeads * queries; ++row) {
      const int64_t q = row % queries, head = row / queries % kHeads;
      const int64_t batch = row / queries / kHeads;
      const int64_t at = queryRow(batch, head, q) * kChannels;
      double total = 0;
      std::vector<double> expected(kChannels);
      for (int64_t k = 0; k < kKeys; ++k) {
        const int64_t from =
            keyRow(batch, head / (kHeads / kKvHeads), k) * kChannels;
        double product = 0;
        for (int64_t c = 0; c < kChannels; ++c)
          product += double(query.elements[at + c]) * key.elements[from + c];
        const double weight = std::exp(scale * product + mask(batch, q, k));
        total += weight;
        for (int64_t c = 0; c < kChannels; ++c)
          expected[c] += weight * value.elements[from + c];
      }
      for (int64_t c = 0; c < kChannels; ++c)
        ASSERT_NEAR(out.elements[at + c], expected[c] / total, kTolerance)
            << "batch " << batch << ", head " << head << ", query " << q;
    }
  }

  // Values are at most 1, of which a probability in bf16 loses 2^-9 at most.
  static constexpr double kTolerance = 1.0 / 256;
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(CompositeImportTest);

TEST_P(CompositeImportTest, TokensStandBeforeHeads) {
  constexpr int64_t kQueries = 7;
  Floats query = makeFloats({kBatch, kQueries, kHeads, kChannels});
  Floats key = makeFloats({kBatch, kKeys, kKvHeads, kChannels});
  Floats value = makeFloats({kBatch, kKeys, kKvHeads, kChannels});
  Floats mask = makeFloats({kBatch, 1, kQueries, kKeys});
  for (size_t i = 0; i < mask.elements.size(); i += 3)
    mask.elements[i] = -kInfinity;
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kQueries, kHeads, kChannels});
  ASSERT_EQ(odml(with(odml_workspace_bytes(1)), query, key, value, mask, out),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, out, kQueries,
      [](int64_t batch, int64_t head, int64_t q) {
        return (batch * kQueries + q) * kHeads + head;
      },
      [](int64_t batch, int64_t head, int64_t k) {
        return (batch * kKeys + k) * kKvHeads + head;
      },
      /*scale=*/0.25,
      [&](int64_t batch, int64_t q, int64_t k) {
        return mask.elements[(batch * kQueries + q) * kKeys + k];
      });
}

TEST_P(CompositeImportTest, ACallIsCausal) {
  Floats query = makeFloats({kBatch, kHeads, kKeys, kChannels});
  Floats key = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kKeys, kChannels});
  ASSERT_EQ(
      call_causal(with(call_causal_workspace_bytes(1)), query, key, value, out),
      FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, out, kKeys,
      [](int64_t batch, int64_t head, int64_t q) {
        return (batch * kHeads + head) * kKeys + q;
      },
      [](int64_t batch, int64_t head, int64_t k) {
        return (batch * kKvHeads + head) * kKeys + k;
      },
      1 / std::sqrt(kChannels),
      [](int64_t, int64_t q, int64_t k) { return k <= q ? 0 : -kInfinity; });
}
