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

/// The slots of a call, and the pages that they are in.
struct StoreSlots {
  const int64_t *slots;
  int64_t tokens;
  uint8_t *cache;
  int64_t pageBytes, pageTokens;

  /// Returns the tokens that are stored from `first` on, `Whole` or one.
  template <int64_t Whole> StoreUnit unitAt(int64_t first) const {
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
/// and whole(unit, ahead) for `Whole` tokens that fill lines, where `ahead` is
/// what aheadOf says of the unit after that.
template <int64_t Whole, class AheadOf, class WholeBody, class OneBody>
inline void forUnits(const StoreSlots &slots, const AheadOf &aheadOf,
                     const WholeBody &whole, const OneBody &one) {
  for (StoreUnit next = slots.unitAt<Whole>(0); next.count;) {
    const StoreUnit unit = next;
    next = slots.unitAt<Whole>(unit.first + unit.count);
    if (unit.count == Whole)
      whole(unit, aheadOf(next));
    else
      one(unit);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_STORE_SLOTS_H
