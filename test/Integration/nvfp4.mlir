// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// NVFP4: scales of f8E4M3FN for 16 channels of a token, times a number, of each head for keys
// and of the tensor for values. For Nvfp4Test.cpp.
// CHECK: key_scale: f8E4M3FN [?, 2, 32, 2]
// CHECK: key_outer_scale: f32 [2]
// CHECK: value_outer_scale: f32 []
// CHECK: #define ATTEND_NVFP4_CACHE_PAGE_BYTES 2048

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 32, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!tokens = memref<?x2x32xf32>
!rows = memref<?x4x32xf32>
!blocks = memref<?x2x32x2xf8E4M3FN>
#sixteen = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 16)>

func.func @write_nvfp4(%key: !tokens, %value: !tokens, %slots: memref<?xi64>, %key_scale: !blocks,
    %value_scale: !blocks, %key_outer_scale: memref<2xf32>, %value_outer_scale: memref<f32>, %cache: !kv) {
  fp8attn.kv_write key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : !blocks, #sixteen) value_scale(%value_scale : !blocks, #sixteen)
      key_outer_scale(%key_outer_scale : memref<2xf32>) value_outer_scale(%value_outer_scale : memref<f32>)
      cache(%cache : !kv)
  return
}

// The same with scales that the call computes.
func.func @write_computed(%key: !tokens, %value: !tokens, %slots: memref<?xi64>, %key_scale: !blocks,
    %value_scale: !blocks, %key_outer_scale: memref<2xf32>, %value_outer_scale: memref<f32>, %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : !blocks, #sixteen) value_scale(%value_scale : !blocks, #sixteen)
      key_outer_scale(%key_outer_scale : memref<2xf32>) value_outer_scale(%value_outer_scale : memref<f32>)
      cache(%cache : !kv)
  return
}

// A query sees its own key.
func.func @attend_nvfp4(%query: !rows, %cache: !kv, %key_scale: !blocks, %value_scale: !blocks,
    %key_outer_scale: memref<2xf32>, %value_outer_scale: memref<f32>, %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows, %lse: memref<?x4xf32>) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : !blocks, #sixteen) value_scale(%value_scale : !blocks, #sixteen)
      key_outer_scale(%key_outer_scale : memref<2xf32>) value_outer_scale(%value_outer_scale : memref<f32>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows) lse(%lse : memref<?x4xf32>) {softmax_scale = 1.0 : f32}
  return
}
