// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-decompose-quantization,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

#one = affine_map<(page, head, token, channel) -> ()>
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// Each vector ISA has rows of its own for all of attention, and takes none of
// the lesser ones; their exponents are those of the best.
// CHECK-LABEL: func.func @avx2
// CHECK-NOT:     ukernel.call {{.*}}_{{generic|avx512|avx512_bf16|amx_bf16}}(
// CHECK:         %[[C104:.+]] = arith.constant 104 : index
// CHECK:         ukernel.call @fp8attn_uk_query_bf16_bf16_f32_48x1x32_avx2({{.*}}%[[C104]],
// CHECK:         ukernel.call @fp8attn_uk_attend_bf16_e4m3_f32_16x256x32_avx2(
// CHECK:         ukernel.call @fp8attn_uk_prefill_bf16_e4m3_f32_1056x256x32_avx2(
// CHECK:         ukernel.call @fp8attn_uk_finish_f32_bf16_f32_48x1x16_avx2(
func.func @avx2(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %scale: memref<f32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx2>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<f32>, #one) value_scale(%scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// CHECK-LABEL: func.func @avx512
// CHECK:         ukernel.call @fp8attn_uk_attend_bf16_e4m3_f32_16x256x32_avx512(
// CHECK:         ukernel.call @fp8attn_uk_prefill_bf16_e4m3_f32_1056x256x32_avx512(
func.func @avx512(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %scale: memref<f32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx512>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<f32>, #one) value_scale(%scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// Modified scores have separate ones.
// CHECK-LABEL: func.func @softcap
// CHECK:         ukernel.call @fp8attn_uk_qk_bf16_e4m3_f32_48x256x32_avx512(
// CHECK:         ukernel.call @fp8attn_uk_softmax_f32_bf16_f32_48x256x1_avx512(
// CHECK:         ukernel.call @fp8attn_uk_pv_bf16_e4m3_f32_48x256x16_avx512(
func.func @softcap(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %scale: memref<f32>, %out: memref<?x32x128xbf16>) attributes {fp8attn.isa = #fp8attn.isa<avx512>} {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<f32>, #one) value_scale(%scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>) {softcap = 50.0 : f32}
  return
}

// CHECK-LABEL: func.func @quantize
// CHECK:         ukernel.call @fp8attn_uk_quantize_bf16_e5m2_f32_1x1x1_avx2
func.func @quantize(%x: memref<?xbf16>, %s: f32, %y: memref<?xf8E5M2>)
    attributes {fp8attn.isa = #fp8attn.isa<avx2>} {
  fp8attn.tile.quantize %x, %s into %y : memref<?xbf16>, memref<?xf8E5M2>
  return
}
