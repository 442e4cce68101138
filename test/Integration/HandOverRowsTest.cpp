//===- HandOverRowsTest.cpp - latent caches with scales in their rows -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls hand_over_rows.mlir. A row of 656 bytes, and where its parts are in the
// layout of the kernels, are written down here once more.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "hand_over_rows.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

static constexpr int64_t kTokens = 192, kOwnPage = 64, kRowBytes = 656;
static constexpr int64_t kCodes = 512, kScales = 4, kRope = 64;
static constexpr int64_t kOwnPageBytes = kOwnPage * (kCodes + 2 * kRope);

namespace {
/// Bytes, aligned as caches are.
class Bytes {
public:
  explicit Bytes(int64_t size, uint8_t value = 0)
      : size(size), bytes(static_cast<uint8_t *>(
                              std::aligned_alloc(FP8ATTN_ALIGNMENT, size)),
                          std::free) {
    std::fill_n(bytes.get(), size, value);
  }
  uint8_t &operator[](int64_t index) { return bytes.get()[index]; }
  const fp8attn_cache *cache(int64_t pageBytes) {
    descriptor = {bytes.get(), size / pageBytes, pageBytes};
    return &descriptor;
  }
  bool operator==(const Bytes &other) const {
    return std::equal(bytes.get(), bytes.get() + size, other.bytes.get());
  }

private:
  int64_t size;
  std::unique_ptr<uint8_t, decltype(&std::free)> bytes;
  fp8attn_cache descriptor;
};

/// A cache in the layout of the kernels and its scales.
struct Own {
  explicit Own(uint8_t value = 0)
      : cache(kTokens * kOwnPageBytes / kOwnPage, value),
        scales(FP8ATTN_TYPE_F32, {kTokens / kOwnPage, 1, kOwnPage, kScales}) {
    std::memset(scales.elements.data(), value,
                scales.elements.size() * sizeof(float));
  }
  const fp8attn_cache *get() { return cache.cache(kOwnPageBytes); }
  bool operator==(const Own &other) const {
    return cache == other.cache &&
           std::memcmp(scales.elements.data(), other.scales.elements.data(),
                       scales.elements.size() * sizeof(float)) == 0;
  }

  Bytes cache;
  Floats scales;
};

using Repack = fp8attn_status (*)(fp8attn_context *, const fp8attn_cache *,
                                  const fp8attn_cache *,
                                  const fp8attn_tensor *);
} // namespace

/// Calls `use` with each byte of a token's row and where it is in `own`.
static void forEachByte(Own &own, int64_t token,
                        const std::function<void(int64_t, uint8_t &)> &use) {
  const int64_t page = token / kOwnPage * kOwnPageBytes, t = token % kOwnPage;
  for (int64_t d = 0; d < kCodes; ++d) {
    const int64_t r = d % 32 / 2, tile = t / 16 * (kCodes / 32) + d / 32;
    use(d, own.cache[page + 512 * tile + 64 * (r / 2) +
                     2 * (2 * (t % 16) + d % 2) + r % 2]);
  }
  auto *scales = reinterpret_cast<uint8_t *>(&own.scales.elements[token * 4]);
  for (int64_t i = 0; i < 4 * kScales; ++i)
    use(kCodes + i, scales[i]);
  for (int64_t d = 0; d < kRope; ++d)
    for (int64_t i = 0; i < 2; ++i) {
      const int64_t r = d % 32 / 2, tile = t / 16 * (kRope / 32) + d / 32;
      use(kCodes + 4 * kScales + 2 * d + i,
          own.cache[page + kOwnPage * kCodes + 1024 * tile + 64 * r +
                    2 * (2 * (t % 16) + d % 2) + i]);
    }
}

namespace {
class HandOverRowsTest : public IsaCallTest {
protected:
  /// Some calls are refused.
  void TearDown() override {}

  Bytes randomRows() {
    Bytes rows(kTokens * kRowBytes);
    for (int64_t i = 0; i < kTokens * kRowBytes; ++i)
      rows[i] = random();
    return rows;
  }
};
} // namespace

