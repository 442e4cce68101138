//===- Random.h - repeatable random numbers ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A small generator whose sequence is the same everywhere, which those of the
// standard library's distributions are not.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_RANDOM_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_RANDOM_H

#include <cstdint>
#include <utility>

namespace mlir::fp8attn {

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t bits() {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  /// Returns an integer in [0, bound).
  uint64_t below(uint64_t bound) { return bits() % bound; }

  /// Returns a number in [low, high).
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  }

  /// Returns a number of mean 0 and variance 1: a sum of four uniform ones,
  /// close enough to a normal one and ten times as fast.
  float normal() {
    const uint64_t word = bits();
    int32_t sum = 0;
    for (int part = 0; part < 4; ++part)
      sum += static_cast<int16_t>(word >> (16 * part));
    // Each part has the variance 2^32 / 12.
    return sum * (0x1p-16f * 1.7320508f);
  }

  /// Puts a list into random order.
  template <typename List> void shuffle(List &list) {
    for (uint64_t left = list.size(); left > 1; --left)
      std::swap(list[left - 1], list[below(left)]);
  }

private:
  uint64_t state;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_RANDOM_H
