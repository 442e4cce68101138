//===- PlacedTensor.h - a tensor at a random place --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a hostile but valid caller passes: dimensions in any order in memory,
// gaps between rows, no more alignment than an element needs, and nothing
// behind the last element that may be touched. Gaps are NaN (of masks: "keep"),
// and can be checked to be what they were.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_PLACEDTENSOR_H
#define FP8ATTN_TEST_INTEGRATION_PLACEDTENSOR_H

#include "test/guarded_buffer.h"

#include "fp8attn/Runtime/fp8attn.h"

#include <cstdint>
#include <random>
#include <vector>

class PlacedTensor {
public:
  /// Copies `dense`, a row-major tensor of rank 1 to 3, to a random place.
  /// Neighbours along the last dimension stay neighbours, and a tensor of rank
  /// 1 has no gaps.
  PlacedTensor(const fp8attn_tensor &dense, std::mt19937 &bits);

  const fp8attn_tensor &tensor() const { return placed; }
  /// Makes all elements and gaps NaN, as before a call that writes them.
  void forget();
  /// Copies the elements to the memory of the dense tensor.
  void copyBack() const;
  /// Returns whether all bytes that belong to no element are as they were.
  bool gapsAreUntouched() const;

private:
  /// Calls body(bytes from the first element, here and in the dense tensor) for
  /// each row of the last dimension.
  template <typename Body> void forRows(Body body) const;
  void chooseStrides(std::mt19937 &bits);
  int64_t rowBytes() const;

  fp8attn_tensor dense, placed;
  /// Elements before the first one and from it to the last.
  int64_t front, extent = 0;
  fp8attn::test::GuardedBuffer<uint8_t> memory{0};
};

#endif // FP8ATTN_TEST_INTEGRATION_PLACEDTENSOR_H
