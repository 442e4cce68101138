//===- kernel_table.h - kernels.def as data ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def with the addresses of their functions, for code that
// walks over kernels: tests and benchmarks.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_KERNEL_TABLE_H
#define FP8ATTN_COMMON_KERNEL_TABLE_H

#include "fp8attn/Runtime/fp8attn.h"

#include <stddef.h>
#include <stdint.h>

namespace fp8attn {

/// A kernel whose signature is not known to the holder.
using KernelFunction = void (*)();

/// One row of kernels.def; the members are its columns.
struct KernelRow {
  /// The C symbol.
  const char *name;
  const char *op;
  const char *in;
  const char *cache;
  const char *acc;
  /// M: most query rows of a call.
  int64_t rows;
  /// N: most keys of a call.
  int64_t keys;
  /// K: channels that the kernel takes at a time.
  int64_t channels;
  fp8attn_isa isa;
  /// Of the cache that it reads or writes, "any" if it does not touch one.
  const char *layout;
  /// Decoded words are the cache value times 2^-exponent.
  int64_t exponent;
  /// The kernel; cast it with kernelAs.
  KernelFunction function;
  /// The kernel with its tile instructions emulated: null but for AMX rows, and
  /// null if the emulation is not linked into the program.
  KernelFunction emulated;
};

/// Returns a kernel under the signature of its operation, e.g.
/// `kernelAs<fp8attn_uk_qk_fn>(row.function)`.
template <typename Signature> Signature kernelAs(KernelFunction function) {
  return reinterpret_cast<Signature>(function);
}

/// A view of all rows, in the order of kernels.def.
struct KernelTable {
  const KernelRow *rows;
  size_t size;

  const KernelRow *begin() const { return rows; }
  const KernelRow *end() const { return rows + size; }
};

/// Returns the table. It lives as long as the program.
KernelTable kernelTable();

} // namespace fp8attn

#endif // FP8ATTN_COMMON_KERNEL_TABLE_H
