// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s
// RUN: not fp8attn-run %s 2>&1 | %wrong %s

// Tensors, which have no place in memory yet.
// CHECK: error: 'fp8attn.attention' op expects memrefs, got tensors; bufferize first (docs/Tensors.md)
func.func @attend(%query: tensor<2x8x?x64xbf16>, %key: tensor<2x2x?x64xbf16>, %value: tensor<2x2x?x64xbf16>, %out: tensor<2x8x?x64xbf16>) -> tensor<2x8x?x64xbf16> {
  %result = fp8attn.attention
      query(%query : tensor<2x8x?x64xbf16>) key(%key : tensor<2x2x?x64xbf16>) value(%value : tensor<2x2x?x64xbf16>)
      out(%out : tensor<2x8x?x64xbf16>) -> tensor<2x8x?x64xbf16>
  return %result : tensor<2x8x?x64xbf16>
}
