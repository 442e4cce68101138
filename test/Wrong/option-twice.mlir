// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A window of two sizes.
// CHECK: error: custom op 'fp8attn.attention' attribute 'window_left' occurs more than once
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention window_left = 127
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>) {window_left = 255}
  return
}
