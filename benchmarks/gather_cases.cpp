//===- gather_cases.cpp - selected tokens, copied -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rates are of the bytes of lines that hold a part of a token: all of a group
// of 16 tokens of keys, and one of each tile of values (docs/Layout.md).
//
//===----------------------------------------------------------------------===//

#include "gather_cases.h"
#include "paged_data.h"

#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>

using namespace fp8attn;

static constexpr int64_t kTokens = 65536, kSelected = 2048, kPage = 32,
                         kLine = 64, kGroup = 16;
/// Tokens that a call copies, as compiled code does.
static constexpr int64_t kAtOnce = 256;

namespace {
/// Bytes of a token's key and value in each head.
struct TokenShape {
  const char *name;
  int64_t heads, keyBytes, valueBytes, elementBytes;
};

/// A cache in memory, lists of its tokens, and a cache of those.
struct GatherCase {
  explicit GatherCase(const TokenShape &shape)
      : shape(shape), pageBytes(shape.heads * headBytes()),
        source(kTokens / kPage * pageBytes),
        destination(kSelected / kPage * pageBytes), places(kTokens) {
    std::memset(source.data(), 1, kTokens / kPage * pageBytes);
    std::iota(places.begin(), places.end(), 0);
    std::shuffle(places.begin(), places.end(), random);
  }

  int64_t headBytes() const {
    return kPage * (shape.keyBytes + shape.valueBytes);
  }
  int64_t keyLines() const { return kGroup * shape.keyBytes / kLine; }
  int64_t valueTiles() const {
    return shape.valueBytes / (kGroup * shape.elementBytes);
  }
  double lineBytes() const {
    return double(kSelected * shape.heads * (keyLines() + valueTiles()) *
                  kLine);
  }

  /// Returns the next list, in the order of places, as lists are.
  int64_t *next() {
    first = (first + kSelected) % kTokens;
    int64_t *list = places.data() + first;
    std::sort(list, list + kSelected);
    return list;
  }

  void gather() {
    const int64_t *list = next();
    for (int64_t t = 0; t < kSelected; t += kAtOnce)
      fp8attn_gather_tokens(list, t, t + kAtOnce, source.data(), pageBytes,
                            destination.data(), pageBytes, 0, kPage,
                            shape.heads, shape.keyBytes, shape.valueBytes,
                            8 * shape.elementBytes);
  }

  /// Calls `take` with each line of a head of a token.
  template <typename Take>
  void forEachLine(int64_t place, int64_t head, Take take) const {
    const int64_t token = place % kPage;
    const uint8_t *keys =
        source.data() + place / kPage * pageBytes + head * headBytes();
    const uint8_t *group = keys + token / kGroup * kGroup * shape.keyBytes;
    for (int64_t i = 0; i < keyLines(); ++i)
      take(group + i * kLine);
    const int64_t ofLine = kLine / kGroup / shape.elementBytes;
    const uint8_t *values =
        keys + kPage * shape.keyBytes + token / ofLine * kLine;
    for (int64_t i = 0; i < valueTiles(); ++i)
      take(values + i * kPage * kGroup * shape.elementBytes);
  }

  /// Reads a word of each line, while the next ones are fetched.
  void read() {
    const int64_t *list = next();
    int64_t sum = 0;
    for (int64_t t = 0; t < kSelected; ++t)
      for (int64_t head = 0; head < shape.heads; ++head) {
        const bool isLast = head + 1 == shape.heads;
        forEachLine(list[std::min(t + isLast, kSelected - 1)],
                    isLast ? 0 : head + 1,
                    [](const uint8_t *line) { __builtin_prefetch(line); });
        forEachLine(list[t], head, [&](const uint8_t *line) { sum += *line; });
      }
    seen = sum;
  }

  const TokenShape shape;
  const int64_t pageBytes;
  AlignedBuffer source, destination;
  std::vector<int64_t> places;
  std::mt19937 random;
  int64_t first = 0;
  /// So that reads are not dropped.
  volatile int64_t seen = 0;
};
} // namespace

std::vector<Case> fp8attn::gatherCases() {
  static constexpr TokenShape kShapes[] = {
      {"8 heads of 128, e4m3", 8, 128, 128, 1},
      {"8 heads of 128, bf16", 8, 256, 256, 2},
      {"latent, 576 of e4m3", 1, 576, 0, 1}};
  std::vector<Case> cases;
  for (const TokenShape &shape : kShapes) {
    auto state = std::make_shared<GatherCase>(shape);
    const std::string limit = std::string("lines: ") + shape.name;
    cases.push_back(
        {limit, "GB/s", state->lineBytes(), [state] { state->read(); }, ""});
    cases.push_back({std::string("copy: ") + shape.name, "GB/s",
                     state->lineBytes(), [state] { state->gather(); }, limit});
  }
  return cases;
}
