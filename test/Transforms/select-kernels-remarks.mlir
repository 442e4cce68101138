// RUN: fp8attn-opt %s --remarks-filter=fp8attn --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' -o /dev/null 2>&1 | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

// What was chosen, what it predicts, and why each other candidate lost: too
// slow, of an ISA that this body is not for, or for fewer rows.
// CHECK: Passed{{.*}}SelectKernels{{.*}}chose fp8attn_uk_attend_bf16_bf16_f32_16x256x32_avx512_bf16: {{[0-9.]+}} cycles a key
// CHECK: not fp8attn_uk_qk_bf16_bf16_f32_48x256x32_avx512_bf16 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_avx512_bf16: no faster, and more calls
// CHECK: not fp8attn_uk_attend_bf16_bf16_f32_16x256x32_generic: {{[0-9.]+}} times as many cycles
// CHECK: not fp8attn_uk_attend_bf16_bf16_f32_16x256x32_amx_bf16: needs amx_bf16, but bodies here are for avx512_bf16
// CHECK: Passed{{.*}}SelectKernels{{.*}}chose fp8attn_uk_prefill_bf16_bf16_f32_1056x256x32_avx512_bf16: {{[0-9.]+}} cycles a key for 48 rows
// CHECK: not fp8attn_uk_qk_bf16_bf16_f32_48x256x32_avx512_bf16 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_avx512_bf16: {{[0-9.]+}} cycles more
// CHECK: not fp8attn_uk_attend_bf16_bf16_f32_16x256x32_avx512_bf16: takes at most 16 rows, but there are 48
func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// A kernel for many rows is used where nothing stands in its way. What
// does is said.
// CHECK: Passed{{.*}}SelectKernels{{.*}}chose fp8attn_uk_prefill_bf16_bf16_f32_1056x256x32_amx_bf16: {{[0-9.]+}} cycles a key for 48 rows
// CHECK: not fp8attn_uk_qk_bf16_bf16_f32_48x256x32_amx_bf16 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_amx_bf16: no faster, and more calls
func.func @amx(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// CHECK: Passed{{.*}}SelectKernels{{.*}}chose fp8attn_uk_qk_bf16_bf16_f32_48x256x32_amx_bf16 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_amx_bf16: {{[0-9.]+}} cycles a key for 48 rows
// CHECK: not fp8attn_uk_prefill_bf16_bf16_f32_1056x256x32_amx_bf16: the score region stands between scores and softmax
func.func @softcap(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>) {softcap = 50.0 : f32}
  return
}
