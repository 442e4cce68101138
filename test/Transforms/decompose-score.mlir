// RUN: fp8attn-opt %s --fp8attn-decompose-attention | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// What modifies scores is one region behind the softmax scale, before log2(e):
// softcap, ALiBi, the region, the mask. The mask's sizes are checked first.
// CHECK-LABEL: func.func @all
// CHECK-SAME:    %[[STARTS:[a-z0-9]+]]: memref<?xi32>, %[[LENS:[a-z0-9]+]]: memref<?xi32>
// CHECK-SAME:    %[[SLOPES:[a-z0-9]+]]: memref<4xf32>, %[[MASK:[a-z0-9]+]]: memref<?x?xi8>
// CHECK:         scf.forall
// CHECK:           %[[S0:.+]] = fp8attn.tile.qk
// CHECK:           %[[S1:.+]] = fp8attn.tile.scale %[[S0]], %{{.+}} : tensor<16x256xf32>, f32
// CHECK:           %[[S2:.+]] = fp8attn.tile.modify %[[S1]], %[[ITEM:.+]][%[[K:.+]]] {
// CHECK-NEXT:      ^bb0(%[[SCORE:.+]]: f32, %[[SEQ:.+]]: index, %[[HEAD:.+]]: index, %[[Q:.+]]: index, %[[KEY:.+]]: index):
// CHECK:             %[[CAP:.+]] = arith.constant 5.000000e+01 : f32
// CHECK:             %[[RATIO:.+]] = arith.divf %[[SCORE]], %[[CAP]]
// CHECK:             %[[TANH:.+]] = math.tanh %[[RATIO]]
// CHECK:             %[[CAPPED:.+]] = arith.mulf %[[TANH]], %[[CAP]]
// CHECK:             %[[SLOPE:.+]] = memref.load %[[SLOPES]][%[[HEAD]]]
// CHECK:             %[[DISTANCE:.+]] = arith.subi %[[KEY]], %[[Q]]
// CHECK:             %[[BIAS:.+]] = arith.mulf %[[SLOPE]], %{{.+}} : f32
// CHECK:             %[[BIASED:.+]] = arith.addf %[[CAPPED]], %[[BIAS]]
// CHECK:             %[[OWN:.+]] = math.absf %[[BIASED]]
// CHECK:             memref.load %[[STARTS]]
// CHECK:             memref.load %[[LENS]][%[[SEQ]]]
// CHECK:             memref.load %[[MASK]][%{{.+}}, %[[KEY]]]
// CHECK:             %[[NEW:.+]] = arith.select %{{.+}}, %[[OWN]], %{{.+}} : f32
// CHECK:             fp8attn.yield %[[NEW]]
// CHECK:           %[[S3:.+]] = fp8attn.tile.scale %[[S2]], %{{.+}} : tensor<16x256xf32>, f32
// CHECK:           fp8attn.tile.mask %[[S3]], %[[ITEM]][%[[K]]]
func.func @all(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %slopes: memref<4xf32>, %mask: memref<?x?xi8>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) alibi(%slopes : memref<4xf32>) mask(%mask : memref<?x?xi8>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %new = math.absf %score : f32
        fp8attn.yield %new : f32
      } {softcap = 50.0 : f32}
  return
}

// Rows of the mask are found from the first query if it stands at the first key.
// CHECK-LABEL: func.func @top_left
// CHECK-SAME:    %[[STARTS:[a-z0-9]+]]: memref<?xi32>, %[[LENS:[a-z0-9]+]]: memref<?xi32>
// CHECK:         ^bb0(%{{.+}}: f32, %[[SEQ:.+]]: index, %{{.+}}: index, %[[Q:.+]]: index, %[[KEY:.+]]: index):
// CHECK-NEXT:      %[[START32:.+]] = memref.load %[[STARTS]][%[[SEQ]]]
// CHECK-NEXT:      %[[START:.+]] = arith.index_cast %[[START32]] : i32 to index
// CHECK-NEXT:      %[[TOKEN:.+]] = arith.addi %[[START]], %[[Q]]
// CHECK-NEXT:      memref.load %{{.+}}[%[[TOKEN]], %[[KEY]]]
func.func @top_left(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x?xi8>) {
  fp8attn.paged_attention causal alignment = top_left query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) mask(%mask : memref<?x?xi8>)
  return
}

// A mask of numbers is added.
// CHECK-LABEL: func.func @additive
// CHECK:         ^bb0(%[[SCORE:.+]]: f32, %{{.+}}: index
// CHECK:         %[[ELEMENT:.+]] = memref.load %{{.+}} : memref<?x?xf32>
// CHECK:         %[[NEW:.+]] = arith.addf %[[SCORE]], %[[ELEMENT]]
// CHECK:         fp8attn.yield %[[NEW]]
func.func @additive(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x?xf32>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) mask(%mask : memref<?x?xf32>)
  return
}
