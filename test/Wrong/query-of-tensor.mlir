// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A tensor, which is no memory.
// CHECK: error: 'fp8attn.attention' op operand #0 must be query, a 4D memref of bfloat16 type or 16-bit float or 32-bit float values, but got 'tensor<2x8x?x64xbf16>'
func.func @attend(%query: tensor<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>) {
  fp8attn.attention
      query(%query : tensor<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
