//===- KernelCosts.cpp - the table of kernels' costs ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expands costs.def. How a figure was found matters to people only.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/KernelCosts.h"

using namespace mlir::fp8attn;

namespace {
/// What a class of CPUs has in a row.
struct Cell {
  bool isThere;
  double decodeCycles, rowCycles;
};

/// A line of the table.
struct CostRow {
  llvm::StringLiteral op, cache, isa;
  int64_t rowGranule;
  Cell cells[kNumMicroarchitectures];
};
} // namespace

static constexpr Cell measured(double decodeCycles, double rowCycles) {
  return {true, decodeCycles, rowCycles};
}
static constexpr Cell derived(double decodeCycles, double rowCycles) {
  return {true, decodeCycles, rowCycles};
}
static constexpr Cell none = {false, 0, 0};

static constexpr CostRow kRows[] = {
#define FP8ATTN_COSTS(op, cache, isa, rowGranule, skylake, zen3,               \
                      sapphirerapids, graniterapids, zen4, zen5)               \
  {#op,                                                                        \
   #cache,                                                                     \
   #isa,                                                                       \
   rowGranule,                                                                 \
   {skylake, zen3, sapphirerapids, graniterapids, zen4, zen5}},
#include "costs.def"
};

std::optional<KernelCosts>
mlir::fp8attn::findKernelCosts(llvm::StringRef op, llvm::StringRef cache,
                               llvm::StringRef isa,
                               Microarchitecture microarchitecture) {
  for (const CostRow &row : kRows) {
    if (row.op != op || row.cache != cache || row.isa != isa)
      continue;
    const Cell &cell = row.cells[static_cast<int>(microarchitecture)];
    if (!cell.isThere)
      return std::nullopt;
    return KernelCosts{cell.decodeCycles, cell.rowCycles, row.rowGranule};
  }
  return std::nullopt;
}
