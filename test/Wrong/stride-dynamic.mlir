// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A view whose channels may be anywhere.
// CHECK: error: 'fp8attn.attention' op expects innermost stride of query to be static and 1, got ?
func.func @attend(%query: memref<2x8x?x64xbf16, strided<[?, ?, ?, ?]>>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16, strided<[?, ?, ?, ?]>>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
