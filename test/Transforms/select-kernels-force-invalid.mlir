// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=amx_bf16}))' 2>&1 | FileCheck %s --check-prefix=ISA
// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=qk_bf16_bf16_f32_48x256x32_avx2}))' 2>&1 | FileCheck %s --check-prefix=HALF
// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels{force=attend_bf16_e4m3_f32_16x256x32_avx2}))' 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels{force=sse4}))' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels{force=softmax_f32_bf16_f32_48x256x1_avx2}))' 2>&1 | FileCheck %s --check-prefix=OTHER

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>

// ISA:     error: cannot force 'amx_bf16' in the body of 'f'
// ISA:     note: not fp8attn_uk_attend_bf16_bf16_f32_16x256x32_amx_bf16: needs amx_bf16, but bodies here are for avx512_bf16
// HALF:    error: cannot force 'qk_bf16_bf16_f32_48x256x32_avx2' in the body of 'f'
// HALF:    note: not fp8attn_uk_qk_bf16_bf16_f32_48x256x32_avx2 + fp8attn_uk_pv_bf16_bf16_f32_48x256x16_avx2: its other kernel is not forced
// TYPE:    error: cannot force 'attend_bf16_e4m3_f32_16x256x32_avx2' in the body of 'f'
// UNKNOWN: error: expects force to name an ISA or a kernel of attend, prefill, qk or pv, got 'sse4'
// OTHER:   error: expects force to name an ISA or a kernel of attend, prefill, qk or pv, got 'softmax_f32_bf16_f32_48x256x1_avx2'
func.func @f(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
