// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A scale of what has none.
// CHECK: error: 'fp8attn.attention' op expects no key_scale, because key holds 'bf16'
func.func @attend(%query: memref<2x8x?x64xbf16>, %key: memref<2x2x?x64xbf16>, %value: memref<2x2x?x64xbf16>, %out: memref<2x8x?x64xbf16>, %scale: memref<f32>) {
  fp8attn.attention
      query(%query : memref<2x8x?x64xbf16>) key(%key : memref<2x2x?x64xbf16>) value(%value : memref<2x2x?x64xbf16>)
      key_scale(%scale : memref<f32>, affine_map<(b, h, t, c) -> ()>)
      out(%out : memref<2x8x?x64xbf16>)
  return
}
