// RUN: fp8attn-opt %s --fp8attn-decompose-merge | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-decompose-merge --fp8attn-decompose-merge | FileCheck %s

!part = memref<?x8x?x64xf32>
!lse = memref<?x8x?xf32>
!out = memref<?x8x?x64xbf16, strided<[?, 64, 512, 1]>>

// Up to 64 queries of a head of a batch entry at a time.
// CHECK-LABEL: func.func @dense
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: memref<?x8x?x64xf32>, %[[ALSE:[a-z0-9_]+]]: memref<?x8x?xf32>,
// CHECK-SAME:    %[[B:[a-z0-9_]+]]: memref<?x8x?x64xf32>, %[[BLSE:[a-z0-9_]+]]: memref<?x8x?xf32>, %[[OUT:[a-z0-9_]+]]:
// CHECK:         scf.forall (%[[I:.+]]) in
// CHECK:           %[[QUERIES:.+]] = memref.dim %[[A]]
// CHECK:           %[[PADDED:.+]] = arith.addi %[[QUERIES]]
// CHECK:           %[[BLOCKS:.+]] = arith.divui %[[PADDED]]
// CHECK:           %[[BLOCK:.+]] = arith.remui %[[I]], %[[BLOCKS]]
// CHECK:           %[[REST:.+]] = arith.divui %[[I]], %[[BLOCKS]]
// CHECK:           %[[HEAD:.+]] = arith.remui %[[REST]], %[[HEADS:.+]] :
// CHECK:           %[[ENTRY:.+]] = arith.divui %[[REST]], %[[HEADS]]
// CHECK:           %[[FIRST:.+]] = arith.muli %[[BLOCK]], %[[STEP:.+]] :
// CHECK:           %[[LEFT:.+]] = arith.subi %[[QUERIES]], %[[FIRST]]
// CHECK:           %[[COUNT:.+]] = arith.minui %[[LEFT]], %[[STEP]]
// CHECK:           %[[AROWS:.+]] = memref.subview %[[A]][%[[ENTRY]], %[[HEAD]], %[[FIRST]], 0] [1, 1, %[[COUNT]], 64]
// CHECK:           %[[ALSES:.+]] = memref.subview %[[ALSE]][%[[ENTRY]], %[[HEAD]], %[[FIRST]]] [1, 1, %[[COUNT]]]
// CHECK:           %[[OUTROWS:.+]] = memref.subview %[[OUT]][%[[ENTRY]], %[[HEAD]], %[[FIRST]], 0] {{.+}} to memref<?x64xbf16, strided<[512, 1], offset: ?>>
// CHECK:           fp8attn.tile.merge %[[AROWS]], %[[ALSES]], %{{.+}}, %{{.+}} into %[[OUTROWS]], %{{.+}}
// CHECK-NOT:     fp8attn.merge
func.func @dense(%a: !part, %a_lse: !lse, %b: !part, %b_lse: !lse, %out: !out) {
  fp8attn.merge first(%a, %a_lse : !part, !lse) second(%b, %b_lse : !part, !lse)
      into(%out, %a_lse : !out, !lse)
  return
}

// Static sizes, in place.
// CHECK-LABEL: func.func @one_query
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: memref<2x8x1x64xf32>
// CHECK:           %[[AROWS:.+]] = memref.subview %[[A]]
// CHECK:           fp8attn.tile.merge %[[AROWS]], %{{.+}}, %{{.+}}, %{{.+}} into
func.func @one_query(%a: memref<2x8x1x64xf32>, %a_lse: memref<2x8x1xf32>) {
  fp8attn.merge first(%a, %a_lse : memref<2x8x1x64xf32>, memref<2x8x1xf32>)
      second(%a, %a_lse : memref<2x8x1x64xf32>, memref<2x8x1xf32>)
      into(%a, %a_lse : memref<2x8x1x64xf32>, memref<2x8x1xf32>)
  return
}
