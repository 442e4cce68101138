// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// The name of an argument in the C header.
// CHECK: error: 'func.func' op expects no attribute 'fp8attn.nam' on argument 0; did you mean 'fp8attn.name'?
func.func @attend(%query: memref<2x8x?x64xbf16> {fp8attn.nam = "q"}, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
