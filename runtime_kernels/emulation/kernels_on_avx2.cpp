//===- kernels_on_avx2.cpp - the emulated rows of kernels.def -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expands kernels.def into the emulated functions, in the order of the table.
//
//===----------------------------------------------------------------------===//

#include "emulation/kernels_on_avx2.h"

#include "common/kernel_declarations.h"

#define FP8ATTN_IF_BEYOND_AVX2_generic(code, otherwise) otherwise
#define FP8ATTN_IF_BEYOND_AVX2_avx2(code, otherwise) otherwise
#define FP8ATTN_IF_BEYOND_AVX2_avx512(code, otherwise) code
#define FP8ATTN_IF_BEYOND_AVX2_avx512_bf16(code, otherwise) code
#define FP8ATTN_IF_BEYOND_AVX2_amx_bf16(code, otherwise) code

#define FP8ATTN_JOINED(name, suffix) name##suffix
#define FP8ATTN_ON_AVX2(name) FP8ATTN_JOINED(name, _on_avx2)

extern "C" {
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  FP8ATTN_IF_BEYOND_AVX2_##isa(                                                \
      std::remove_pointer_t<FP8ATTN_SIGNATURE(op)> FP8ATTN_ON_AVX2(            \
          FP8ATTN_NATIVE_KERNEL_NAME(op, in, cache, acc, M, N, K, isa));       \
      , )
#include "kernels.def"
}

namespace fp8attn {

static const KernelFunction functions[] = {
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  FP8ATTN_IF_BEYOND_AVX2_##isa(                                                \
      reinterpret_cast<KernelFunction>(FP8ATTN_ON_AVX2(                        \
          FP8ATTN_NATIVE_KERNEL_NAME(op, in, cache, acc, M, N, K, isa))),      \
      nullptr),
#include "kernels.def"
};

KernelFunction kernelOnAvx2(const KernelRow &row) {
  return functions[&row - kernelTable().begin()];
}

} // namespace fp8attn
