//===- kernel_set.h - the kernels that one ISA would run --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Looks rows of kernels.def up by operation, cache type and ISA.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_KERNEL_SET_H
#define FP8ATTN_BENCHMARKS_KERNEL_SET_H

#include "common/kernel_table.h"
#include "fp8attn/Runtime/kernels.h"

#include <string>

namespace fp8attn {

/// Kernels of attention over a cache of one type, whose queries, outputs and
/// new tokens are bf16: for each operation, the row of the best ISA that is not
/// above `isa`.
struct KernelSet {
  KernelSet(fp8attn_isa isa, const std::string &cache);

  fp8attn_isa isa;
  std::string cache;
  /// Powers of two in the words of keys and of values.
  int64_t keyExponent, valueExponent;
  fp8attn_uk_query_fn query;
  fp8attn_uk_init_fn init;
  fp8attn_uk_qk_fn qk;
  fp8attn_uk_softmax_fn softmax;
  fp8attn_uk_pv_fn pv;
  fp8attn_uk_attend_fn attend;
  fp8attn_uk_finish_fn finish;
  fp8attn_uk_store_fn storeKey;
  fp8attn_uk_store_fn storeValue;

  /// Bits of an element of the cache.
  int64_t elementBits() const {
    if (cache == "e2m1" || cache == "i4")
      return 4;
    return cache == "bf16" ? 16 : 8;
  }

  /// "e4m3 avx512_bf16" and the like.
  std::string label() const;
};

/// Configures the tiles while it lives, if the ISA has them.
class TileScope {
public:
  explicit TileScope(fp8attn_isa isa);
  ~TileScope();
  TileScope(const TileScope &) = delete;
  TileScope &operator=(const TileScope &) = delete;

private:
  const bool configured;
};

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_KERNEL_SET_H
