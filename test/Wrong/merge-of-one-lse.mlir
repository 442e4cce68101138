// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Parts in the wrong order.
// CHECK: error: 'fp8attn.merge' op operand #1 must be first_lse, a 2D/3D memref or tensor of 32-bit float values, but got 'memref<?x8x64xbf16>'
func.func @merge(%a: memref<?x8x64xbf16>, %b: memref<?x8x64xbf16>, %lse: memref<?x8xf32>) {
  fp8attn.merge first(%a, %b : memref<?x8x64xbf16>, memref<?x8x64xbf16>)
      second(%b, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      into(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
  return
}
