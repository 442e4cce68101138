// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=avx512}))' | FileCheck %s --check-prefix=ISA
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=attend_bf16_bf16_f32_16x256x32_generic}))' | FileCheck %s --check-prefix=FUSED
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=fp8attn_uk_qk_bf16_bf16_f32_48x256x32_avx2,pv_bf16_bf16_f32_48x256x16_avx2}))' | FileCheck %s --check-prefix=PAIR
// RUN: fp8attn-opt %s --remarks-filter=fp8attn --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=avx512}))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

// An ISA names all of its rows: those for few rows and for many.
// ISA:       uk_query_{{.*}}_avx512(
// ISA:       uk_{{attend|qk}}_{{.*}}_avx512(
// ISA:       } else {
// ISA:       uk_prefill_{{.*}}_avx512(

// One row: where it cannot be used, for many rows, the choice is free.
// FUSED:     uk_attend_{{.*}}_generic(
// FUSED:     } else {
// FUSED:     uk_prefill_{{.*}}_avx512_bf16(

// A pair of rows, with the prefix of kernels or without. Kernels around them
// stay those of the body.
// PAIR-NOT:  uk_attend
// PAIR:      uk_qk_{{.*}}_avx2(
// PAIR:      uk_pv_{{.*}}_avx2(
// PAIR:      } else {
// PAIR:      uk_qk_{{.*}}_avx2(
// PAIR:      uk_softmax_{{.*}}_avx512_bf16(
// PAIR:      uk_pv_{{.*}}_avx2(

// REMARK:    chose {{.*}}_avx512: {{[0-9.]+}} cycles a key
// REMARK:    not fp8attn_uk_attend_bf16_bf16_f32_16x256x32_avx512_bf16: another one is forced
func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// A function without attention has nothing to force.
func.func @convert(%x: memref<?xbf16>, %s: f32, %y: memref<?xf8E5M2>) {
  fp8attn.tile.quantize %x, %s into %y : memref<?xbf16>, memref<?xf8E5M2>
  return
}
