// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales))' | FileCheck %s --check-prefix=TILES
// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales,fp8attn-select-kernels))' | FileCheck %s

// Attention of precision = f32: queries and probabilities are f32 from end to end.

!fp8 = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, token)>
#channel = affine_map<(page, head, token, channel) -> (channel)>

// Neither tiles nor products of bf16 are of use, so that a body for AMX has the kernels
// of AVX-512. Tiles of queries are twice as large.
// TILES-LABEL: func.func @amx
// TILES:         fp8attn.tile.load_query {{.*}} -> tensor<16x128xf32>
// TILES:         fp8attn.tile.qk {{.*}} : tensor<16x128xf32>, tensor<256x128xbf16> -> tensor<16x256xf32>
// TILES:         fp8attn.tile.softmax {{.*}} -> tensor<16x256xf32>
// TILES:         fp8attn.tile.pv {{.*}} : tensor<16x256xf32>, tensor<256x128xbf16>, tensor<16x128xf32>
// CHECK-LABEL: func.func @amx
// CHECK:         memref.view {{.*}} to memref<1x4x16x32xf32>
// CHECK:         %[[C104:.+]] = arith.constant 104 : index
// CHECK:         ukernel.call @fp8attn_uk_query_bf16_f32_f32_48x1x32_avx512({{.*}}%[[C104]],
// CHECK:         ukernel.call @fp8attn_uk_attend_f32_e4m3_f32_16x256x32_avx512
// CHECK:         ukernel.call @fp8attn_uk_finish_f32_f32_f32_48x1x16_avx512
// CHECK:       } else {
// CHECK:         memref.view {{.*}} to memref<66x4x16x32xf32>
// CHECK:         ukernel.call @fp8attn_uk_prefill_f32_e4m3_f32_1056x256x32_avx512
// CHECK-NOT:     _bf16_e4m3_
func.func @amx(%query: memref<?x32x128xbf16>, %cache: !fp8, %scale: memref<8xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x32x128xf32>) attributes {fp8attn.isa = #fp8attn.isa<amx_bf16>} {
  fp8attn.paged_attention precision = f32 query(%query : memref<?x32x128xbf16>) cache(%cache : !fp8)
      key_scale(%scale : memref<8xf32>, #head) value_scale(%scale : memref<8xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xf32>)
  return
}

// Scales by channel multiply the query, and those by token the probabilities, without
// a rounding to bf16.
// CHECK-LABEL: func.func @scales
// CHECK:         ukernel.call @fp8attn_uk_query_f32_f32_f32_48x1x32_avx2
// CHECK:         vector.load {{.*}} : memref<1x4x16x32xf32>
// CHECK:         ukernel.call @fp8attn_uk_qk_f32_e4m3_f32_48x256x32_avx2
// CHECK:         ukernel.call @fp8attn_uk_softmax_f32_f32_f32_48x256x1_avx2
// CHECK:         vector.load {{.*}} : memref<1x8x16x32xf32>
// CHECK:         ukernel.call @fp8attn_uk_pv_f32_e4m3_f32_48x256x16_avx2
// CHECK-NOT:     arith.truncf
func.func @scales(%query: memref<?x32x128xf32>, %cache: !fp8, %key_scale: memref<128xf32>, %value_scale: memref<?x32xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x32x128xf32>) attributes {fp8attn.isa = #fp8attn.isa<avx2>} {
  fp8attn.paged_attention precision = f32 query(%query : memref<?x32x128xf32>) cache(%cache : !fp8)
      key_scale(%key_scale : memref<128xf32>, #channel) value_scale(%value_scale : memref<?x32xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xf32>)
  return
}

// CHECK-LABEL: func.func @dense
// CHECK:         ukernel.call @fp8attn_uk_query_f16_f32_f32_48x1x32_generic
// CHECK:         ukernel.call @fp8attn_uk_qk_f32_bf16_f32_48x256x32_generic
// CHECK:         ukernel.call @fp8attn_uk_softmax_f32_f32_f32_48x256x1_generic
// CHECK-NEXT:    ukernel.call @fp8attn_uk_pv_f32_bf16_f32_48x256x16_generic
func.func @dense(%query: memref<?x8x?x64xf16>, %key: memref<?x8x?x64xbf16>, %out: memref<?x8x?x64xf32>)
    attributes {fp8attn.isa = #fp8attn.isa<generic>} {
  fp8attn.attention causal precision = f32 query(%query : memref<?x8x?x64xf16>)
      key(%key : memref<?x8x?x64xbf16>) value(%key : memref<?x8x?x64xbf16>) out(%out : memref<?x8x?x64xf32>)
  return
}
