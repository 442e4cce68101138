// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A clause that there is not.
// CHECK: error: custom op 'fp8attn.attention' expects no clause 'bias'; expects one of causal, window_left,
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>, %bias: memref<2x8x?x?xf32>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) bias(%bias : memref<2x8x?x?xf32>)
  return
}
