//===- KernelTable.h - the compiler's kernel table --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of runtime_kernels/kernels.def as data, without the kernels.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELTABLE_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELTABLE_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// A line of the table; kernels.def explains the members.
struct KernelRow {
  StringLiteral name;
  StringLiteral op;
  StringLiteral in;
  StringLiteral cache;
  int64_t maxRows;
  int64_t maxKeys;
  int64_t channels;
  Isa isa;
  /// Of the cache that it reads or writes, "any" if it does not touch one.
  StringLiteral layout;
  int64_t exponent;
};

/// Returns all rows, in the order of the table.
ArrayRef<KernelRow> getKernels();

/// Returns the row of that symbol name, or null.
const KernelRow *findKernel(StringRef name);

/// Returns the table's word for an element type: "e4m3", "e5m2",
/// "e2m1", "i8", "i4", "bf16", "f32".
StringRef getTypeWord(Type elementType);

/// Power of two that the probabilities carry for a value kernel with this
/// exponent. Words of FP8 values are tiny (value * 2^-104); 2^40 keeps their
/// products with small probabilities from being flushed. bf16 values are
/// stored as they are and need none.
int64_t getProbExponent(int64_t valueExponent);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELTABLE_H
