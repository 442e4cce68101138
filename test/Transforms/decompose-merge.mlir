// RUN: fp8attn-opt %s --fp8attn-decompose-merge | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-decompose-merge --fp8attn-decompose-merge | FileCheck %s

// All heads of a token at a time; the result is written where the first part
// was.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME:    %[[OUT:[a-z0-9_]+]]: memref<?x32x128xbf16>, %[[LSE:[a-z0-9_]+]]: memref<?x32xf32>,
// CHECK-SAME:    %[[OTHER:[a-z0-9_]+]]: memref<?x32x128xbf16, strided<[?, 256, 1]>>
// CHECK:         %[[TOKENS:.+]] = memref.dim %[[OUT]]
// CHECK:         scf.forall (%[[I:.+]]) in (%[[TOKENS]]) {
// CHECK:           %[[A:.+]] = memref.subview %[[OUT]][%[[I]], 0, 0] [1, 32, 128]
// CHECK:           %[[ALSE:.+]] = memref.subview %[[LSE]][%[[I]], 0] [1, 32]
// CHECK:           %[[B:.+]] = memref.subview %[[OTHER]][%[[I]], 0, 0] [1, 32, 128] [1, 1, 1] {{.+}} to memref<32x128xbf16, strided<[256, 1]
// CHECK:           fp8attn.tile.merge %[[A]], %[[ALSE]], %[[B]], %{{.+}} into
// CHECK-NOT:     fp8attn.merge
func.func @in_place(%out: memref<?x32x128xbf16>, %lse: memref<?x32xf32>,
                    %other: memref<?x32x128xbf16, strided<[?, 256, 1]>>, %other_lse: memref<?x32xf32>) {
  fp8attn.merge first(%out, %lse : memref<?x32x128xbf16>, memref<?x32xf32>)
      second(%other, %other_lse : memref<?x32x128xbf16, strided<[?, 256, 1]>>, memref<?x32xf32>)
      into(%out, %lse : memref<?x32x128xbf16>, memref<?x32xf32>)
  return
}

// Nothing to merge: nothing changes.
// CHECK-LABEL: func.func @other
// CHECK-NEXT:    return
func.func @other(%out: memref<?x32x128xbf16>) {
  return
}
