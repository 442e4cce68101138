// RUN: fp8attn-compile %s --explain | FileCheck %s --check-prefix=CHOICES
// RUN: fp8attn-compile %s --explain=all | FileCheck %s
// RUN: fp8attn-compile %s --explain=all -o %t.o | FileCheck %s && llvm-nm %t.o | FileCheck %s --check-prefix=OBJECT
// RUN: fp8attn-compile %s --explain=all 2>&1 >/dev/null | count 0
// RUN: echo "func.func @f() { return }" | fp8attn-compile --explain | FileCheck %s --check-prefix=NOTHING
// RUN: echo "func.func @f() { return }" | fp8attn-compile --explain=all | FileCheck %s --check-prefix=NOTHING
// RUN: not fp8attn-compile %s --explain=most 2>&1 | FileCheck %s --check-prefix=WRONG

// NOTHING: no function has work for kernels
// WRONG:   for the --explain option: Cannot find option named 'most'!

// A line for each function, body and phase, and nothing of what was not chosen.

// CHOICES:      {{^}}function  body {{ *}}phase    rows  cycles/key  limit      kernel (fp8attn_uk_...){{$}}
// CHOICES-NEXT: {{^}}f         generic {{ *}}decode   4     {{[0-9.]+ *}}  {{computing|reading}} {{ *}}attend_bf16_bf16_f32_16x256x32_generic{{$}}
// CHOICES-NEXT: {{^}}f         generic {{ *}}prefill  48    {{[0-9.]+ *}}  {{computing|reading}} {{ *}}qk_{{.*}}_generic + pv_{{.*}}_generic{{$}}
// CHOICES-NOT:  needs
// CHOICES:      {{^}}f         avx512_bf16  decode
// CHOICES-NEXT: {{^}}f         avx512_bf16  prefill
// CHOICES:      {{^}}convert   generic {{ *}}-        -     -           -          dequantize_f32_e4m3_f32_1x1x1_generic{{$}}
// CHOICES:      {{^}}--explain=all shows

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

// A table for each function, body and phase, on standard output: what was
// chosen, what it should cost, and why each other candidate lost. Without -o
// there is no code.

// CHECK-NOT:   {{error|\.text}}
// CHECK-LABEL: f, body generic, phase decode: 4 rows, 512 bytes a key from memory
// CHECK-NEXT:  cycles/key  computes    reads  kernel (fp8attn_uk_...)
// CHECK-NEXT:  {{^}}  chosen {{ *[0-9.]+ +[0-9.]+ +[0-9.]+}}  attend_bf16_bf16_f32_16x256x32_generic{{$}}
// CHECK-NEXT:  {{^}} {{ *[0-9.]+ +[0-9.]+ +[0-9.]+}}  qk_{{.*}}_generic + pv_{{.*}}_generic {{ *}}no faster, and more calls
// CHECK:       {{^}}                   -         -        -  attend_{{.*}}_avx512_bf16 {{ *}}needs avx512_bf16, but bodies here are for generic
// CHECK-LABEL: f, body generic, phase prefill: 48 rows, 512 bytes a key from L2
// CHECK:       attend_bf16_bf16_f32_16x256x32_generic {{ *}}takes at most 16 rows, but there are 48
// CHECK-LABEL: f, body avx512_bf16, phase decode
// CHECK:       chosen {{ *[0-9.]+ +[0-9.]+ +[0-9.]+}}  attend_bf16_bf16_f32_16x256x32_avx512_bf16{{$}}
// CHECK:       attend_bf16_bf16_f32_16x256x32_generic {{ *[0-9.]+}} times as many cycles
// CHECK-LABEL: f, body avx512_bf16, phase prefill
// CHECK-LABEL: convert, body generic
// CHECK:       {{^}}  chosen           -         -        -  dequantize_f32_e4m3_f32_1x1x1_generic
// OBJECT: T f
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "znver4">} {
  func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
      %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x32x128xbf16>)
    return
  }
  func.func @convert(%codes: memref<?x128xf8E4M3FN>, %scale: memref<f32>, %x: memref<?x128xf32>) {
    fp8attn.dequantize %codes scale(%scale, affine_map<(t, c) -> ()>) into %x
        : memref<?x128xf8E4M3FN>, memref<f32>, memref<?x128xf32>
    return
  }
}
