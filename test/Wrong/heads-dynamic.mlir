// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Heads that are known only to the call.
// CHECK: error: 'fp8attn.attention' op expects heads of query to be static, got ? in 'memref<2x?x?x64xbf16>'
func.func @attend(%query: memref<2x?x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : memref<2x?x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
