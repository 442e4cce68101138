//===- ImportTest.cpp - attention that front ends wrote -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of imports.mlir and compares them with what the
// documentation of PyTorch and of ONNX says, and with what the operations of
// linalg compute, written down here on its own.
//
//===----------------------------------------------------------------------===//

#include "ImportedAttention.h"
#include "imports.h"

#include <functional>

namespace {
constexpr int64_t kBatch = 2, kHeads = 4, kChannels = 64;
// More keys than queries: the diagonal begins at the first key, or ends at the
// last.
constexpr int64_t kQueries = 7, kKeys = 300;

/// The modified score of (query, key), of what scale and product give.
using Modifier = std::function<double(double score, int64_t q, int64_t k)>;

class ImportTest : public ImportedAttention {
protected:
  /// Compares `out`, and `lse` if there is one, with attention by its formula.
  void expectAttention(const Floats &query, const Floats &key,
                       const Floats &value, int64_t kvHeads, double scale,
                       const Modifier &modify, const Floats &out,
                       const Floats *lse = nullptr) {
    for (int64_t row = 0; row < kBatch * kHeads * kQueries; ++row) {
      SCOPED_TRACE(testing::Message() << "row " << row);
      const int64_t q = row % kQueries, head = row / kQueries % kHeads;
      const int64_t batch = row / kQueries / kHeads;
      const int64_t kv = batch * kvHeads + head / (kHeads / kvHeads);
      FormulaRow expected(kChannels);
      for (int64_t k = 0; k < kKeys; ++k) {
        const int64_t at = (kv * kKeys + k) * kChannels;
        const double product = expected.multiply(
            &query.elements[row * kChannels], &key.elements[at]);
        expected.add(modify(scale * product, q, k), &value.elements[at]);
      }
      ASSERT_NO_FATAL_FAILURE(
          expected.expectOut(&out.elements[row * kChannels]));
      if (lse)
        ASSERT_NO_FATAL_FAILURE(expected.expectLse(lse->elements[row]));
    }
  }
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(ImportTest);

TEST_P(ImportTest, TorchCausalBeginsAtTheFirstKey) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats value = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(torch_causal(with(torch_causal_workspace_bytes(1)), query, key,
                         value, out),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, /*kvHeads=*/2, 1 / std::sqrt(kChannels),
      [](double score, int64_t q, int64_t k) {
        return k <= q ? score : -kInfinity;
      },
      out);
}

TEST_P(ImportTest, TorchForCpuHasAScaleAMaskAndALogSumExp) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kHeads, kKeys, kChannels});
  Codes mask(FP8ATTN_TYPE_BOOL, {kQueries, kKeys});
  for (uint8_t &element : mask.elements)
    element = random() % 2;
  // A row that sees nothing.
  std::fill_n(mask.elements.begin() + 3 * kKeys, kKeys, 0);
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  Floats lse(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries});
  ASSERT_EQ(torch_for_cpu(with(torch_for_cpu_workspace_bytes(1)), query, key,
                          value, mask, out, lse),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, kHeads, /*scale=*/0.25,
      [&](double score, int64_t q, int64_t k) {
        return mask.elements[q * kKeys + k] ? score : -kInfinity;
      },
      out, &lse);
}

TEST_P(ImportTest, OnnxCapsScoresAndThenMasksThem) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats value = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats mask = makeFloats({kQueries, kKeys});
  // What is masked stays so: a cap behind it would make it -2.
  for (int64_t i = 0; i < kQueries * kKeys; i += 3)
    mask.elements[i] = -kInfinity;
  // The least number hides a whole row, too.
  const float least = std::numeric_limits<float>::lowest();
  std::fill_n(mask.elements.begin() + 4 * kKeys, kKeys, least);
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(onnx(with(onnx_workspace_bytes(1)), query, key, value, mask, out),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, /*kvHeads=*/2, 1 / std::sqrt(kChannels),
      [&](double score, int64_t q, int64_t k) {
        const float added = mask.elements[q * kKeys + k];
        return k > q || added == least ? -kInfinity
                                       : 2 * std::tanh(score / 2) + added;
      },
      out);

  // Keys that the mask has no columns for are masked.
  constexpr int64_t kColumns = 4;
  Floats narrow = makeFloats({kQueries, kColumns});
  ASSERT_EQ(onnx(&context, query, key, value, narrow, out), FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, /*kvHeads=*/2, 1 / std::sqrt(kChannels),
      [&](double score, int64_t q, int64_t k) {
        return k > q || k >= kColumns ? -kInfinity
                                      : 2 * std::tanh(score / 2) +
                                            narrow.elements[q * kColumns + k];
      },
      out);
}

