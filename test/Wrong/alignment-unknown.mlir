// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// An alignment that there is not.
// CHECK: error: custom op 'fp8attn.attention' expects alignment to be bottom_right or top_left, got 'upper_left'
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention causal alignment = upper_left
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
