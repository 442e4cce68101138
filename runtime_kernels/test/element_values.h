//===- element_values.h - elements of tensors and caches ------ -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements of the types that the table calls bf16, f16, f32, e4m3 and e5m2, as
// bits in an integer, and what becomes of them in a cache.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_ELEMENT_VALUES_H
#define FP8ATTN_TEST_ELEMENT_VALUES_H

#include "guarded_buffer.h"

#include <stdint.h>
#include <string>
#include <string_view>

namespace fp8attn::test {

/// Returns the bytes of an element of a tensor, and the bits of one of a tensor
/// or a cache.
int64_t elementBytes(std::string_view type);
int64_t elementBits(std::string_view type);

/// Returns the value of an element.
float elementValue(std::string_view type, uint32_t bits);

/// Returns the element nearest to a value.
uint32_t nearestElement(std::string_view type, double value);

/// Returns half a unit in the last place of 1, and how far from its neighbours
/// the smallest element is, halved.
double elementEpsilon(std::string_view type);
double elementUnderflow(std::string_view type);

/// Returns the element of a cache of `cacheType` for a source element: of bf16
/// to FP8 what a GPU gives for kGoldenScales[scaleIndex]. An element of the
/// cache's type is taken as it is.
uint16_t cacheElement(std::string_view cacheType, std::string_view type,
                      uint32_t bits, int scaleIndex);

/// The same for any scale: the nearest to the quotient.
uint16_t nearestCacheElement(std::string_view cacheType, std::string_view type,
                             uint32_t bits, float scale);

/// Elements of a type, a guard page behind them.
class ElementBuffer {
public:
  ElementBuffer(std::string_view type, int64_t count)
      : type(type), bytes(static_cast<size_t>(count * elementBytes(type))) {}
  uint32_t bits(int64_t index) const;
  void set(int64_t index, uint32_t bits);
  float value(int64_t index) const { return elementValue(type, bits(index)); }
  int64_t size() const {
    return static_cast<int64_t>(bytes.size()) / elementBytes(type);
  }
  uint8_t *data() { return bytes.data(); }

private:
  std::string type;
  GuardedBuffer<uint8_t> bytes;
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_ELEMENT_VALUES_H
