// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// Everything that modifies scores, at once.
// CHECK-LABEL: func @all
// CHECK:         alibi(%{{.+}} : memref<4xf32>) mask(%{{.+}} : memref<?x?xi8>) score {
// CHECK-NEXT:    ^bb0(%[[SCORE:.+]]: f32, %{{.+}}: index, %{{.+}}: index, %{{.+}}: index, %{{.+}}: index):
// CHECK-NEXT:      %[[NEW:.+]] = arith.addf %[[SCORE]], %{{.+}} : f32
// CHECK-NEXT:      fp8attn.yield %[[NEW]] : f32
// CHECK-NEXT:    } {softcap = 5.000000e+01 : f32}
func.func @all(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %slopes: memref<4xf32>, %mask: memref<?x?xi8>, %bias: f32) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) alibi(%slopes : memref<4xf32>) mask(%mask : memref<?x?xi8>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %new = arith.addf %score, %bias : f32
        fp8attn.yield %new : f32
      } {softcap = 50.0 : f32}
  return
}

// CHECK-LABEL: func @tile
// CHECK:         fp8attn.tile.modify %{{.+}}, %{{.+}}[%{{.+}}] factor %{{.+}} {
// CHECK:         } : tensor<16x256xf32>
func.func @tile(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index, %f: f32) -> tensor<16x256xf32> {
  %0 = fp8attn.tile.modify %s, %item[%k] factor %f {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %new = math.absf %score : f32
    fp8attn.yield %new : f32
  } : tensor<16x256xf32>
  return %0 : tensor<16x256xf32>
}
