// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Codes of i8 with zero points, one for each token, of keys and of values apart. For
// ZeroPointTest.cpp.
// CHECK: key_zero_point: i8 [?, 1, 32]
// CHECK: value_zero_point: i8 [?, 1, 32]

!kv = !fp8attn.cache<key_value, heads = 1, head_dim = 256, page = 32, i8, #fp8attn.layout<pairs>>
!tokens = memref<?x1x256xf32>
!rows = memref<?x64x256xf32>
!scales = memref<?x1x32xf32>
!points = memref<?x1x32xi8>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#one = affine_map<(page, head, token, channel) -> ()>

func.func @write_zero_points(%key: !tokens, %value: !tokens, %slots: memref<?xi64>, %key_scale: memref<f32>,
    %value_scale: !scales, %key_zero_point: !points, %value_zero_point: !points, %cache: !kv) {
  fp8attn.kv_write key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<f32>, #one) value_scale(%value_scale : !scales, #token)
      key_zero_point(%key_zero_point : !points, #token) value_zero_point(%value_zero_point : !points, #token)
      cache(%cache : !kv)
  return
}

// The same with what the call computes.
func.func @write_computed_points(%key: !tokens, %value: !tokens, %slots: memref<?xi64>, %key_scale: !scales,
    %value_scale: !scales, %key_zero_point: !points, %value_zero_point: !points, %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : !tokens) value(%value : !tokens) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : !scales, #token) value_scale(%value_scale : !scales, #token)
      key_zero_point(%key_zero_point : !points, #token) value_zero_point(%value_zero_point : !points, #token)
      cache(%cache : !kv)
  return
}

// A query sees its own key.
func.func @attend_zero_points(%query: !rows, %cache: !kv, %key_scale: memref<f32>, %value_scale: !scales,
    %key_zero_point: !points, %value_zero_point: !points, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: !rows, %lse: memref<?x64xf32>) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : memref<f32>, #one) value_scale(%value_scale : !scales, #token)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows) lse(%lse : memref<?x64xf32>)
      key_zero_point(%key_zero_point : !points, #token) value_zero_point(%value_zero_point : !points, #token)
      {softmax_scale = 1.0 : f32}
  return
}
