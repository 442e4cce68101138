//===- CostModel.cpp - what attention by some kernels should cost ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/CostModel.h"

#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Target/KernelCosts.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// The part of the memory's rate that kernels get where they do not fetch ahead
/// through the block table: pages end where the hardware's guess does. Measured
/// (docs/Kernels.md).
static constexpr double kUnaided = 0.55;

/// Cycles in which an element is multiplied by its scale before kernels see it
/// (docs/Kernels.md).
static constexpr double kMultiplied = 2;

MemoryLevel mlir::fp8attn::getSource(const ItemShape &shape,
                                     const MachineFigures &machine) {
  if (shape.keysInUse == 0)
    return machine.memory();
  return machine.levelOf(shape.keysInUse * shape.bytesPerKey());
}

/// Returns the cycles of one core for an element of what `row` reads.
static double getCycles(const KernelRow &row, int64_t rows,
                        const MachineFigures &machine) {
  std::optional<KernelCosts> costs = findKernelCosts(
      row.op, row.cache, stringifyIsa(row.isa), machine.microarchitecture);
  assert(costs && "expects a kernel that costs.def has for the machine");
  return costs->cyclesPerElement(rows);
}

Prediction mlir::fp8attn::predict(const ItemShape &shape,
                                  const AttentionKernels &kernels,
                                  const MachineFigures &machine) {
  const MemoryLevel source = getSource(shape, machine);
  const bool isMemory = source.name == machine.memory().name;
  Prediction prediction;
  auto addPart = [&](const KernelRow &row, int64_t channels, int64_t bytes) {
    prediction.computeCycles +=
        getCycles(row, shape.rows, machine) * static_cast<double>(channels);
    // Kernels fetch ahead for few rows; of more, which prefill on vectors does
    // it for, too, computing takes longer in any case.
    const bool isAided = !isMemory || shape.rows <= FP8ATTN_DECODE_ROWS;
    prediction.readCycles += static_cast<double>(bytes) /
                             (source.bytesPerCycle * (isAided ? 1 : kUnaided));
  };
  addPart(kernels.key, shape.keyChannels, shape.keyBytes());
  addPart(kernels.value, shape.valueChannels, shape.valueBytes());
  prediction.computeCycles +=
      kMultiplied * static_cast<double>(kernels.multipliedChannels);
  // A score for each row.
  prediction.computeCycles += getCycles(kernels.softmax, shape.rows, machine);
  return prediction;
}
