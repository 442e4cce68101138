// RUN: fp8attn-compile %s -o - --emit=object --mtriple=x86_64-linux-gnu --mcpu=x86-64 --fat | llvm-nm --just-symbol-name - | FileCheck %s --check-prefix=FAT
// RUN: fp8attn-compile %s -o - --emit=object --mtriple=x86_64-linux-gnu --mcpu=x86-64 | llvm-nm --just-symbol-name - | FileCheck %s --check-prefix=THIN
// RUN: fp8attn-compile %s -o - --emit=object --mtriple=aarch64-linux-gnu --mcpu=generic --fat | llvm-nm --just-symbol-name - | FileCheck %s --check-prefix=THIN
// RUN: fp8attn-compile %s -o %t.1.o --mtriple=x86_64-linux-gnu --mcpu=x86-64 --fat
// RUN: fp8attn-compile %s -o %t.2.o --mtriple=x86_64-linux-gnu --mcpu=graniterapids --fat
// RUN: cmp %t.1.o %t.2.o

// --fat makes bodies for all ISAs of the architecture, whatever the CPU: the
// object is the same wherever it is made. Without it the CPU decides.
// FAT-DAG: {{^}}fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// FAT-DAG: {{^}}fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_avx512
// FAT-DAG: {{^}}quantize.amx_bf16.body
// THIN-NOT: {{avx|amx}}
// THIN:     {{^}}fp8attn_uk_quantize_bf16_e4m3_f32_1x1x1_generic
// THIN-NOT: {{avx|amx}}
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
