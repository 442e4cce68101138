//===- ImportDialectsTest.cpp - attention that more front ends wrote ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of import_dialects.mlir and compares them with what
// the documentation of ONNX and of ONNX Runtime says, and with what IREE and
// torch-mlir compute, written down here on its own.
//
//===----------------------------------------------------------------------===//

#include "ImportedAttention.h"
#include "import_dialects.h"

#include <functional>

namespace {
constexpr int64_t kBatch = 2, kHeads = 4, kKvHeads = 2, kChannels = 64;
constexpr int64_t kQueries = 7, kKeys = 300;

/// A row of attention.
struct Row {
  int64_t batch, head, query;
};

/// What a test compares with, of tensors [batch, heads, tokens, channels].
struct Formula {
  double scale = 1 / std::sqrt(kChannels);
  int64_t kvHeads = kKvHeads;
  /// The modified score of a row and a key.
  std::function<double(Row, int64_t key, double score)> modify;
  /// What joins the denominator of a head; none if empty.
  std::vector<float> sink;
};

class ImportDialectsTest : public ImportedAttention {
protected:
  /// Returns a row by the formula.
  static FormulaRow compute(const Formula &formula, Row row, const float *query,
                            const Floats &key, const Floats &value) {
    const int64_t tokens = key.descriptor.sizes[2];
    const int64_t kv =
        row.batch * formula.kvHeads + row.head / (kHeads / formula.kvHeads);
    FormulaRow expected(kChannels);
    if (!formula.sink.empty())
      expected.addSink(formula.sink[row.head]);
    for (int64_t k = 0; k < tokens; ++k) {
      const int64_t at = (kv * tokens + k) * kChannels;
      const double product = expected.multiply(query, &key.elements[at]);
      expected.add(formula.modify(row, k, formula.scale * product),
                   &value.elements[at]);
    }
    return expected;
  }

  /// Where the element of a row begins in [batch, heads, tokens, channels] and
  /// in [batch, tokens, heads, channels].
  static int64_t headsFirst(Row row) {
    return ((row.batch * kHeads + row.head) * kQueries + row.query) * kChannels;
  }
  static int64_t tokensFirst(Row row) {
    return ((row.batch * kQueries + row.query) * kHeads + row.head) * kChannels;
  }

  /// Compares all rows.
  void expectRows(const Formula &formula, const Floats &query,
                  int64_t (*queryPlace)(Row), const Floats &key,
                  const Floats &value, const Floats &out,
                  int64_t (*outPlace)(Row), const Floats *lse = nullptr) {
    for (int64_t i = 0; i < kBatch * kHeads * kQueries; ++i) {
      const Row row = {i / kQueries / kHeads, i / kQueries % kHeads,
                       i % kQueries};
      SCOPED_TRACE(testing::Message() << "batch " << row.batch << ", head "
                                      << row.head << ", query " << row.query);
      const FormulaRow expected =
          compute(formula, row, &query.elements[queryPlace(row)], key, value);
      ASSERT_NO_FATAL_FAILURE(expected.expectOut(&out.elements[outPlace(row)]));
      if (lse)
        ASSERT_NO_FATAL_FAILURE(expected.expectLse(lse->elements[i]));
    }
  }
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(ImportDialectsTest);

TEST_P(ImportDialectsTest, IreeHasLoopsAndARegionInBase2) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats tokens(FP8ATTN_TYPE_F32, {kBatch, kKeys, kKvHeads, kChannels});
  Floats columns(FP8ATTN_TYPE_F32, {kBatch, kKvHeads, kChannels, kKeys});
  for (int64_t i = 0; i < kBatch * kKvHeads * kKeys * kChannels; ++i) {
    const int64_t c = i % kChannels, k = i / kChannels % kKeys;
    const int64_t entry = i / kChannels / kKeys;
    tokens.elements[((entry / 2 * kKeys + k) * 2 + entry % 2) * kChannels + c] =
        key.elements[i];
    columns.elements[(entry * kChannels + c) * kKeys + k] = value.elements[i];
  }
  Codes mask(FP8ATTN_TYPE_BOOL, {kQueries, kKeys});
  for (uint8_t &element : mask.elements)
    element = random() % 2;
  std::fill_n(mask.elements.begin() + 3 * kKeys, kKeys, 0);
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  ASSERT_EQ(iree(with(iree_workspace_bytes(1)), query, tokens, columns, mask,
                 0.25f, out),
            FP8ATTN_OK)
      << context.message;
  Formula formula;
  formula.scale = 0.25;
  formula.modify = [&](Row row, int64_t k, double score) {
    const double exponent =
        2 * std::tanh(std::log2(std::exp(1.0)) * score) + row.head % 2;
    return mask.elements[row.query * kKeys + k] ? std::log(2.0) * exponent
                                                : -kInfinity;
  };
  expectRows(formula, query, headsFirst, key, value, out, headsFirst);
}

TEST_P(ImportDialectsTest, IreeOnlineIsDividedAndHasALogSumExp) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kHeads, kKeys, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kQueries, kHeads, kChannels});
  Floats lse(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries});
  ASSERT_EQ(iree_online(with(iree_online_workspace_bytes(1)), query, key, value,
                        out, lse),
            FP8ATTN_OK)
      << context.message;
  Formula formula;
  formula.scale = 0.25;
  formula.kvHeads = kHeads;
  formula.modify = [](Row, int64_t, double score) { return score; };
  expectRows(formula, query, headsFirst, key, value, out, tokensFirst, &lse);
}

