// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A result in the place of the queries.
// CHECK: error: 'fp8attn.attention' op expects out, which is written, to be memory of its own, got the value of query
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%query : memref<2x8x?x64xbf16>)
  return
}
