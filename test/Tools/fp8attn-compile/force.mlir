// RUN: fp8attn-compile %s --isa=avx512 --force=avx2 --explain=all | FileCheck %s
// RUN: not fp8attn-compile %s --isa=avx512 --force=attend_bf16_bf16_f32_16x256x32_amx_bf16 --explain=all 2>&1 | FileCheck %s --check-prefix=ERROR

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

// Experiments may take slower kernels than those the compiler would.
// CHECK-LABEL: f, body avx512, phase decode
// CHECK:       chosen {{ *[0-9.]+ +[0-9.]+ +[0-9.]+}}  {{(attend|qk)_[a-z0-9_+ ]+_avx2$}}
// CHECK:       attend_bf16_bf16_f32_16x256x32_avx512 {{ *}}another one is forced
// CHECK-LABEL: f, body avx512, phase prefill
// CHECK:       chosen {{ *[0-9.]+ +[0-9.]+ +[0-9.]+}}  prefill_bf16_bf16_f32_1056x256x32_avx2{{$}}
// CHECK:       qk_bf16_bf16_f32_48x256x32_avx2 + pv_bf16_bf16_f32_48x256x16_avx2 {{ *[0-9.]+}} times as many cycles
// ERROR:       error: cannot force 'attend_bf16_bf16_f32_16x256x32_amx_bf16' in the body of 'f.avx512'
// ERROR:       needs amx_bf16, but bodies here are for avx512
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "znver4">} {
  func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
      %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
    fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x32x128xbf16>)
    return
  }
}
