//===- TorchPageFormsTest.cpp - pages of FP8 that torch wrote -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry point of torch_page_forms.mlir: a prompt in chunks, tokens
// that are verified, single ones. What torch stores is computed here, code by
// code, and attention of that by the formula.
//
//===----------------------------------------------------------------------===//

#include "ImportedAttention.h"
#include "torch_page_forms.h"

#include <cstring>

namespace {
constexpr int64_t kSequences = 3, kHeads = 4, kKvHeads = 2, kChannels = 64;
constexpr int64_t kPage = 32, kColumns = 3, kPages = 16;
constexpr int64_t kRoom = kPage * kColumns;

using Longs = Tensor<int64_t>;

/// Returns the number of a code of f8E4M3FN from 0 to 126.
double decode(int code) {
  const int exponent = code >> 3, mantissa = code & 7;
  return exponent == 0 ? std::ldexp(mantissa, -9)
                       : std::ldexp(8 + mantissa, exponent - 10);
}

/// Returns what is read of a number that was divided, clamped and rounded: the
/// nearest code, the even one of two.
double store(float number, float scale) {
  const float quotient = number / scale;
  const double size = std::min(std::fabs(double(quotient)), 448.0);
  int nearest = 0;
  for (int code = 1; code <= 126; ++code) {
    const double before = std::fabs(decode(nearest) - size),
                 after = std::fabs(decode(code) - size);
    if (after < before || (after == before && code % 2 == 0))
      nearest = code;
  }
  return std::copysign(decode(nearest), quotient) * scale;
}

class TorchPageFormsTest : public ImportedAttention {
protected:
  void SetUp() override {
    ImportedAttention::SetUp();
    for (auto [cache, bytes, pageBytes] :
         {std::tuple(&keyCache, &keyBytes, STEP_KEY_CACHE_PAGE_BYTES),
          {&valueCache, &valueBytes, STEP_VALUE_CACHE_PAGE_BYTES}}) {
      bytes->reset(static_cast<unsigned char *>(
          std::aligned_alloc(FP8ATTN_ALIGNMENT, kPages * pageBytes)));
      // NaN codes, so that what was not written is seen.
      std::memset(bytes->get(), 0xff, kPages * pageBytes);
      *cache = {bytes->get(), kPages, int64_t(pageBytes)};
    }
    // Pages in no order.
    for (int64_t i = 0; i < kSequences * kColumns; ++i)
      table.elements[i] = 15 - (i * 5) % 16;
    keyScale.elements = {1.0f / 512};
    valueScale.elements = {0.003f, 0.05f};
  }
  /// A call that is refused runs no body.
  void TearDown() override {}

  fp8attn_status callStep(int64_t tokens) {
    query = makeFloats({kSequences, kHeads, tokens, kChannels});
    key = makeFloats({kSequences, tokens, kKvHeads, kChannels});
    Floats wide = makeFloats({kSequences, tokens, kKvHeads, kChannels});
    value = Words(FP8ATTN_TYPE_F16, {kSequences, tokens, kKvHeads, kChannels});
    for (size_t i = 0; i < wide.elements.size(); ++i) {
      const auto narrow = static_cast<_Float16>(wide.elements[i]);
      std::memcpy(&value.elements[i], &narrow, sizeof(narrow));
    }
    out = Floats(FP8ATTN_TYPE_F32, {kSequences, kHeads, tokens, kChannels});
    const fp8attn_status status =
        step(with(step_workspace_bytes(1)), query, key, value, &keyCache,
             &valueCache, keyScale, valueScale, table, start, out);
    if (status != FP8ATTN_OK)
      return status;
    for (int64_t i = 0; i < int64_t(wide.elements.size()); ++i) {
      const int64_t head = i / kChannels % kKvHeads;
      const int64_t token = i / kChannels / kKvHeads % tokens;
      const int64_t sequence = i / kChannels / kKvHeads / tokens;
      const int64_t place = ((sequence * kKvHeads + head) * kRoom +
                             start.elements[sequence] + token) *
                                kChannels +
                            i % kChannels;
      keys[place] = store(key.elements[i], keyScale.elements[0]);
      values[place] = store(wide.elements[i], valueScale.elements[head]);
    }
    return status;
  }

  void expectRows(int64_t tokens) {
    for (int64_t row = 0; row < kSequences * kHeads * tokens; ++row) {
      const int64_t token = row % tokens, head = row / tokens % kHeads;
      const int64_t sequence = row / tokens / kHeads;
      SCOPED_TRACE(testing::Message() << "sequence " << sequence << ", head "
                                      << head << ", token " << token);
      FormulaRow expected(kChannels);
      for (int64_t k = 0; k <= start.elements[sequence] + token; ++k) {
        const int64_t place =
            ((sequence * kKvHeads + head / 2) * kRoom + k) * kChannels;
        expected.add(0.125 * expected.multiply(&query.elements[row * kChannels],
                                               &keys[place]),
                     &values[place]);
      }
      ASSERT_NO_FATAL_FAILURE(
          expected.expectOut(&out.elements[row * kChannels]));
    }
  }

  std::unique_ptr<unsigned char, decltype(&std::free)> keyBytes{nullptr,
                                                                std::free},
      valueBytes{nullptr, std::free};
  fp8attn_cache keyCache, valueCache;
  Longs table{FP8ATTN_TYPE_I64, {kSequences, kColumns}};
  Longs start{FP8ATTN_TYPE_I64, {kSequences}};
  Floats keyScale{FP8ATTN_TYPE_F32, {}};
  Floats valueScale{FP8ATTN_TYPE_F32, {kKvHeads, 1}};
  Floats query{FP8ATTN_TYPE_F32, {1}}, key{FP8ATTN_TYPE_F32, {1}},
      out{FP8ATTN_TYPE_F32, {1}};
  Words value{FP8ATTN_TYPE_F16, {1}};
  std::vector<float> keys =
      std::vector<float>(kSequences * kKvHeads * kRoom * kChannels);
  std::vector<float> values = keys;
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(TorchPageFormsTest);

TEST_P(TorchPageFormsTest, ReadsWhatTorchWouldStore) {
  // A prompt of two chunks, the second of which one sequence has elsewhere;
  // then tokens that are verified, some of them in place of others; then single
  // ones.
  const std::tuple<int64_t, std::vector<int64_t>> calls[] = {
      {40, {0, 0, 0}}, {33, {40, 40, 7}}, {5, {73, 69, 40}}, {1, {78, 74, 3}}};
  for (const auto &[tokens, starts] : calls) {
    start.elements = starts;
    ASSERT_EQ(callStep(tokens), FP8ATTN_OK) << context.message;
    EXPECT_EQ(context.isa, GetParam());
    ASSERT_NO_FATAL_FAILURE(expectRows(tokens));
  }
}

TEST_P(TorchPageFormsTest, RefusesScalesAndPlacesThatAreNone) {
  start.elements = {0, 0, 0};
  for (float scale : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    valueScale.elements[1] = scale;
    EXPECT_EQ(callStep(3), FP8ATTN_BAD_SCALE) << context.message;
  }
  valueScale.elements[1] = 1;
  // The third token has no column of the table, nor has one before the first.
  start.elements[1] = kRoom - 2;
  EXPECT_EQ(callStep(3), FP8ATTN_BAD_SLOT) << context.message;
  start.elements[1] = -1;
  EXPECT_EQ(callStep(3), FP8ATTN_BAD_SLOT) << context.message;
}