TEST_P(HandOverRowsTest, ThereAndBack) {
  const std::tuple<int64_t, Repack, Repack> exchanges[] = {
      {1, take_1, give_1},
      {16, take_16, give_16},
      {32, take_32, give_32},
      {64, take_64, give_64}};
  for (auto [page, take, give] : exchanges) {
    SCOPED_TRACE(page);
    Bytes rows = randomRows(), back(kTokens * kRowBytes, 0x55);
    Own own(0x55), expected;
    for (int64_t token = 0; token < kTokens; ++token)
      forEachByte(expected, token, [&](int64_t byte, uint8_t &to) {
        to = rows[token * kRowBytes + byte];
      });
    ASSERT_EQ(
        take(&context, rows.cache(page * kRowBytes), own.get(), own.scales),
        FP8ATTN_OK)
        << context.message;
    EXPECT_TRUE(own == expected);
    ASSERT_EQ(
        give(&context, own.get(), back.cache(page * kRowBytes), own.scales),
        FP8ATTN_OK)
        << context.message;
    EXPECT_TRUE(back == rows);
  }
}

/// Pages of 16 tokens in any order, some of which are not there: their tokens,
/// and their scales, stay.
TEST_P(HandOverRowsTest, ListsWithGaps) {
  Bytes rows = randomRows();
  Own own(0x55), expected(0x55);
  Integers pages(FP8ATTN_TYPE_I32, {2, 5});
  pages.elements = {5, 3, -1, 7, 2, -1, 0, 11, -1, 0};
  for (int64_t entry = 0; entry < 2; ++entry)
    for (int64_t t = 0; t < kOwnPage; ++t) {
      const int64_t page = pages.elements[entry * 5 + t / 16];
      if (page >= 0)
        forEachByte(expected, pages.elements[entry * 5 + 4] * kOwnPage + t,
                    [&](int64_t byte, uint8_t &to) {
                      to = rows[(page * 16 + t % 16) * kRowBytes + byte];
                    });
    }
  ASSERT_EQ(take_listed(&context, rows.cache(16 * kRowBytes), own.get(), pages,
                        own.scales),
            FP8ATTN_OK)
      << context.message;
  EXPECT_TRUE(own == expected);
}

/// A sequence of 40 tokens to single rows.
TEST_P(HandOverRowsTest, TokensOfASequence) {
  Own own;
  for (int64_t token = 0; token < kTokens; ++token)
    forEachByte(own, token, [&](int64_t, uint8_t &byte) { byte = random(); });
  Bytes rows(kTokens * kRowBytes, 0x55), expected(kTokens * kRowBytes, 0x55);
  Integers pages(FP8ATTN_TYPE_I32, {1, 1 + kOwnPage}, -1);
  pages.elements[0] = 1;
  for (int64_t t = 0; t < 40; ++t) {
    const int64_t to = t * 7 % kTokens;
    pages.elements[1 + t] = static_cast<int32_t>(to);
    forEachByte(own, kOwnPage + t, [&](int64_t byte, uint8_t &from) {
      expected[to * kRowBytes + byte] = from;
    });
  }
  ASSERT_EQ(give_listed(&context, own.get(), rows.cache(kRowBytes), pages,
                        own.scales),
            FP8ATTN_OK)
      << context.message;
  EXPECT_TRUE(rows == expected);
}

TEST_P(HandOverRowsTest, RowsToRows) {
  Bytes rows = randomRows(), others(kTokens * kRowBytes, 0x55);
  ASSERT_EQ(regroup(&context, rows.cache(64 * kRowBytes),
                    others.cache(16 * kRowBytes)),
            FP8ATTN_OK)
      << context.message;
  EXPECT_TRUE(others == rows);
}

/// Rows of another size are pages of another size, longer ones too.
TEST_P(HandOverRowsTest, RefusesOtherRows) {
  Bytes rows(64 * 704);
  Own own, untouched;
  for (int64_t row : {576, 640, 704}) {
    fp8attn_cache cache = {&rows[0], 1, 64 * row};
    EXPECT_EQ(take_64(&context, &cache, own.get(), own.scales),
              FP8ATTN_BAD_SIZE);
    EXPECT_EQ(std::string(context.message),
              "source.page_bytes is " + std::to_string(64 * row) +
                  ", expected 41984, a row of 656 bytes for each of 64 tokens");
  }
  EXPECT_TRUE(own == untouched);
}

FP8ATTN_INSTANTIATE_ON_ISAS(HandOverRowsTest);
