//===- kernels_on_avx2.h - kernels beyond AVX2, emulated --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels for AVX-512 and AMX as code for CPUs with AVX2: for tests of what
// they compute, where the instructions are not (fp8attn-emulate-isa).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EMULATION_KERNELS_ON_AVX2_H
#define FP8ATTN_EMULATION_KERNELS_ON_AVX2_H

#include "common/kernel_table.h"

extern "C" {
/// fp8attn_uk_tile_begin_amx_bf16 and fp8attn_uk_tile_end_amx_bf16 for the
/// emulated kernels, whose tiles are their own.
void fp8attn_uk_tile_begin_amx_bf16_on_avx2();
void fp8attn_uk_tile_end_amx_bf16_on_avx2();
}

namespace fp8attn {

/// Returns the emulated kernel of a row of the table, with the signature of its
/// operation; null for a row of AVX2 or less.
KernelFunction kernelOnAvx2(const KernelRow &row);

} // namespace fp8attn

#endif // FP8ATTN_EMULATION_KERNELS_ON_AVX2_H
