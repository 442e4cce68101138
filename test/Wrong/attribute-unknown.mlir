// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// An option that there is not.
// CHECK: error: 'fp8attn.attention' op expects no attribute 'dropout'; expects one of alignment, causal,
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) {dropout = 0.1 : f32}
  return
}
