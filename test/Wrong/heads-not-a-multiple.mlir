// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Query heads that no KV head has.
// CHECK: error: 'fp8attn.attention' op expects heads of query (9) to be a multiple of heads of key (2)
func.func @attend(%query: memref<2x9x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x9x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x9x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x9x?x64xbf16>)
  return
}
