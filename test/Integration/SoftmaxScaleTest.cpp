//===- SoftmaxScaleTest.cpp - the factor of scores as a number ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls softmax_scale.mlir: a number of the call gives the bits that the same
// number as an attribute gives, on every ISA, and is checked.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "softmax_scale.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

/// As in the model.
static constexpr float kScale = 0.0701f;
static constexpr int64_t kBatch = 2, kHeads = 4, kKvHeads = 2, kDim = 64;
/// More rows than the kernels of decode take, and keys of several steps.
static constexpr int64_t kQueries = 70, kKeys = 300;
static constexpr int64_t kPage = 32, kPages = 20, kSeqPages = 10;

namespace {
/// Memory that is aligned as caches and workspaces are.
template <typename T> class Memory {
public:
  explicit Memory(size_t size) : bytes(size * sizeof(T) + FP8ATTN_ALIGNMENT) {
    const auto address = reinterpret_cast<uintptr_t>(bytes.data());
    first = reinterpret_cast<T *>(bytes.data() + FP8ATTN_ALIGNMENT -
                                  address % FP8ATTN_ALIGNMENT);
    count = size;
  }
  T *begin() { return first; }
  T *end() { return first + count; }

private:
  std::vector<char> bytes;
  T *first;
  size_t count;
};

class SoftmaxScaleTest : public testing::TestWithParam<fp8attn_isa> {
protected:
  SoftmaxScaleTest() {
    std::mt19937 bits(11);
    std::normal_distribution<float> normal;
    for (float &element : query)
      element = 3 * normal(bits);
    for (Memory<uint16_t> *elements : {&key, &value})
      for (uint16_t &element : *elements) {
        const float number = normal(bits);
        uint32_t word;
        std::memcpy(&word, &number, sizeof word);
        element = static_cast<uint16_t>(word >> 16);
      }
    // Codes of numbers.
    for (uint8_t &code : codes)
      code = bits() % 0x78 | (bits() & 1) << 7;
    std::uniform_real_distribution<float> scale(0.01f, 0.1f);
    for (float &element : scales)
      element = scale(bits);
  }

  /// Skips the test if calls cannot run on its ISA.
  void SetUp() override {
    ASSERT_EQ(plain(plain_attribute), FP8ATTN_OK) << context.message;
    if (context.isa != GetParam())
      GTEST_SKIP() << "the CPU runs " << fp8attn_isa_string(context.isa)
                   << " instead of " << fp8attn_isa_string(GetParam());
  }

  void prepare(int64_t bytes) {
    fp8attn_context_init(&context);
    context.isa_cap = GetParam();
    workspace = Memory<char>(bytes);
    context.workspace = workspace.begin();
    context.workspace_bytes = bytes;
    std::fill(out.begin(), out.end(), -7.0f);
  }

  static fp8attn_tensor heads(void *data, fp8attn_type type, int64_t count,
                              int64_t tokens) {
    return fp8attn_tensor_make(data, type, 4, kBatch, count, tokens, kDim);
  }
  fp8attn_tensor queries(Memory<float> &data) {
    return heads(data.begin(), FP8ATTN_TYPE_F32, kHeads, kQueries);
  }

  /// Calls a function on dense tensors of bf16.
  template <typename Function, typename... Scale>
  int32_t plain(Function *function, Scale... scale) {
    prepare(std::max(plain_value_workspace_bytes(1),
                     capped_value_workspace_bytes(1)));
    const fp8attn_tensor q = queries(query), o = queries(out),
                         k = heads(key.begin(), FP8ATTN_TYPE_BF16, kKvHeads,
                                   kKeys),
                         v = heads(value.begin(), FP8ATTN_TYPE_BF16, kKvHeads,
                                   kKeys);
    return function(&context, &q, &k, &v, &o, scale...);
  }

  /// Calls a function on dense tensors of FP8.
  template <typename Function, typename... Scale>
  int32_t scaled(Function *function, Scale... scale) {
    prepare(scaled_value_workspace_bytes(1));
    const fp8attn_tensor q = queries(query), o = queries(out),
                         k = heads(codes.begin(), FP8ATTN_TYPE_F8E4M3FN,
                                   kKvHeads, kKeys),
                         byHead = fp8attn_tensor_make(scales.begin(),
                                                      FP8ATTN_TYPE_F32, 1,
                                                      kKvHeads, 0, 0, 0),
                         one = fp8attn_tensor_make(
                             scales.begin(), FP8ATTN_TYPE_F32, 0, 0, 0, 0, 0);
    return function(&context, &q, &k, &k, &byHead, &one, &o, scale...);
  }

