//===- KernelTable.cpp - the compiler's view of the kernel table ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Expands kernels.def.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/KernelTable.h"

using namespace mlir;
using namespace mlir::fp8attn;

// The table spells ISAs as kernel names do.
static constexpr Isa kIsa_generic = Isa::Generic;
static constexpr Isa kIsa_avx2 = Isa::Avx2;
static constexpr Isa kIsa_avx512 = Isa::Avx512;
static constexpr Isa kIsa_avx512_bf16 = Isa::Avx512Bf16;
static constexpr Isa kIsa_amx_bf16 = Isa::AmxBf16;

static const KernelRow kKernels[] = {
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  {"fp8attn_uk_" #op "_" #in "_" #cache "_" #acc "_" #M "x" #N "x" #K          \
   "_" #isa,                                                                   \
   #op,                                                                        \
   #in,                                                                        \
   #cache,                                                                     \
   M,                                                                          \
   N,                                                                          \
   K,                                                                          \
   kIsa_##isa,                                                                 \
   #layout,                                                                    \
   exponent},
#include "kernels.def"
};

ArrayRef<KernelRow> mlir::fp8attn::getKernels() { return kKernels; }

const KernelRow *mlir::fp8attn::findKernel(StringRef name) {
  const KernelRow *row = llvm::find_if(
      kKernels, [&](const KernelRow &row) { return row.name == name; });
  return row == std::end(kKernels) ? nullptr : row;
}

StringRef mlir::fp8attn::getTypeWord(Type elementType) {
  if (isa<Float8E4M3FNType>(elementType))
    return "e4m3";
  if (isa<Float8E5M2Type>(elementType))
    return "e5m2";
  if (isa<Float4E2M1FNType>(elementType))
    return "e2m1";
  if (elementType.isInteger(8))
    return "i8";
  if (elementType.isInteger(4))
    return "i4";
  if (elementType.isF16())
    return "f16";
  return elementType.isBF16() ? "bf16" : "f32";
}

int64_t mlir::fp8attn::getProbExponent(int64_t valueExponent) {
  constexpr int64_t kProbExponent = 40;
  return valueExponent == 0 ? 0 : kProbExponent;
}
