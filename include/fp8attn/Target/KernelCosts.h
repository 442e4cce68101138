//===- KernelCosts.h - the table of kernels' costs --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of runtime_kernels/costs.def. Like Microarchitecture.h, needs no
// header of MLIR's.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_KERNELCOSTS_H
#define FP8ATTN_TARGET_KERNELCOSTS_H

#include "fp8attn/Target/Microarchitecture.h"

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace mlir::fp8attn {

/// What a kernel costs on CPUs of one class, in cycles of one core for 64
/// elements of a cache, or for 64 scores of softmax.
struct KernelCosts {
  /// Whatever the number of rows.
  double decodeCycles;
  /// For each row.
  double rowCycles;
  /// Rows are computed in multiples of it.
  int64_t rowGranule;

  /// Returns the cycles of one core for an element and a block of `rows` query
  /// rows.
  double cyclesPerElement(int64_t rows) const {
    constexpr double kElements = 64;
    const int64_t computed = (rows + rowGranule - 1) / rowGranule * rowGranule;
    return (decodeCycles + rowCycles * static_cast<double>(computed)) /
           kElements;
  }
};

/// Returns the costs of the kernel of `op` for caches of `cache` under `isa`,
/// all three as kernels.def spells them; none if CPUs of that class have not
/// the instructions, or if there is no such row.
std::optional<KernelCosts> findKernelCosts(llvm::StringRef op,
                                           llvm::StringRef cache,
                                           llvm::StringRef isa,
                                           Microarchitecture microarchitecture);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_KERNELCOSTS_H
