// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// A latent cache is written as keys and read as keys and values, with one scale.

!latent = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN>
!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#scale = affine_map<(page, head, token, channel) -> ()>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>

// CHECK-LABEL: func @write(
// CHECK: fp8attn.kv_write key(%{{.+}} : memref<?x1x576xbf16>) slots(
// CHECK-SAME: key_scale(%{{.+}} : memref<f32>, #{{.+}}) cache(%{{.+}} : !fp8attn.cache<latent,
func.func @write(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>,
    %scale: memref<f32>, %cache: !latent) {
  fp8attn.kv_write key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #scale) cache(%cache : !latent)
  return
}

// CHECK-LABEL: func @write_tensors(
// CHECK: %[[SCALES:.+]] = fp8attn.kv_write dynamic key(
// CHECK-NOT: value(
// CHECK: return %[[SCALES]]
func.func @write_tensors(%key: tensor<?x1x576xbf16>, %slots: tensor<?xi64>,
    %scale: tensor<?x1x32xf32>, %cache: !latent) -> tensor<?x1x32xf32> {
  %scales = fp8attn.kv_write dynamic key(%key : tensor<?x1x576xbf16>)
      slots(%slots : tensor<?xi64>)
      key_scale(%scale : tensor<?x1x32xf32>, #token)
      cache(%cache : !latent) -> tensor<?x1x32xf32>
  return %scales : tensor<?x1x32xf32>
}

// CHECK-LABEL: func @attend(
// CHECK: fp8attn.paged_attention causal
// CHECK-SAME: cache(%{{.+}} : !fp8attn.cache<latent,
// CHECK-NOT: value_scale
// CHECK-SAME: out(%{{.+}} : memref<?x128x512xbf16>)
func.func @attend(%query: memref<?x128x576xbf16>, %cache: !latent,
    %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x128x576xbf16>)
      cache(%cache : !latent) key_scale(%scale : memref<f32>, #scale)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
  return
}

// CHECK-LABEL: func @import(
// CHECK: fp8attn.repack
func.func @import(%source: !rows, %destination: !pairs) {
  fp8attn.repack %source into %destination : !rows, !pairs
  return
}
