//===- Draw.h - random choices of a seed ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What random problems over caches and over dense tensors have in common:
// choices, lengths at and beside the sizes at which kernels change their ways,
// and numbers from ranges that break careless ones.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_DRAW_H
#define FP8ATTN_TEST_INTEGRATION_DRAW_H

#include "Problem.h"

#include <algorithm>
#include <initializer_list>
#include <random>

/// Draws what a problem is made of.
class Draw {
public:
  /// Products of the reference, which bound its time.
  static constexpr int64_t kMostProducts = 1'000'000;

  explicit Draw(uint32_t seed) : bits(seed) {}

  int64_t between(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(bits);
  }
  template <typename T> T oneOf(std::initializer_list<T> values) {
    return values.begin()[between(0, int64_t(values.size()) - 1)];
  }
  bool onceIn(int64_t n) { return between(1, n) == 1; }

  /// Returns a number of keys: beside the sizes of row tiles, granules, pages
  /// and key blocks; or small.
  int64_t keys() {
    if (onceIn(3))
      return std::max<int64_t>(
          0,
          oneOf<int64_t>({0, 16, 32, 64, 96, 128, 256, 512}) + between(-1, 1));
    return onceIn(8) ? between(0, 600) : between(1, 80);
  }

  /// Returns a number of queries: a decode step, some tokens to verify, a
  /// chunk, a whole prompt, nothing, or more queries than there are keys.
  int64_t queries(int64_t keys) {
    switch (between(0, 7)) {
    case 0:
      return between(2, 8);
    case 1:
      return std::min<int64_t>(keys, between(9, 60));
    case 2:
      return keys;
    case 3:
      return onceIn(2) ? 0 : keys + between(1, 20);
    default:
      return 1;
    }
  }

  std::mt19937 bits;
};

/// The numbers of a tensor: of one deviation, now and then one number, or with
/// rare ones far from the rest. Scores stay below some hundreds, where f32 is
/// no more than the contract allows off.
class Numbers {
public:
  Numbers(Draw &draw, float largest)
      : draw(draw), deviation(draw.oneOf({1.0f, 1.0f, 0.02f, 1e-5f, largest})),
        rare(draw.oneOf<int64_t>({0, 0, 7, 100})),
        outlier(draw.oneOf({0.0f, -0.0f, 0x1p-9f * deviation, 3 * deviation})),
        isFlat(draw.onceIn(20)) {}

  /// Whether all are one number.
  bool areFlat() const { return isFlat; }

  float next() {
    if (isFlat || (rare > 0 && draw.bits() % rare == 0))
      return outlier;
    return deviation * fastNormal(draw.bits);
  }

private:
  Draw &draw;
  float deviation;
  int64_t rare;
  float outlier;
  bool isFlat;
};

/// Returns a NaN or, where the format has one, an infinity.
inline uint16_t drawSpecialCode(Draw &draw, fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
    return draw.oneOf<uint16_t>({0x7F, 0xFF});
  case FP8ATTN_TYPE_F8E5M2:
    return draw.oneOf<uint16_t>({0x7C, 0xFC, 0x7D, 0x7E, 0x7F, 0xFF});
  default:
    return draw.oneOf<uint16_t>({0x7F80, 0xFF80, 0x7FC0, 0xFF81});
  }
}

#endif // FP8ATTN_TEST_INTEGRATION_DRAW_H
