//===- MachineLimits.h - what this machine can do at best -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two loops that do nothing but what bounds attention: reading the pages of the
// cache, and multiplying registers. They run between the measurements, because
// a shared machine is not equally fast at all times.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMMON_MACHINELIMITS_H
#define FP8ATTN_TOOLS_COMMON_MACHINELIMITS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cstdint>
#include <vector>

namespace mlir::fp8attn {

/// A contiguous piece of memory that a run must read.
struct Extent {
  const uint8_t *data;
  /// A multiple of 64.
  int64_t bytes;
};

/// Extents that one worker reads in order: those of a sequence and a KV head.
using ReadTask = std::vector<Extent>;

/// In which order a worker reads the lines of a task. Memory answers requests
/// for several pages at once faster than for one after the other.
enum class ReadOrder {
  /// One extent behind the other.
  Extents,
  /// Lines of four extents in turn.
  FourExtents
};

/// Reads all extents with the workers of the context; returns a checksum.
uint64_t readAll(fp8attn_context &context, const std::vector<ReadTask> &tasks,
                 ReadOrder order = ReadOrder::Extents);

/// Runs multiply-adds, of bf16 pairs or floats, in the registers of the
/// context's workers, with the best instruction of `isa`; returns the number of
/// floating-point operations, 0 if there is no such instruction.
double multiplyInRegisters(fp8attn_context &context, fp8attn_isa isa);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_MACHINELIMITS_H