TEST_P(ImportDialectsTest, TmTensorReadsWhatWasBroadcast) {
  Floats query = makeFloats({kBatch * kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats mask = makeFloats({kBatch * kHeads, kQueries, kKeys});
  for (size_t i = 0; i < mask.elements.size(); i += 3)
    mask.elements[i] = -kInfinity;
  Floats out(FP8ATTN_TYPE_F32, {kBatch * kHeads, kQueries, kChannels});
  ASSERT_EQ(tm_tensor(with(tm_tensor_workspace_bytes(1)), query, key, value,
                      mask, out),
            FP8ATTN_OK)
      << context.message;
  Formula formula;
  formula.scale = 0.25;
  formula.modify = [&](Row row, int64_t k, double score) {
    return score + mask.elements[headsFirst(row) / kChannels * kKeys + k];
  };
  expectRows(formula, query, headsFirst, key, value, out, headsFirst);
}

TEST_P(ImportDialectsTest, OnnxKeysOfABatchEntryEndBeforeThePadding) {
  Floats query = makeFloats({kBatch, kHeads, kQueries, kChannels});
  Floats key = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats value = makeFloats({kBatch, kKvHeads, kKeys, kChannels});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  // The first queries of an entry with fewer keys than queries see nothing, and
  // none of an entry without keys.
  for (std::vector<int64_t> counts :
       {std::vector<int64_t>{300, 41}, {4, 150}, {0, 1}}) {
    Tensor<int64_t> lengths(FP8ATTN_TYPE_I64, {kBatch});
    lengths.elements = counts;
    ASSERT_EQ(onnx_padded(with(onnx_padded_workspace_bytes(1)), query, key,
                          value, lengths, out),
              FP8ATTN_OK)
        << context.message;
    Formula formula;
    formula.modify = [&](Row row, int64_t k, double score) {
      return k <= row.query + counts[row.batch] - kQueries ? score : -kInfinity;
    };
    expectRows(formula, query, headsFirst, key, value, out, headsFirst);
  }
  // More than there are, also in more than 32 bits, fewer than none, and
  // lengths of too few entries.
  for (int64_t count : {kKeys + 1, int64_t(-1), (int64_t(1) << 32) + 5}) {
    Tensor<int64_t> lengths(FP8ATTN_TYPE_I64, {kBatch}, 5);
    lengths.elements[1] = count;
    EXPECT_EQ(onnx_padded(&context, query, key, value, lengths, out),
              FP8ATTN_BAD_SEQ_LEN);
    EXPECT_NE(std::string(context.message).find("key_lens[1]"),
              std::string::npos)
        << context.message;
  }
  Tensor<int64_t> one(FP8ATTN_TYPE_I64, {1}, 3);
  EXPECT_EQ(onnx_padded(&context, query, key, value, one, out),
            FP8ATTN_BAD_SIZE)
      << context.message;
}

TEST_P(ImportDialectsTest, GroupQueryWritesWhereThePastOfAnEntryEnds) {
  constexpr int64_t kRoom = 320;
  Floats packed = makeFloats({kBatch, kQueries, 512});
  Floats pastKey = makeFloats({kBatch, kKvHeads, kRoom, kChannels});
  Floats pastValue = makeFloats({kBatch, kKvHeads, kRoom, kChannels});
  Floats sink = makeFloats({kHeads});
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kQueries, 256});
  Integers lengths(FP8ATTN_TYPE_I32, {kBatch});
  Integers total(FP8ATTN_TYPE_I32, {}, kRoom);
  // The last index, up to the last of the room; -1 is no past.
  for (std::vector<int32_t> last :
       {std::vector<int32_t>{kRoom - 1, 40}, {-1, 6}, {150, kQueries}}) {
    lengths.elements = last;
    Floats key = pastKey, value = pastValue;
    ASSERT_EQ(group_query(with(group_query_workspace_bytes(1)), packed, key,
                          value, lengths, total, sink, out),
              FP8ATTN_OK)
        << context.message;
    Floats query(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
    std::vector<int64_t> past;
    for (int32_t index : last)
      past.push_back(std::max<int64_t>(index + 1 - kQueries, 0));
    for (int64_t i = 0; i < kBatch * kQueries * 512; ++i) {
      const int64_t c = i % kChannels, part = i / kChannels % 8;
      const int64_t token = i / 512 % kQueries, batch = i / 512 / kQueries;
      if (part < kHeads) {
        query.elements[headsFirst({batch, part, token}) + c] =
            packed.elements[i];
        continue;
      }
      Floats &tensor = part < kHeads + kKvHeads ? pastKey : pastValue;
      const Floats &written = part < kHeads + kKvHeads ? key : value;
      const int64_t place =
          ((batch * kKvHeads + part % 2) * kRoom + past[batch] + token) *
              kChannels +
          c;
      tensor.elements[place] = packed.elements[i];
      ASSERT_EQ(written.elements[place], packed.elements[i]);
    }
    ASSERT_EQ(key.elements, pastKey.elements);
    ASSERT_EQ(value.elements, pastValue.elements);
    Formula formula;
    formula.sink = sink.elements;
    formula.modify = [&](Row row, int64_t k, double score) {
      const int64_t position = row.query + past[row.batch];
      return k <= position && k > position - 100 ? 2 * std::tanh(score / 2)
                                                 : -kInfinity;
    };
    expectRows(formula, query, headsFirst, pastKey, pastValue, out,
               tokensFirst);
  }
  lengths.elements = {kRoom, 6};
  EXPECT_EQ(group_query(&context, packed, pastKey, pastValue, lengths, total,
                        sink, out),
            FP8ATTN_BAD_SIZE);
  EXPECT_NE(std::string(context.message).find("seqlens_k"), std::string::npos)
      << context.message;
}

TEST_P(ImportDialectsTest, GroupQueryAppendsToWhatACallSays) {
  constexpr int64_t kPast = kKeys - kQueries;
  Floats given = makeFloats({kBatch, kQueries, 256});
  Floats key = makeFloats({kBatch, kQueries, 128});
  Floats value = makeFloats({kBatch, kQueries, 128});
  Floats pastKey = makeFloats({kBatch, kKvHeads, kPast, kChannels});
  Floats pastValue = makeFloats({kBatch, kKvHeads, kPast, kChannels});
  Floats bias = makeFloats({1, 1, kQueries, kKeys});
  Integers lengths(FP8ATTN_TYPE_I32, {kBatch, 1}, kKeys - 1);
  lengths.elements[1] = 100;
  Integers total(FP8ATTN_TYPE_I32, {1}, kKeys);
  Floats out(FP8ATTN_TYPE_F32, {kBatch, kQueries, 256});
  Floats presentKey(FP8ATTN_TYPE_F32, {kBatch, kKvHeads, kKeys, kChannels});
  Floats presentValue(FP8ATTN_TYPE_F32, {kBatch, kKvHeads, kKeys, kChannels});
  ASSERT_EQ(group_query_appended(with(group_query_appended_workspace_bytes(1)),
                                 given, key, value, pastKey, pastValue, lengths,
                                 total, bias, out, presentKey, presentValue),
            FP8ATTN_OK)
      << context.message;
  const int64_t past[] = {kPast, 101 - kQueries};
  Floats query(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries, kChannels});
  for (int64_t i = 0; i < kBatch * kHeads * kQueries; ++i) {
    const Row row = {i / kQueries / kHeads, i / kQueries % kHeads,
                     i % kQueries};
    std::copy_n(&given.elements[tokensFirst(row)], kChannels,
                &query.elements[headsFirst(row)]);
  }
  for (int64_t i = 0; i < kBatch * kKvHeads * kKeys; ++i) {
    const int64_t k = i % kKeys, head = i / kKeys % kKvHeads;
    const int64_t batch = i / kKeys / kKvHeads, token = k - past[batch];
    for (int64_t c = 0; c < kChannels; ++c) {
      const int64_t old = ((i / kKeys) * kPast + k) * kChannels + c;
      const int64_t added =
          ((batch * kQueries + token) * kKvHeads + head) * kChannels + c;
      const bool isNew = token >= 0 && token < kQueries;
      ASSERT_EQ(presentKey.elements[i * kChannels + c],
                isNew       ? key.elements[added]
                : k < kPast ? pastKey.elements[old]
                            : 0);
      ASSERT_EQ(presentValue.elements[i * kChannels + c],
                isNew       ? value.elements[added]
                : k < kPast ? pastValue.elements[old]
                            : 0);
    }
  }
  Formula formula;
  formula.sink.assign(kHeads, 0);
  formula.modify = [&](Row row, int64_t k, double score) {
    return k <= row.query + past[row.batch]
               ? score + bias.elements[row.query * kKeys + k]
               : -kInfinity;
  };
  expectRows(formula, query, headsFirst, presentKey, presentValue, out,
             tokensFirst);
  // Memory of another size for what is computed, and a bias of too few columns.
  Floats less(FP8ATTN_TYPE_F32, {kBatch, kKvHeads, kKeys - 1, kChannels});
  EXPECT_EQ(group_query_appended(&context, given, key, value, pastKey,
                                 pastValue, lengths, total, bias, out, less,
                                 presentValue),
            FP8ATTN_BAD_SIZE);
  EXPECT_NE(std::string(context.message).find("299 (keys of key)"),
            std::string::npos)
      << context.message;
  Floats narrow = makeFloats({1, 1, kQueries, kKeys - 1});
  EXPECT_EQ(group_query_appended(&context, given, key, value, pastKey,
                                 pastValue, lengths, total, narrow, out,
                                 presentKey, presentValue),
            FP8ATTN_BAD_SIZE);
  EXPECT_NE(std::string(context.message).find("columns of the mask"),
            std::string::npos)
      << context.message;
}
