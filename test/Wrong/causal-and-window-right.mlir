// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// Two bounds of what is seen.
// CHECK: error: 'fp8attn.attention' op expects no window_right beside causal, which is window_right = 0, got 3
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention causal window_right = 3
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
