// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
#row = affine_map<(token, head, channel) -> (token, head)>
#tensor = affine_map<(token, head, channel) -> ()>

// Queries and results of FP8 have a scale each; it may be of any strides.
// CHECK-LABEL: func @paged
// CHECK: fp8attn.paged_attention query(%{{.+}} : memref<?x4x64xf8E4M3FN>) {{.*}} out(%{{.+}} : memref<?x4x64xf8E5M2>) query_scale(%{{.+}} : memref<?x4xf32, strided<[9, 2]>>, #map) out_scale(%{{.+}} : memref<f32>, #map1){{$}}
func.func @paged(%query: memref<?x4x64xf8E4M3FN>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xf8E5M2>, %scales: memref<?x4xf32, strided<[9, 2]>>, %scale: memref<f32>) {
  fp8attn.paged_attention out_scale(%scale : memref<f32>, #tensor) query(%query : memref<?x4x64xf8E4M3FN>) cache(%cache : !kv)
      query_scale(%scales : memref<?x4xf32, strided<[9, 2]>>, #row)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xf8E5M2>)
  return
}

// CHECK-LABEL: func @dense
// CHECK: fp8attn.attention {{.*}} out(%{{.+}} : tensor<2x4x?x64xf8E4M3FN>) query_scale(%{{.+}} : tensor<2x4x?xf32>, #map2) out_scale(%{{.+}} : tensor<4xf32>, #map3) -> tensor<2x4x?x64xf8E4M3FN>
func.func @dense(%query: tensor<2x4x?x64xf8E5M2>, %key: tensor<2x2x?x64xbf16>, %out: tensor<2x4x?x64xf8E4M3FN>,
    %scales: tensor<2x4x?xf32>, %scale: tensor<4xf32>) -> tensor<2x4x?x64xf8E4M3FN> {
  %0 = fp8attn.attention query(%query : tensor<2x4x?x64xf8E5M2>) key(%key : tensor<2x2x?x64xbf16>)
      value(%key : tensor<2x2x?x64xbf16>) out(%out : tensor<2x4x?x64xf8E4M3FN>)
      query_scale(%scales : tensor<2x4x?xf32>, affine_map<(batch, head, token, channel) -> (batch, head, token)>)
      out_scale(%scale : tensor<4xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      -> tensor<2x4x?x64xf8E4M3FN>
  return %0 : tensor<2x4x?x64xf8E4M3FN>
}

// CHECK-LABEL: func @tiles
// CHECK: fp8attn.tile.load_query %{{.+}}, %{{.+}} : memref<?x4x64xf8E4M3FN> -> tensor<16x64xbf16>
// CHECK: [[SCALES:%.+]] = fp8attn.tile.load_row_scale %{{.+}}, %{{.+}}[#map4] : memref<?x4xf32> -> tensor<16xf32>
// CHECK: fp8attn.tile.qk %{{.+}}, %{{.+}} factor %{{.+}} row_factor([[SCALES]] : tensor<16xf32>) :
// CHECK: fp8attn.tile.finish {{.*}} out_scale([[SCALES]] : tensor<16xf32>) into %{{.+}} : {{.*}} memref<?x4x64xf8E4M3FN>
// CHECK: fp8attn.tile.query_begin
// CHECK: fp8attn.tile.num_parts {{.*}} most_keys %{{.+}} window_right = 0
// CHECK: fp8attn.tile.work_item {{.*}} most_keys %{{.+}} {
func.func @tiles(%item: !fp8attn.work_item, %x: memref<?x4x64xf8E4M3FN>, %scale: memref<?x4xf32>, %key: tensor<256x64xbf16>,
    %factor: f32, %n: index, %starts: memref<?xi32>) {
  %q = fp8attn.tile.load_query %item, %x : memref<?x4x64xf8E4M3FN> -> tensor<16x64xbf16>
  %s = fp8attn.tile.load_row_scale %item, %scale[affine_map<(sequence, token, head) -> (token, head)>]
      : memref<?x4xf32> -> tensor<16xf32>
  %scores = fp8attn.tile.qk %q, %key factor %factor row_factor(%s : tensor<16xf32>)
      : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  %max, %sum, %acc = fp8attn.tile.init : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  fp8attn.tile.finish %item, %max, %sum, %acc out_scale(%s : tensor<16xf32>) into %x
      : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x4x64xf8E4M3FN>
  %begin = fp8attn.tile.query_begin %item
  %parts = fp8attn.tile.num_parts %n, %n, %starts, %starts most_keys %n window_right = 0
      {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
  %part = fp8attn.tile.work_item %n parts %parts, %n, %starts, %starts most_keys %n
      {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
  return
}
