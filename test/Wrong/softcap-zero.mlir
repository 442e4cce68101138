// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A bound that leaves nothing.
// CHECK: error: 'fp8attn.attention' op expects softcap to be finite and greater than 0, got 0.000000e+00 : f32
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) {softcap = 0.0 : f32}
  return
}
