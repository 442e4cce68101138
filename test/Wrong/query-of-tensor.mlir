// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A tensor among memrefs.
// CHECK: error: 'fp8attn.attention' op expects memrefs or tensors as operands, and not both, got key, a 'memref<2x2x?x64xbf16>', and query, a 'tensor<2x8x?x64xbf16>'
func.func @attend(%query: tensor<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : tensor<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
