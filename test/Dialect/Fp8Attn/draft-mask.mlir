// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// A mask of the queries' own keys, beside one of all keys and before the region.
// CHECK-LABEL: func @memrefs
// CHECK:         fp8attn.paged_attention {{.*}} mask(%{{.+}} : memref<?x?xi8>) softmax_scale(%{{.+}} : f32) draft_mask(%{{.+}} : memref<?x8xf16>) score {
func.func @memrefs(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x?xi8>, %draft: memref<?x8xf16>, %scale: f32) {
  fp8attn.paged_attention draft_mask(%draft : memref<?x8xf16>) query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        fp8attn.yield %score : f32
      }
      out(%out : memref<?x4x64xbf16>) mask(%mask : memref<?x?xi8>) softmax_scale(%scale : f32)
  return
}

// CHECK-LABEL: func @tensors
// CHECK:         fp8attn.paged_attention {{.*}} out(%{{.+}}) draft_mask(%{{.+}} : tensor<?x?xi1>) -> tensor<?x4x64xbf16>
func.func @tensors(%query: tensor<?x4x64xbf16>, %cache: !kv, %starts: tensor<?xi32>, %lens: tensor<?xi32>,
    %table: tensor<?x?xi32>, %out: tensor<?x4x64xbf16>, %draft: tensor<?x?xi1>) -> tensor<?x4x64xbf16> {
  %0 = fp8attn.paged_attention query(%query : tensor<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x4x64xbf16>) draft_mask(%draft : tensor<?x?xi1>) -> tensor<?x4x64xbf16>
  return %0 : tensor<?x4x64xbf16>
}

// CHECK-LABEL: func @tile
// CHECK:         fp8attn.tile.modify %{{.+}}, %{{.+}}[%{{.+}}] factor %{{.+}} from %{{.+}} {
func.func @tile(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index, %f: f32) -> tensor<16x256xf32> {
  %0 = fp8attn.tile.modify %s, %item[%k] factor %f from %k {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %new = math.absf %score : f32
    fp8attn.yield %new : f32
  } : tensor<16x256xf32>
  return %0 : tensor<16x256xf32>
}
