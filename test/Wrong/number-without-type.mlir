// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A number that MLIR reads as an f64.
// CHECK: error: custom op 'fp8attn.attention' attribute 'softmax_scale' failed to satisfy constraint: f32 number, which is written as in 50.0 : f32
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) {softmax_scale = 0.125}
  return
}