TEST_P(ImportTest, OnnxStandsBehindAPastAndGivesItBack) {
  constexpr int64_t kPast = kKeys - kQueries;
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats pastKey = makeFloats({kBatch, 2, kPast, kChannels});
  Floats pastValue = makeFloats({kBatch, 2, kPast, kChannels});
  Floats key = makeFloats({kBatch, 2, kQueries, kChannels});
  Floats value = makeFloats({kBatch, 2, kQueries, kChannels});
  Floats presentKey(FP8ATTN_TYPE_F32, {kBatch, 2, kKeys, kChannels});
  Floats presentValue(FP8ATTN_TYPE_F32, {kBatch, 2, kKeys, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(onnx_past(with(onnx_past_workspace_bytes(1)), query, key, value,
                      pastKey, pastValue, out, presentKey, presentValue),
            FP8ATTN_OK)
      << context.message;
  for (int64_t i = 0; i < kBatch * 2 * kKeys * kChannels; ++i) {
    const int64_t entry = i / kChannels / kKeys, k = i / kChannels % kKeys;
    const int64_t old = (entry * kPast + k) * kChannels + i % kChannels;
    const int64_t added =
        (entry * kQueries + k - kPast) * kChannels + i % kChannels;
    ASSERT_EQ(presentKey.elements[i],
              k < kPast ? pastKey.elements[old] : key.elements[added]);
    ASSERT_EQ(presentValue.elements[i],
              k < kPast ? pastValue.elements[old] : value.elements[added]);
  }
  expectAttention(
      query, presentKey, presentValue, /*kvHeads=*/2, 1 / std::sqrt(kChannels),
      [](double score, int64_t q, int64_t k) {
        return k <= q + kPast ? score : -kInfinity;
      },
      out);
}

TEST_P(ImportTest, TorchRepeatsHeadsOfValues) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats repeated(FP8ATTN_TYPE_F32, {kBatch, kHeads, kKeys, kChannels});
  constexpr int64_t kHead = kKeys * kChannels;
  for (int64_t head = 0; head < kBatch * kHeads; ++head)
    std::copy_n(&value.elements[head / 2 * kHead], kHead,
                &repeated.elements[head * kHead]);
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(
      torch_heads(with(torch_heads_workspace_bytes(1)), query, key, value, out),
      FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, repeated, kHeads, 1 / std::sqrt(kChannels),
      [](double score, int64_t q, int64_t k) {
        return k <= q ? score : -kInfinity;
      },
      out);
}

TEST_P(ImportTest, OnnxRefusesMemoryOfOtherSizesForThePresent) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, 2, kQueries, kChannels});
  Floats past = makeFloats({kBatch, 2, 20, kChannels});
  Floats present(FP8ATTN_TYPE_F32, {kBatch, 2, 20 + kQueries, kChannels});
  Floats other(FP8ATTN_TYPE_F32, {kBatch, 2, 20 + kQueries, kChannels});
  Floats less(FP8ATTN_TYPE_F32, {kBatch, 2, 19 + kQueries, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  with(onnx_past_workspace_bytes(1));
  EXPECT_EQ(
      onnx_past(&context, query, key, key, past, past, out, present, present),
      FP8ATTN_OK)
      << context.message;
  for (bool isSecond : {false, true}) {
    EXPECT_EQ(onnx_past(&context, query, key, key, past, past, out,
                        isSecond ? present : less, isSecond ? less : present),
              FP8ATTN_BAD_SIZE);
    EXPECT_STREQ(context.message,
                 isSecond ? "size 2 of result 2 is 26, expected 27 (that of "
                            "what is computed)"
                          : "size 2 of result 1 is 26, expected 27 (that of "
                            "what is computed)");
  }
}

TEST_P(ImportTest, LinalgComparesPlaces) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats value = makeFloats({kBatch, 2, kKeys, kChannels});
  Codes mask(FP8ATTN_TYPE_BOOL, {kBatch, 2, kQueries, kKeys});
  for (int64_t i = 0; i < kBatch * 2 * kQueries * kKeys; ++i)
    mask.elements[i] = i % kKeys % (2 + i / kKeys / kQueries) != 0;
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(linalg_places(with(linalg_places_workspace_bytes(1)), query, key,
                          value, mask, 0.25f, out),
            FP8ATTN_OK)
      << context.message;
  // Each KV head has a mask of its own.
  int64_t row = 0;
  expectAttention(
      query, key, value, /*kvHeads=*/2, /*scale=*/0.25,
      [&](double score, int64_t q, int64_t k) {
        const int64_t kv = row / kKeys / kQueries / 2;
        ++row;
        return k < q + 100 && k % (2 + kv) != 0 ? score : -kInfinity;
      },
      out);
  Codes fewer(FP8ATTN_TYPE_BOOL, {kBatch, 2, kQueries, kKeys - 1}, 1);
  EXPECT_EQ(linalg_places(&context, query, key, value, fewer, 0.25f, out),
            FP8ATTN_BAD_SIZE)
      << context.message;
}

