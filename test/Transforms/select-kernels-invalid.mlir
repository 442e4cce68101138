// RUN: not fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-select-kernels))' 2>&1 | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// Kernels have no place for scales between the operations.
// CHECK: error: 'fp8attn.tile.pv' op cannot be given a kernel: expects an operand made by fp8attn.tile.load_value
// CHECK: note: it is made by fp8attn.tile.scale, a scale that was not folded
func.func @unfolded(%query: memref<?x32x128xbf16>, %cache: !kv, %scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
