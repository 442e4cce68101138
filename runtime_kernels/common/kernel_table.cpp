//===- kernel_table.cpp - kernels.def as data -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expands kernels.def into an array. Emulated kernels are weak references, so
// that only programs that want them (the kernel tests) need link them.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_table.h"

#include "common/kernel_declarations.h"

#define FP8ATTN_TABLE_ISA_generic FP8ATTN_ISA_GENERIC
#define FP8ATTN_TABLE_ISA_avx2 FP8ATTN_ISA_AVX2
#define FP8ATTN_TABLE_ISA_avx512 FP8ATTN_ISA_AVX512
#define FP8ATTN_TABLE_ISA_avx512_bf16 FP8ATTN_ISA_AVX512_BF16
#define FP8ATTN_TABLE_ISA_amx_bf16 FP8ATTN_ISA_AMX_BF16

#define FP8ATTN_IF_EMULATED_generic(code, otherwise) otherwise
#define FP8ATTN_IF_EMULATED_avx2(code, otherwise) otherwise
#define FP8ATTN_IF_EMULATED_avx512(code, otherwise) otherwise
#define FP8ATTN_IF_EMULATED_avx512_bf16(code, otherwise) otherwise
#define FP8ATTN_IF_EMULATED_amx_bf16(code, otherwise) code

extern "C" {
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  FP8ATTN_IF_EMULATED_##isa(                                                   \
      [[gnu::weak]] std::remove_pointer_t<FP8ATTN_SIGNATURE(op)>               \
          FP8ATTN_EMULATED_KERNEL_NAME(op, in, cache, acc, M, N, K, isa);      \
      , )
#include "kernels.def"
}

#define FP8ATTN_STRING(token) #token
#define FP8ATTN_NAME_STRING(name) FP8ATTN_STRING(name)
#define FP8ATTN_FUNCTION(name) reinterpret_cast<KernelFunction>(name)

namespace fp8attn {

static const KernelRow table[] = {
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  {FP8ATTN_NAME_STRING(                                                        \
       FP8ATTN_NATIVE_KERNEL_NAME(op, in, cache, acc, M, N, K, isa)),          \
   #op,                                                                        \
   #in,                                                                        \
   #cache,                                                                     \
   #acc,                                                                       \
   M,                                                                          \
   N,                                                                          \
   K,                                                                          \
   FP8ATTN_TABLE_ISA_##isa,                                                    \
   #layout,                                                                    \
   exponent,                                                                   \
   FP8ATTN_FUNCTION(                                                           \
       (FP8ATTN_NATIVE_KERNEL_NAME(op, in, cache, acc, M, N, K, isa))),        \
   FP8ATTN_IF_EMULATED_##isa(FP8ATTN_FUNCTION((FP8ATTN_EMULATED_KERNEL_NAME(   \
                                 op, in, cache, acc, M, N, K, isa))),          \
                             nullptr)},
#include "kernels.def"
};

KernelTable kernelTable() { return {table, sizeof(table) / sizeof(table[0])}; }

} // namespace fp8attn