TEST_P(ImportTest, LinalgNamesItsOperations) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats value = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats mask = makeFloats({kQueries, kKeys});
  for (int64_t i = 0; i < kQueries * kKeys; i += 3)
    mask.elements[i] = -kInfinity;
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(linalg_named(with(linalg_named_workspace_bytes(1)), query, key,
                         value, mask, out),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, /*kvHeads=*/2, /*scale=*/0.25,
      [&](double score, int64_t q, int64_t k) {
        return score + mask.elements[q * kKeys + k];
      },
      out);
}

TEST_P(ImportTest, LinalgSpellsOutSteps) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, 2, kKeys, kChannels});
  Floats value = makeFloats({kBatch, 2, kKeys, kChannels});
  // In columns, and with tokens before heads.
  Floats columns(FP8ATTN_TYPE_F32, {kBatch, 2, kChannels, kKeys});
  Floats tokens(FP8ATTN_TYPE_F32, {kBatch, kKeys, 2, kChannels});
  for (int64_t i = 0; i < kBatch * 2 * kKeys * kChannels; ++i) {
    const int64_t c = i % kChannels, k = i / kChannels % kKeys;
    const int64_t entry = i / kChannels / kKeys;
    columns.elements[(entry * kChannels + c) * kKeys + k] = key.elements[i];
    tokens.elements[((entry / 2 * kKeys + k) * 2 + entry % 2) * kChannels + c] =
        value.elements[i];
  }
  Codes mask(FP8ATTN_TYPE_BOOL, {2, 2, kKeys}, 1);
  for (int64_t k = 0; k < kKeys; k += 3)
    for (int64_t head = 0; head < kHeads; ++head)
      mask.elements[head * kKeys + k] = 0;
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(linalg_steps(with(linalg_steps_workspace_bytes(1)), query, columns,
                         tokens, mask, out),
            FP8ATTN_OK)
      << context.message;
  expectAttention(
      query, key, value, /*kvHeads=*/2, /*scale=*/0.5,
      [](double score, int64_t q, int64_t k) {
        return k % 3 ? 2 * std::tanh(score / 2) : -kInfinity;
      },
      out);
  // A mask of fewer keys is refused before it is read past its end.
  Codes fewer(FP8ATTN_TYPE_BOOL, {2, 2, kKeys - 1}, 1);
  EXPECT_EQ(linalg_steps(&context, query, columns, tokens, fewer, out),
            FP8ATTN_BAD_SIZE)
      << context.message;
}
