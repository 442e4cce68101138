//===- Numbers.h - the numbers of the example's sequence --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every rank can compute any element of queries, keys and values by itself.
// Keys and values are eighths times the scale of their head, which an e4m3
// cache holds exactly: what attention returns is then compared with double
// precision without the error of quantisation.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_DISTRIBUTED_NUMBERS_H
#define FP8ATTN_EXAMPLES_DISTRIBUTED_NUMBERS_H

#include <bit>
#include <cstdint>

namespace distributed {

/// What attention.mlir was compiled for: a group of heads.
constexpr int64_t kQueryHeads = 8, kKvHeads = 2, kHeadDim = 128,
                  kPageTokens = 32;

enum class Tensor { Query, Key, Value };

/// Scales of the KV heads of a group, powers of two.
constexpr float kKeyScale[kKvHeads] = {0.25f, 0.5f};
constexpr float kValueScale[kKvHeads] = {1, 4};

/// Returns an element, with `token` counted from the start of the sequence. A
/// head is one of the group.
inline float elementOf(Tensor tensor, int64_t group, int64_t token,
                       int64_t head, int64_t channel) {
  // The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
  uint64_t bits = uint64_t((token * 64 + group) * 64 + head) * 1024 +
                  uint64_t(channel) * 4 + uint64_t(tensor);
  bits = (bits + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  const auto number = float(int64_t((bits >> 33) % 31) - 15); // -15 to 15
  switch (tensor) {
  case Tensor::Query:
    return number / 2;
  case Tensor::Key:
    return number / 8 * kKeyScale[head];
  case Tensor::Value:
    return number / 8 * kValueScale[head];
  }
  return 0;
}

/// Returns the bf16 number of a float that is one.
inline uint16_t toBf16(float number) {
  return uint16_t(std::bit_cast<uint32_t>(number) >> 16);
}

} // namespace distributed

#endif // FP8ATTN_EXAMPLES_DISTRIBUTED_NUMBERS_H
