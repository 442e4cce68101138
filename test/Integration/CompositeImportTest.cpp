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

#include "ImportedAttention.h"
#include "composite_imports.h"

#include <functional>

namespace {
constexpr int64_t kBatch = 2, kHeads = 4, kKvHeads = 2, kChannels = 64;
constexpr int64_t kKeys = 300;

/// The row of a tensor that holds (batch entry, head, token).
using Place = std::function<int64_t(int64_t, int64_t, int64_t)>;
/// What is added to the score of (batch entry, query, key).
using Mask = std::function<double(int64_t, int64_t, int64_t)>;

class CompositeImportTest : public ImportedAttention {
protected:
  static void expectAttention(const Floats &query, const Floats &key,
                              const Floats &value, const Floats &out,
                              int64_t queries, const Place &queryRow,
                              const Place &keyRow, double scale,
                              const Mask &mask) {
    for (int64_t row = 0; row < kBatch * kHeads * queries; ++row) {
      const int64_t q = row % queries, head = row / queries % kHeads;
      const int64_t batch = row / queries / kHeads;
      SCOPED_TRACE(testing::Message() << "batch " << batch << ", head " << head
                                      << ", query " << q);
      const int64_t at = queryRow(batch, head, q) * kChannels;
      FormulaRow expected(kChannels);
      for (int64_t k = 0; k < kKeys; ++k) {
        const int64_t from =
            keyRow(batch, head / (kHeads / kKvHeads), k) * kChannels;
        const double product =
            expected.multiply(&query.elements[at], &key.elements[from]);
        expected.add(scale * product + mask(batch, q, k),
                     &value.elements[from]);
      }
      ASSERT_NO_FATAL_FAILURE(expected.expectOut(&out.elements[at]));
    }
  }
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

TEST_P(CompositeImportTest, ATokenSeesKeysUpToItsPosition) {
  Floats query = makeFloats({1, kBatch, kHeads, kChannels});
  Floats key = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {1, kBatch, kHeads, kChannels});
  Integers positions(FP8ATTN_TYPE_I32, {kBatch});
  // The last key, one of them, the first; none.
  for (std::vector<int32_t> last : {std::vector<int32_t>{299, 40}, {0, -1}}) {
    positions.elements = last;
    ASSERT_EQ(decode(with(decode_workspace_bytes(1)), query, key, value,
                     positions, out),
              FP8ATTN_OK)
        << context.message;
    expectAttention(
        query, key, value, out, /*queries=*/1,
        [](int64_t batch, int64_t head, int64_t) {
          return batch * kHeads + head;
        },
        [](int64_t batch, int64_t head, int64_t k) {
          return (batch * kKvHeads + head) * kKeys + k;
        },
        /*scale=*/0.25,
        [&](int64_t batch, int64_t, int64_t k) {
          return k <= last[batch] ? 0 : -kInfinity;
        });
  }
  for (int32_t position : {int32_t(kKeys), -2, INT32_MAX, INT32_MIN}) {
    positions.elements = {0, position};
    EXPECT_EQ(decode(&context, query, key, value, positions, out),
              FP8ATTN_BAD_SEQ_LEN)
        << context.message;
  }
}
