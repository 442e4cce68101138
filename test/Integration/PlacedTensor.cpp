//===- PlacedTensor.cpp - a tensor at a random place ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Strides grow from the innermost dimension outwards, each by as much as what
// is within it takes, and now and then by more.
//
//===----------------------------------------------------------------------===//

#include "PlacedTensor.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cstring>
#include <numeric>

/// NaN in every floating-point type, "keep" in a mask, no document.
static constexpr uint8_t kGap = 0xFF;

static int64_t elementBytes(const fp8attn_tensor &tensor) {
  switch (tensor.type) {
  case FP8ATTN_TYPE_I8:
    return 1;
  case FP8ATTN_TYPE_I32:
    return 4;
  default:
    return fp8attn::reference::elementBytes(fp8attn_type(tensor.type));
  }
}

PlacedTensor::PlacedTensor(const fp8attn_tensor &dense, std::mt19937 &bits)
    : dense(dense), placed(dense), front(bits() % 4) {
  chooseStrides(bits);
  const int64_t size = elementBytes(dense);
  memory = fp8attn::test::GuardedBuffer<uint8_t>((front + extent) * size);
  placed.data = memory.data() + front * size;
  forget();
  const auto *from = static_cast<const uint8_t *>(dense.data);
  auto *to = static_cast<uint8_t *>(placed.data);
  forRows([&](int64_t there, int64_t here) {
    std::memcpy(to + there, from + here, rowBytes());
  });
}

void PlacedTensor::chooseStrides(std::mt19937 &bits) {
  int dims[FP8ATTN_MAX_RANK];
  std::iota(dims, dims + placed.rank, 0);
  // The last dimension stays innermost.
  if (placed.rank > 1)
    std::shuffle(dims, dims + placed.rank - 1, bits);
  const bool isEmpty = std::count(placed.sizes, placed.sizes + placed.rank, 0);
  extent = 1;
  for (int i = placed.rank - 1; i >= 0; --i) {
    const int dim = dims[i];
    const int64_t gap =
        i < placed.rank - 1 && bits() % 2 ? int64_t(bits() % 20) : 0;
    placed.strides[dim] = extent + gap;
    extent += (placed.sizes[dim] - 1) * placed.strides[dim];
    // A stride that is never stepped along may be anything.
    if (placed.sizes[dim] == 1 && i < placed.rank - 1 && bits() % 2)
      placed.strides[dim] = bits() % 2 ? 0 : INT64_C(1) << 40;
  }
  if (isEmpty)
    extent = 0;
}

int64_t PlacedTensor::rowBytes() const {
  return placed.sizes[placed.rank - 1] * elementBytes(placed);
}

template <typename Body> void PlacedTensor::forRows(Body body) const {
  if (extent == 0)
    return;
  const int outer = placed.rank - 1;
  const int64_t rows = std::accumulate(placed.sizes, placed.sizes + outer,
                                       int64_t(1), std::multiplies<>());
  for (int64_t row = 0; row < rows; ++row) {
    int64_t rest = row, element = 0;
    for (int dim = outer - 1; dim >= 0; --dim) {
      element += rest % placed.sizes[dim] * placed.strides[dim];
      rest /= placed.sizes[dim];
    }
    body(element * elementBytes(placed), row * rowBytes());
  }
}

void PlacedTensor::forget() { std::fill(memory.begin(), memory.end(), kGap); }

void PlacedTensor::copyBack() const {
  const auto *from = static_cast<const uint8_t *>(placed.data);
  auto *to = static_cast<uint8_t *>(dense.data);
  forRows([&](int64_t there, int64_t here) {
    std::memcpy(to + here, from + there, rowBytes());
  });
}

bool PlacedTensor::gapsAreUntouched() const {
  std::vector<uint8_t> bytes(memory.begin(), memory.end());
  const int64_t first = front * elementBytes(placed);
  forRows([&](int64_t there, int64_t) {
    std::fill_n(bytes.begin() + first + there, rowBytes(), kGap);
  });
  return std::all_of(bytes.begin(), bytes.end(),
                     [](uint8_t byte) { return byte == kGap; });
}
