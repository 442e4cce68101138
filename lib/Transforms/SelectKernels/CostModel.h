//===- CostModel.h - what attention by some kernels should cost -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cycles and bytes for one key of a work item, from the table of costs and the
// figures of the machine. docs/Kernels.md has the formulas
// and how they were compared with measurements.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_COSTMODEL_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_COSTMODEL_H

#include "SelectKernels/KernelTable.h"
#include "fp8attn/Target/MachineFigures.h"

namespace mlir::fp8attn {

/// What a work item computes, as far as it matters for its cost.
struct ItemShape {
  /// Query rows of a typical item.
  int64_t rows;
  /// Keys, with their values, that kernels read several times in a row; 0 if
  /// each is read once.
  int64_t keysInUse;
  /// Head sizes rounded up to whole tiles.
  int64_t keyChannels;
  int64_t valueChannels;
  /// Bits of an element.
  int64_t keyBits;
  int64_t valueBits;
  /// Channels of keys that are bf16, whatever the others are.
  int64_t ropeChannels = 0;

  /// Bytes of a key, and of its value.
  int64_t keyBytes() const {
    return ((keyChannels - ropeChannels) * keyBits + ropeChannels * 16) / 8;
  }
  int64_t valueBytes() const { return valueChannels * valueBits / 8; }
  int64_t bytesPerKey() const { return keyBytes() + valueBytes(); }
};

/// The kernels of one way to compute it; `key` and `value` are the same row if
/// it is a fused one.
struct AttentionKernels {
  const KernelRow &key;
  const KernelRow &softmax;
  const KernelRow &value;
  /// Channels of a key and its value that are multiplied by their scales one by
  /// one before the kernels see them.
  int64_t multipliedChannels = 0;
};

/// What one core should take for a key: it computes while it reads.
struct Prediction {
  double computeCycles = 0;
  /// What the reads take, at the rate at which these kernels get them.
  double readCycles = 0;

  double cycles() const { return std::max(computeCycles, readCycles); }
};

/// Returns where the keys and values of an item are read from: the level that
/// holds those in use, memory if each is read once.
MemoryLevel getSource(const ItemShape &shape, const MachineFigures &machine);

/// Returns the cost of a key. The machine has the instructions of the kernels.
Prediction predict(const ItemShape &shape, const AttentionKernels &kernels,
                   const MachineFigures &machine);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_COSTMODEL_H
