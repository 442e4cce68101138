// RUN: not fp8attn-compile %s -o %t.o 2>&1 | FileCheck %s

// A scale that differs by token and by channel has no place, and no kernel.
!e5m2 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
// CHECK: error: 'fp8attn.tile.qk' op cannot be given a kernel: expects an operand made by fp8attn.tile.load_key
// CHECK: note: it is made by fp8attn.tile.scale, a scale that was not folded
func.func @unfolded(%query: memref<?x2x64xbf16>, %cache: !e5m2, %key_scale: memref<?x2x32x64xf32>,
    %value_scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x2x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x2x64xbf16>) cache(%cache : !e5m2)
      key_scale(%key_scale : memref<?x2x32x64xf32>, affine_map<(page, head, token, channel) -> (page, head, token, channel)>)
      value_scale(%value_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x2x64xbf16>)
  return
}
