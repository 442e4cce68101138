// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A scale for each token of a dense tensor.
// CHECK: error: 'fp8attn.attention' op expects the map of key_scale to be affine_map<(batch, head, token, channel) -> ()>, a scale for the tensor, or -> (head), got affine_map<(d0, d1, d2, d3) -> (d2)>
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xf8E5M2>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>, %scale: memref<?xf32>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xf8E5M2>) value(%value : memref<2x2x?x64xbf16>)
      key_scale(%scale : memref<?xf32>, affine_map<(b, h, t, c) -> (t)>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
