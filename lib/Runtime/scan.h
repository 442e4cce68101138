//===- scan.h - finding the first offence in an array -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checks of scales, slots and block tables read whole arrays in which
// nothing is wrong. They scan blocks without a branch, which vectorises, and
// look for the place only in a block that has an offence.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_SCAN_H
#define FP8ATTN_LIB_RUNTIME_SCAN_H

#include <cstdint>

namespace fp8attn {

/// Elements that are looked at before the result is asked for.
constexpr int64_t kScanBlock = 64;

/// Returns the first index in [0, count) that `isBad` is true for, or -1. Asks
/// about every index of a block of kScanBlock, none at or beyond count.
template <typename Predicate>
int64_t findFirst(int64_t count, Predicate isBad) {
  for (int64_t begin = 0; begin < count; begin += kScanBlock) {
    int64_t size = count - begin < kScanBlock ? count - begin : kScanBlock;
    bool any = false;
    for (int64_t i = 0; i < size; ++i)
      any |= isBad(begin + i);
    for (int64_t i = 0; any && i < size; ++i)
      if (isBad(begin + i))
        return begin + i;
  }
  return -1;
}

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_SCAN_H
