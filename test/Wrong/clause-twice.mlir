// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A clause that is given twice.
// CHECK: error: custom op 'fp8attn.attention' expects clause 'out' once, got it again
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) out(%out : memref<2x8x?x64xbf16>)
  return
}
