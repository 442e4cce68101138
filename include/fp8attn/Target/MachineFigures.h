//===- MachineFigures.h - caches and memory of the target -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes and rates of the memory that a core reads from, as far as the cost of
// kernels depends on them: from the module's `dlti.target_system_spec`, else
// what is usual for CPUs of the class of `llvm.target`. Nothing here asks the
// host.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_MACHINEFIGURES_H
#define FP8ATTN_TARGET_MACHINEFIGURES_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/Microarchitecture.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir::fp8attn {

/// A place that data is read from.
struct MemoryLevel {
  /// "L1", "L2", "L3" or "memory".
  StringRef name;
  /// What one core reads from it at best.
  double bytesPerCycle;
};

/// What the CPU has for each core.
struct MachineFigures {
  int64_t l1Bytes;
  int64_t l2Bytes;
  /// Of the cache that `cores` cores share.
  int64_t l3Bytes;
  int64_t cores;
  /// One core's share of the memory's bandwidth.
  double memoryBytesPerCycle;
  /// Whose costs kernels have.
  Microarchitecture microarchitecture;

  /// Reads the entries of device "CPU" in the module's
  /// `dlti.target_system_spec` that docs/Kernels.md lists, and takes those that
  /// are not there from a table by the class of the CPUs that run a body for
  /// `isa` of it. Emits an error if an entry is no positive number, or as
  /// TargetInfo::get does.
  static FailureOr<MachineFigures> get(ModuleOp module, Isa isa);

  /// Returns the first level that holds `bytes` of data that a core reads
  /// several times; of L3, a core has its share.
  MemoryLevel levelOf(int64_t bytes) const;

  /// Returns the memory: where data is that is read once.
  MemoryLevel memory() const { return {"memory", memoryBytesPerCycle}; }
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_MACHINEFIGURES_H
