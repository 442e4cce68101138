// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A window that is a word.
// CHECK: error: custom op 'fp8attn.attention' expects an integer, as in window_left = 4095
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention window_left = all
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
