// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A window without a size.
// CHECK: error: 'fp8attn.attention' op expects window_left to be at least 0, got -1
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention window_left = -1
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
