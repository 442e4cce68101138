//===- store_slots.h - which tokens are stored together ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks the slots of a store: tokens with consecutive slots that fill whole
// lines are one unit, others one each, and those without a slot are passed
// over.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_STORE_SLOTS_H
#define FP8ATTN_X86_VECTOR_STORE_SLOTS_H

#include "common/kernel_namespace.h"
#include "common/run_kinds.h"

#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns whether the first `count` slots are consecutive and begin (the first
/// is not negative) at a multiple of `count`, so that they are within one tile
/// of a page.
inline bool isAlignedRange(const int64_t *slots, int64_t count) {
  bool result = slots[0] % count == 0;
  for (int64_t i = 1; i < count; ++i)
    result &= slots[i] == slots[0] + i;
  return result;
}

/// Tokens that are stored together: those that fill lines, or one, or none at
/// the end.
struct StoreUnit {
  int64_t first, count;
  /// Of the first token, in its page.
  int64_t token;
  uint8_t *page;
};

/// The slots of a call, and the pages that they are in. In another order than
/// that of the arguments, two of which would be copied from the stack as one,
/// before they have arrived there.
struct StoreSlots {
  const int64_t *slots;
  int64_t tokens;
  int64_t pageTokens, pageBytes;
  uint8_t *cache;

  /// Whether tokens are rows, and no parts of tiles.
  bool areRows() const {
    return fp8attn_has_small_pages && fp8attn_tokens_together(pageTokens) == 1;
  }

  /// Returns the tokens that are stored from `first` on, `Whole` or one.
  template <int64_t Whole>
  [[gnu::always_inline]] StoreUnit unitAt(int64_t first) const {
    while (first < tokens && slots[first] < 0)
      ++first;
    if (first == tokens)
      return {first, 0, 0, cache};
    const int64_t slot = slots[first];
    const bool fills =
        first + Whole <= tokens && isAlignedRange(slots + first, Whole);
    return {first, fills ? Whole : 1, slot % pageTokens,
            cache + slot / pageTokens * pageBytes};
  }
};

/// The common part of both fp8attn_uk_store_fn: calls one(unit) for a token,
/// and whole(unit, next) for `Whole` tokens that fill lines, where `next` is
/// the unit after that. Inlined, and units are passed by their values, because
/// a token alone would wait for copies of them in memory.
template <int64_t Whole, class WholeBody, class OneBody>
[[gnu::always_inline]] inline void
forUnits(const StoreSlots &slots, const WholeBody &whole, const OneBody &one) {
  for (StoreUnit next = slots.unitAt<Whole>(0); next.count;) {
    const StoreUnit unit = next;
    next = slots.unitAt<Whole>(unit.first + unit.count);
    if (unit.count == Whole)
      whole(unit, next);
    else
      one(unit);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_STORE_SLOTS_H
