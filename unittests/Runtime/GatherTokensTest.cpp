//===- GatherTokensTest.cpp - copies of tokens ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every element of every copied token is where the formulas of docs/Layout.md
// say, and tokens before those that are copied stay as they were.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include "gtest/gtest.h"

#include <random>
#include <vector>

static constexpr int64_t kPage = 64, kHeads = 2, kPages = 5, kGap = 64;

namespace {
/// A cache of heads of some channels, already padded; either may be 0. Places
/// are in bits.
struct Shape {
  int64_t keyDim, valueDim, bits;
  int64_t page = kPage;

  int64_t headBytes() const { return page * (keyDim + valueDim) * bits / 8; }
  int64_t pageBytes() const { return kHeads * headBytes() + kGap; }

  /// Returns where an element of a tile is: pairs along one dimension, of which
  /// `r` is a pair, `half` which of the two, `lane` the other dimension.
  int64_t inTile(int64_t tile, int64_t r, int64_t half, int64_t lane) const {
    const int64_t pair = 2 * lane + half;
    return bits * (512 * tile + (bits == 16 ? 32 * r + pair
                                            : 64 * (r / 2) + 2 * pair + r % 2));
  }
  int64_t key(int64_t place, int64_t head, int64_t d) const {
    const int64_t t = place % page;
    return 8 * (place / page * pageBytes() + head * headBytes()) +
           (page % 16 != 0 ? (t * keyDim + d) * bits
                           : inTile(t / 16 * (keyDim / 32) + d / 32, d % 32 / 2,
                                    d % 2, t % 16));
  }
  /// Of pages of 16 tokens, tiles are cut in halves.
  int64_t valueInHead(int64_t t, int64_t d) const {
    if (page % 16 != 0)
      return (t * valueDim + d) * bits;
    if (page % 32 == 0)
      return inTile(t / 32 * (valueDim / 16) + d / 16, t % 32 / 2, t % 2,
                    d % 16);
    return (t / 16 * (valueDim / 16) + d / 16) * 256 * bits +
           inTile(0, t % 16 / 2, t % 2, d % 16);
  }
  int64_t value(int64_t place, int64_t head, int64_t d) const {
    const int64_t t = place % page;
    return 8 * (place / page * pageBytes() + head * headBytes()) +
           page * keyDim * bits + valueInHead(t, d);
  }
  /// Returns the element at a place.
  int load(const std::vector<uint8_t> &bytes, int64_t place) const {
    const int low = bytes[place / 8];
    if (bits == 16)
      return low | bytes[place / 8 + 1] << 8;
    return low >> place % 8 & ((1 << bits) - 1);
  }
};

class GatherTokensTest : public ::testing::TestWithParam<Shape> {};
} // namespace

TEST_P(GatherTokensTest, EachElement) {
  const Shape shape = GetParam();
  std::mt19937 random(1);
  std::vector<uint8_t> source(kPages * shape.pageBytes());
  for (uint8_t &byte : source)
    byte = random();
  for (int64_t count : {1, 2, 3, 16, 31, 32, 33, 100, 256}) {
    std::vector<int64_t> places(count);
    for (int64_t &place : places)
      place = random() % (kPages * shape.page);
    // The first granule is not asked for.
    const int64_t first = count > 64 ? FP8ATTN_GRANULE : 0;
    std::vector<uint8_t> copy(
        (2 + (count - 1) / shape.page) * shape.pageBytes(), 0xA5);
    fp8attn_gather_tokens(places.data(), first, count, source.data(),
                          shape.pageBytes(), copy.data(), shape.pageBytes(),
                          shape.page, shape.page, kHeads,
                          shape.keyDim * shape.bits / 8,
                          shape.valueDim * shape.bits / 8, shape.bits);
    const std::vector<uint8_t> untouched(copy.size(), 0xA5);
    for (int64_t t = 0; t < count; ++t)
      for (int64_t head = 0; head < kHeads; ++head) {
        const auto expectAt = [&](int64_t from, int64_t to) {
          ASSERT_EQ(shape.load(copy, to), t < first ? shape.load(untouched, to)
                                                    : shape.load(source, from))
              << "token " << t << " of " << count;
        };
        for (int64_t d = 0; d < shape.keyDim; ++d)
          expectAt(shape.key(places[t], head, d),
                   shape.key(shape.page + t, head, d));
        for (int64_t d = 0; d < shape.valueDim; ++d)
          expectAt(shape.value(places[t], head, d),
                   shape.value(shape.page + t, head, d));
      }
    for (int64_t i = 0; i < shape.pageBytes(); ++i)
      ASSERT_EQ(copy[i], 0xA5) << "page 0 is written";
    for (int64_t i = shape.pageBytes() - kGap; i < shape.pageBytes(); ++i)
      ASSERT_EQ(copy[shape.pageBytes() + i], 0xA5) << "a gap is written";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, GatherTokensTest,
    ::testing::Values(Shape{64, 48, 8}, Shape{64, 48, 16}, Shape{576, 0, 8},
                      Shape{32, 0, 16}, Shape{0, 16, 8}, Shape{0, 80, 16},
                      Shape{64, 48, 8, 16}, Shape{64, 48, 16, 48},
                      Shape{64, 48, 8, 1}, Shape{32, 80, 16, 24},
                      Shape{64, 48, 4}, Shape{576, 0, 4}, Shape{0, 80, 4, 48},
                      Shape{64, 48, 4, 16}, Shape{32, 80, 4, 24}));
