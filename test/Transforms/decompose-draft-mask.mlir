// RUN: fp8attn-opt %s --fp8attn-decompose-attention | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

// Alone, it leaves the scores of keys before the first query as they are; its loads
// are in bounds for those, too.
// CHECK-LABEL: func.func @alone
// CHECK-SAME:    %[[DRAFT:[a-z0-9]+]]: memref<?x?xi8>)
// CHECK:         %[[FIRST:.+]] = fp8attn.tile.diagonal %[[ITEM:.+]]
// CHECK:         fp8attn.tile.modify %{{.+}}, %[[ITEM]][%{{.+}}] from %[[FIRST]] {
// CHECK-NEXT:    ^bb0(%[[SCORE:.+]]: f32, %[[SEQ:.+]]: index, %{{.+}}: index, %{{.+}}: index, %[[KEY:.+]]: index):
// CHECK:           %[[J:.+]] = arith.subi %[[KEY]], %[[FIRST]]
// CHECK:           %[[COLUMN:.+]] = arith.maxsi %[[J]], %[[ZERO:.+]] : index
// CHECK:           %[[IS_DRAFT:.+]] = arith.cmpi sge, %[[J]], %[[ZERO]]
// CHECK:           memref.load %[[DRAFT]][%{{.+}}, %[[COLUMN]]]
// CHECK:           %[[MASKED:.+]] = arith.select %{{.+}}, %[[SCORE]], %{{.+}} : f32
// CHECK:           %[[NEW:.+]] = arith.select %[[IS_DRAFT]], %[[MASKED]], %[[SCORE]] : f32
// CHECK:           fp8attn.yield %[[NEW]]
func.func @alone(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %draft: memref<?x?xi8>) {
  fp8attn.paged_attention causal query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) draft_mask(%draft : memref<?x?xi8>)
  return
}

// Beside what changes all scores, it is the last modification.
// CHECK-LABEL: func.func @capped
// CHECK:         fp8attn.tile.modify %{{.+}}, %{{.+}}[%{{.+}}] {
// CHECK:           math.tanh
// CHECK:           memref.load %{{.+}} : memref<?x?xf32>
// CHECK:           memref.load %{{.+}} : memref<?x?xbf16>
func.func @capped(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x?xf32>, %draft: memref<?x?xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) mask(%mask : memref<?x?xf32>) draft_mask(%draft : memref<?x?xbf16>)
      {softcap = 50.0 : f32}
  return
}
