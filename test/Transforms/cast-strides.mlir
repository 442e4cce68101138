// RUN: fp8attn-opt --fp8attn-cast-strides %s | FileCheck %s
// RUN: fp8attn-opt --fp8attn-cast-strides --fp8attn-cast-strides %s | FileCheck %s

!rows = memref<?x8x64xbf16, strided<[?, ?, ?], offset: ?>>
!heads = memref<?x8xf32, strided<[?, ?], offset: ?>>

// A value that is read and written is cast once.
// CHECK-LABEL: func @merge(
// CHECK-SAME: %[[OUT:[^:]+]]: memref<?x8x64xbf16, strided<[?, ?, ?], offset: ?>>, %[[LSE:[^:]+]]: memref
// CHECK: %[[OUT_CAST:.+]] = memref.cast %[[OUT]] : {{.+}} to memref<?x8x64xbf16, strided<[?, ?, 1], offset: ?>>
// CHECK-NEXT: %[[LSE_CAST:.+]] = memref.cast %[[LSE]] : {{.+}} to memref<?x8xf32, strided<[?, 1], offset: ?>>
// CHECK-NOT: memref.cast
// CHECK: fp8attn.merge first(%[[OUT_CAST]], %[[LSE_CAST]]
// CHECK-SAME: into(%[[OUT_CAST]], %[[LSE_CAST]]
func.func @merge(%out: !rows, %lse: !heads, %other: memref<?x8x64xbf16>, %other_lse: memref<?x8xf32>) {
  fp8attn.merge first(%out, %lse : !rows, !heads)
      second(%other, %other_lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      into(%out, %lse : !rows, !heads)
  return
}

// Strides that are known stay, and so do scales, which need not be contiguous.
// CHECK-LABEL: func @quantize(
// CHECK-NOT: memref.cast
// CHECK: return
func.func @quantize(%x: memref<?x128xbf16, strided<[?, 1], offset: ?>>,
                    %scale: memref<?xf32, strided<[?], offset: ?>>, %y: memref<?x128xf8E5M2>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> (t)>) into %y
      : memref<?x128xbf16, strided<[?, 1], offset: ?>>, memref<?xf32, strided<[?], offset: ?>>, memref<?x128xf8E5M2>
  return
}
