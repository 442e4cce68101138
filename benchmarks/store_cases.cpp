//===- store_cases.cpp - quantise and store -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One call a head and a page, as a parallel loop over both would do.
//
//===----------------------------------------------------------------------===//

#include "store_cases.h"

namespace fp8attn {

StoreCase::StoreCase(const KernelSet &kernels, const BatchShape &shape)
    : kernels(kernels), shape(shape), cache(shape, kernels.elementBits(), 3),
      keys(randomBf16(shape.keys * shape.kvHeads * shape.headDim, 4)),
      values(randomBf16(shape.keys * shape.kvHeads * shape.headDim, 5)) {
  for (int64_t token = 0; token < shape.keys; ++token)
    slots.push_back(cache.blockTable[token / shape.pageTokens] *
                        shape.pageTokens +
                    token % shape.pageTokens);
}

void StoreCase::run() {
  // Not a power of two, as a calibrated scale.
  constexpr float kScale = 0.0123f;
  const int64_t stride = shape.kvHeads * shape.headDim;
  for (int64_t first = 0; first < shape.keys; first += shape.pageTokens)
    for (int64_t head = 0; head < shape.kvHeads; ++head) {
      const int64_t source = first * stride + head * shape.headDim;
      uint8_t *destination = cache.layers[0].data() + head * cache.headBytes;
      kernels.storeKey(&keys[source], stride, shape.pageTokens, shape.headDim,
                       &slots[first], kScale, /*scales=*/nullptr,
                       FP8ATTN_SCALES_GIVEN, destination, cache.pageBytes,
                       shape.pageTokens);
      kernels.storeValue(&values[source], stride, shape.pageTokens,
                         shape.headDim, &slots[first], kScale,
                         /*scales=*/nullptr, FP8ATTN_SCALES_GIVEN,
                         destination + cache.headBytes / 2, cache.pageBytes,
                         shape.pageTokens);
    }
}

double StoreCase::inputBytes() const {
  return static_cast<double>((keys.size() + values.size()) * sizeof(uint16_t));
}

} // namespace fp8attn
