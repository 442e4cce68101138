// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A view of every other channel.
// CHECK: error: 'fp8attn.attention' op expects innermost stride of query to be 1, got 2
func.func @attend(%query: memref<2x8x?x64xbf16, strided<[?, ?, ?, 2]>>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16, strided<[?, ?, ?, 2]>>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
