//===- store_cases.h - quantise and store -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the keys and values of a prompt into the cache.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_STORE_CASES_H
#define FP8ATTN_BENCHMARKS_STORE_CASES_H

#include "paged_data.h"

namespace fp8attn {

/// New tokens of one sequence, and where they go.
class StoreCase {
public:
  StoreCase(const KernelSet &kernels, const BatchShape &shape);

  /// Stores keys and values of all heads.
  void run();

  /// Bytes of bf16 that a run reads.
  double inputBytes() const;

private:
  const KernelSet kernels;
  const BatchShape shape;
  const PagedCache cache;
  std::vector<uint16_t> keys, values;
  std::vector<int64_t> slots;
};

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_STORE_CASES_H