  /// Calls a function on pages: two sequences, one of few queries.
  template <typename Function, typename... Scale>
  int32_t paged(Function *function, Scale... scale) {
    prepare(paged_value_workspace_bytes(1));
    int32_t starts[] = {0, 3, 60}, lens[] = {290, 200};
    int32_t table[2 * kSeqPages];
    for (int32_t i = 0; i < 2 * kSeqPages; ++i)
      table[i] = (7 * i + 3) % kPages;
    const auto tokens = [](Memory<float> &data) {
      return fp8attn_tensor_make(data.begin(), FP8ATTN_TYPE_F32, 3, 60, kHeads,
                                 kDim, 0);
    };
    const auto integers = [](int32_t *data, int32_t rank, int64_t first,
                             int64_t second) {
      return fp8attn_tensor_make(data, FP8ATTN_TYPE_I32, rank, first, second, 0,
                                 0);
    };
    const fp8attn_cache cache = {codes.begin(), kPages,
                                 PAGED_VALUE_CACHE_PAGE_BYTES};
    const fp8attn_tensor q = tokens(query), o = tokens(out),
                         s = integers(starts, 1, 3, 0),
                         l = integers(lens, 1, 2, 0),
                         t = integers(table, 2, 2, kSeqPages),
                         byChannel = fp8attn_tensor_make(scales.begin(),
                                                         FP8ATTN_TYPE_F32, 1,
                                                         kDim, 0, 0, 0),
                         byToken = fp8attn_tensor_make(
                             scales.begin(), FP8ATTN_TYPE_F32, 3, kPages,
                             kKvHeads, kPage, 0);
    return function(&context, &q, &cache, &byChannel, &byToken, &s, &l, &t, &o,
                    scale...);
  }

  /// Returns what a call has written.
  std::vector<float> take(int32_t status) {
    EXPECT_EQ(status, FP8ATTN_OK) << context.message;
    EXPECT_EQ(context.isa, GetParam());
    return {out.begin(), out.end()};
  }

  void expectRefused(int32_t status, const std::string &text) {
    EXPECT_EQ(status, FP8ATTN_BAD_SCALE);
    EXPECT_EQ(context.message, text);
    for (float element : out)
      ASSERT_EQ(element, -7.0f) << text;
  }

  fp8attn_context context;
  Memory<float> query{kBatch * kHeads * kQueries * kDim},
      out{kBatch * kHeads * kQueries * kDim}, scales{kPages * kKvHeads * kPage};
  Memory<uint16_t> key{kBatch * kKvHeads * kKeys * kDim},
      value{kBatch * kKvHeads * kKeys * kDim};
  Memory<uint8_t> codes{kPages * PAGED_VALUE_CACHE_PAGE_BYTES};
  Memory<char> workspace{0};
};
} // namespace

/// Compared as numbers: there is no NaN, and no zero of either sign matters.
TEST_P(SoftmaxScaleTest, OfACallIsThatOfTheModel) {
  EXPECT_EQ(take(plain(plain_value, kScale)), take(plain(plain_attribute)));
  EXPECT_EQ(take(plain(computed_value, kScale)), take(plain(plain_attribute)));
  EXPECT_EQ(take(plain(capped_value, kScale)), take(plain(capped_attribute)));
  EXPECT_EQ(take(scaled(scaled_value, kScale)), take(scaled(scaled_attribute)));
  EXPECT_EQ(take(paged(paged_value, kScale)), take(paged(paged_attribute)));
}

/// Another number is another result.
TEST_P(SoftmaxScaleTest, IsUsed) {
  const float other = 2 * kScale;
  EXPECT_NE(take(plain(plain_value, other)), take(plain(plain_attribute)));
  EXPECT_NE(take(plain(computed_value, other)), take(plain(plain_attribute)));
  EXPECT_NE(take(plain(capped_value, other)), take(plain(capped_attribute)));
  EXPECT_NE(take(scaled(scaled_value, other)), take(scaled(scaled_attribute)));
  EXPECT_NE(take(paged(paged_value, other)), take(paged(paged_attribute)));
}

// paged_attention_c8, of both kinds of attention.
TEST_P(SoftmaxScaleTest, IsFiniteAndPositive) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (auto [bad, text] : {std::pair<float, const char *>(NAN, "nan"),
                           {-NAN, "nan"},
                           {kInfinity, "inf"},
                           {-kInfinity, "-inf"},
                           {0.0f, "0"},
                           {-0.0f, "-0"},
                           {-0.125f, "-0.125"}}) {
    const std::string message = std::string("softmax_scale is ") + text +
                                ", expected a finite number > 0";
    expectRefused(plain(plain_value, bad), message);
    expectRefused(plain(computed_value, bad), message);
    expectRefused(plain(capped_value, bad), message);
    expectRefused(scaled(scaled_value, bad), message);
    expectRefused(paged(paged_value, bad), message);
  }
}

FP8ATTN_INSTANTIATE_ON_ISAS(SoftmaxScaleTest);
