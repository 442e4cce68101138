//===- paged_data.cpp - a batch over a paged cache ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random caches. Their codes are finite and have every sign and mantissa.
//
//===----------------------------------------------------------------------===//

#include "paged_data.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
#include <random>

namespace fp8attn {

AlignedBuffer::AlignedBuffer(int64_t bytes) {
  const size_t size = (static_cast<size_t>(bytes) + FP8ATTN_ALIGNMENT - 1) /
                      FP8ATTN_ALIGNMENT * FP8ATTN_ALIGNMENT;
  memory.reset(
      static_cast<uint8_t *>(std::aligned_alloc(FP8ATTN_ALIGNMENT, size)));
  if (!memory)
    throw std::bad_alloc();
  std::memset(memory.get(), 0, size);
}

void AlignedBuffer::Free::operator()(uint8_t *pointer) const {
  std::free(pointer);
}

/// Fills bytes such that FP8 codes are below 1, i8 from -128 to 55, bf16
/// between 0.12 and 1, and codes of 4 bits any.
static void fillCodes(uint8_t *data, int64_t bytes, int64_t elementBits,
                      std::mt19937_64 &random) {
  constexpr uint64_t kFp8Kept = 0xb7b7b7b7b7b7b7b7;
  constexpr uint64_t kBf16Kept = 0x80ff80ff80ff80ff;
  constexpr uint64_t kBf16Set = 0x3e003e003e003e00;
  for (int64_t i = 0; i < bytes; i += 8) {
    uint64_t word = random();
    if (elementBits == 8)
      word &= kFp8Kept;
    if (elementBits == 16)
      word = (word & kBf16Kept) | kBf16Set;
    std::memcpy(data + i, &word, 8);
  }
}

PagedCache::PagedCache(const BatchShape &shape, int64_t elementBits,
                       unsigned seed)
    : headBytes(2 * shape.pagePart() * elementBits / 8),
      pageBytes(shape.kvHeads * headBytes), blockTable(shape.pages()) {
  std::mt19937_64 random(seed);
  std::iota(blockTable.begin(), blockTable.end(), 0);
  std::shuffle(blockTable.begin(), blockTable.end(), random);
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    layers.emplace_back(shape.pages() * pageBytes);
    fillCodes(layers.back().data(), shape.pages() * pageBytes, elementBits,
              random);
  }
}

std::vector<const uint8_t *> PagedCache::blocks(const BatchShape &shape,
                                                int64_t layer) const {
  std::vector<const uint8_t *> result;
  for (int64_t head = 0; head < shape.kvHeads; ++head)
    for (int32_t page : blockTable)
      result.push_back(layers[layer].data() + page * pageBytes +
                       head * headBytes);
  return result;
}

std::vector<uint16_t> randomBf16(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<uint16_t> result(count);
  for (uint16_t &word : result) {
    const float value = normal(random);
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    word = static_cast<uint16_t>(bits >> 16);
  }
  return result;
}

} // namespace fp8attn
