// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#sixteen = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>

// Scales of f8E4M3FN are multiplied with a number, or one for each head.
// CHECK-LABEL: func @attend
// CHECK: fp8attn.paged_attention query({{.*}} key_scale(%{{.+}} : memref<?x2x32x4xf8E4M3FN>, #map) {{.*}} key_outer_scale(%{{.+}} : memref<2xf32, strided<[5]>>) value_outer_scale(%{{.+}} : memref<f32>){{$}}
func.func @attend(%query: memref<?x4x64xbf16>, %cache: !kv, %scale: memref<?x2x32x4xf8E4M3FN>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %heads: memref<2xf32, strided<[5]>>,
    %tensor: memref<f32>) {
  fp8attn.paged_attention value_outer_scale(%tensor : memref<f32>) query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<?x2x32x4xf8E4M3FN>, #sixteen) key_outer_scale(%heads : memref<2xf32, strided<[5]>>)
      value_scale(%scale : memref<?x2x32x4xf8E4M3FN>, #sixteen)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}

// In a latent cache, those of keys are those of values.
// CHECK-LABEL: func @write
// CHECK: fp8attn.kv_write key({{.*}} cache(%{{.+}}) key_outer_scale(%{{.+}} : tensor<1xf32>){{$}}
// CHECK: fp8attn.kv_write dynamic microscaling key(
func.func @write(%key: tensor<?x1x64xbf16>, %slots: tensor<?xi64>, %cache: !latent, %scale: tensor<?x1x32x4xf8E4M3FN>,
    %outer: tensor<1xf32>, %power: tensor<?x1x32x2xf8E8M0FNU>) -> tensor<?x1x32x2xf8E8M0FNU> {
  fp8attn.kv_write key(%key : tensor<?x1x64xbf16>) slots(%slots : tensor<?xi64>)
      key_scale(%scale : tensor<?x1x32x4xf8E4M3FN>, #sixteen) key_outer_scale(%outer : tensor<1xf32>) cache(%cache : !latent)
  %powers = fp8attn.kv_write microscaling key(%key : tensor<?x1x64xbf16>) slots(%slots : tensor<?xi64>)
      key_scale(%power : tensor<?x1x32x2xf8E8M0FNU>, #block) cache(%cache : !latent) dynamic -> tensor<?x1x32x2xf8E8M0FNU>
  return %powers : tensor<?x1x32x2xf8E8M0FNU>
}
