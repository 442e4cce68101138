// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --canonicalize --cse | FileCheck %s

// The factor of the scores as a value: of memrefs, behind the mask and before the
// region.
// CHECK-LABEL: func.func @dense
// CHECK-SAME:    %[[SCALE:[a-z0-9_]+]]: f32)
// CHECK:         fp8attn.attention {{.*}} mask(%{{.+}} : memref<1x1x?x?xi8>) softmax_scale(%[[SCALE]] : f32) score {
// CHECK:         } {softcap = 2.000000e+00 : f32}
func.func @dense(%query: memref<?x4x?x64xf32>, %key: memref<?x2x?x64xf32>, %mask: memref<1x1x?x?xi8>,
                 %out: memref<?x4x?x64xf32>, %scale: f32) {
  fp8attn.attention softmax_scale(%scale : f32) query(%query : memref<?x4x?x64xf32>) key(%key : memref<?x2x?x64xf32>)
      value(%key : memref<?x2x?x64xf32>) out(%out : memref<?x4x?x64xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        fp8attn.yield %score : f32
      } mask(%mask : memref<1x1x?x?xi8>) {softcap = 2.0 : f32}
  return
}

// Of tensors, which are the only results.
// CHECK-LABEL: func.func @tensors
// CHECK:         %[[OUT:.+]] = fp8attn.paged_attention {{.*}} softmax_scale(%{{.+}} : f32) -> tensor<?x8x64xbf16>
// CHECK:         return %[[OUT]]
func.func @tensors(%query: tensor<?x8x64xbf16>,
    %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: tensor<?xi32>, %lens: tensor<?xi32>, %table: tensor<?x?xi32>, %out: tensor<?x8x64xbf16>,
    %scale: f32) -> tensor<?x8x64xbf16> {
  %0 = fp8attn.paged_attention query(%query : tensor<?x8x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) softmax_scale(%scale : f32) -> tensor<?x8x64xbf16>
  return %0 : tensor<?x8x64xbf16>
}
