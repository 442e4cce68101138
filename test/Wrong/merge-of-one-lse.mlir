// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Parts in the wrong order.
// CHECK: error: 'fp8attn.merge' op expects first_lse to be a memref or tensor of 2 or 3 dimensions and f32, got 'memref<?x8x64xbf16>'
func.func @merge(%a: memref<?x8x64xbf16>, %b: memref<?x8x64xbf16>, %lse: memref<?x8xf32>) {
  fp8attn.merge first(%a, %b : memref<?x8x64xbf16>, memref<?x8x64xbf16>)
      second(%b, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      into(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
  return
}
