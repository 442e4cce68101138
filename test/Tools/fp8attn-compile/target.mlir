// RUN: fp8attn-compile %s -o - --emit=object | llvm-nm - | FileCheck %s --check-prefix=MODULE
// RUN: fp8attn-compile %s -o - --emit=object --mcpu=x86-64 | llvm-nm - | FileCheck %s --check-prefix=GENERIC
// RUN: fp8attn-compile %s -o - --emit=object --mcpu=haswell | llvm-nm - | FileCheck %s --check-prefix=HASWELL
// RUN: fp8attn-compile %s -o - --emit=object --mcpu=skylake-avx512 | llvm-nm - | FileCheck %s --check-prefix=SKYLAKE
// RUN: fp8attn-compile %s -o - --emit=object --isa=generic | llvm-nm - | FileCheck %s --check-prefix=GENERIC
// RUN: fp8attn-compile %s -o - --emit=object --mcpu=x86-64 --mtriple=x86_64-linux-gnu --mattr=+avx512vl,+avx512dq,+avx512vbmi,+avx512bf16 | llvm-nm - | FileCheck %s --check-prefix=MODULE
// RUN: fp8attn-compile %s -o - --emit=object --no-runtime-checks | llvm-nm - | FileCheck %s --check-prefix=UNCHECKED

// The module's target holds unless the command line names another.

// MODULE: fp8attn_check_tensor
// MODULE: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx2
// MODULE: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx512
// MODULE: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// MODULE: quantize.avx512_bf16
// HASWELL-NOT: _avx512
// HASWELL: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx2
// HASWELL-NEXT: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// SKYLAKE-NOT: avx512_bf16
// SKYLAKE: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx2
// SKYLAKE-NEXT: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx512
// SKYLAKE-NEXT: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// GENERIC-NOT: _avx
// GENERIC: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// GENERIC-NOT: _avx
// UNCHECKED-NOT: fp8attn_check_tensor
// UNCHECKED: fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "sapphirerapids">} {
  func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
        : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
    return
  }
}
