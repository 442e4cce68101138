// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Sequences in groups that share a prefix, the same by the operations that define
// it, and without a prefix: for SharedPrefixTest.cpp.
// CHECK: fp8attn_status scaled(fp8attn_context *context,
// CHECK:     const fp8attn_tensor *group_start,
// CHECK:     const fp8attn_tensor *prefix_lens,
// CHECK:     const fp8attn_tensor *prefix_table

!ints = memref<?xi32>
!table = memref<?x?xi32>
#page = affine_map<(page, head, token, channel) -> (page)>
#head = affine_map<(page, head, token, channel) -> (head)>

// Decode and prefill of an FP8 cache, with sinks, scales by page and by head, and the
// log-sum-exp.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = memref<?x4x64xbf16>
!rows_f32 = memref<?x4x64xf32>
!lse = memref<?x4xf32>
func.func @scaled(%query: !rows, %cache: !kv, %key_scale: memref<?xf32>, %value_scale: memref<2xf32>,
                  %query_start: !ints, %seq_lens: !ints, %block_table: !table, %group_start: !ints,
                  %prefix_lens: !ints, %prefix_table: !table, %sink: memref<4xf32>, %out: !rows, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : memref<?xf32>, #page) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) sink(%sink : memref<4xf32>)
      out(%out : !rows) lse(%lse : !lse)
      prefix(%group_start, %prefix_lens, %prefix_table : !ints, !ints, !table)
  return
}
func.func @without_prefix(%query: !rows, %cache: !kv, %key_scale: memref<?xf32>, %value_scale: memref<2xf32>,
                          %query_start: !ints, %seq_lens: !ints, %block_table: !table, %sink: memref<4xf32>,
                          %out: !rows, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : memref<?xf32>, #page) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) sink(%sink : memref<4xf32>)
      out(%out : !rows) lse(%lse : !lse)
  return
}
func.func @scaled_parts(%query: !rows, %cache: !kv, %key_scale: memref<?xf32>, %value_scale: memref<2xf32>,
                        %query_start: !ints, %seq_lens: !ints, %block_table: !table, %starts_of_groups: !ints,
                        %prefix_lens: !ints, %prefix_table: !table, %sink: memref<4xf32>, %out: !rows, %lse: !lse,
                        %prefix_out: !rows_f32, %prefix_lse: !lse, %own_out: !rows_f32) {
  fp8attn.paged_attention query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : memref<?xf32>, #page) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%starts_of_groups, %prefix_lens, %prefix_table : !ints, !ints, !table)
      out(%prefix_out : !rows_f32) lse(%prefix_lse : !lse)
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : memref<?xf32>, #page) value_scale(%value_scale : memref<2xf32>, #head)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) sink(%sink : memref<4xf32>)
      out(%own_out : !rows_f32) lse(%lse : !lse)
  fp8attn.merge first(%prefix_out, %prefix_lse : !rows_f32, !lse) second(%own_out, %lse : !rows_f32, !lse)
      into(%out, %lse : !rows, !lse)
  return
}

// Two caches, a mask of the own keys, a softcap and a factor of the call, of results
// in f32, without the log-sum-exp.
!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!mask = memref<?x?xi8>
func.func @masked(%query: !rows_f32, %keys: !keys, %values: !values, %query_start: !ints, %seq_lens: !ints,
                  %block_table: !table, %group_start: !ints, %prefix_lens: !ints, %prefix_table: !table,
                  %mask: !mask, %scale: f32, %out: !rows_f32) {
  fp8attn.paged_attention window_right = 2 alignment = top_left query(%query : !rows_f32)
      cache(%keys, %values : !keys, !values)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !rows_f32) mask(%mask : !mask)
      softmax_scale(%scale : f32) prefix(%group_start, %prefix_lens, %prefix_table : !ints, !ints, !table)
      {softcap = 3.0 : f32}
  return
}
func.func @masked_parts(%query: !rows_f32, %keys: !keys, %values: !values, %query_start: !ints, %seq_lens: !ints,
                        %block_table: !table, %starts_of_groups: !ints, %prefix_lens: !ints, %prefix_table: !table,
                        %mask: !mask, %scale: f32, %out: !rows_f32, %prefix_out: !rows_f32, %prefix_lse: !lse,
                        %own_out: !rows_f32, %own_lse: !lse) {
  fp8attn.paged_attention query(%query : !rows_f32) cache(%keys, %values : !keys, !values)
      batch(%starts_of_groups, %prefix_lens, %prefix_table : !ints, !ints, !table)
      out(%prefix_out : !rows_f32) lse(%prefix_lse : !lse) softmax_scale(%scale : f32) {softcap = 3.0 : f32}
  fp8attn.paged_attention window_right = 2 alignment = top_left query(%query : !rows_f32)
      cache(%keys, %values : !keys, !values)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%own_out : !rows_f32)
      lse(%own_lse : !lse) mask(%mask : !mask) softmax_scale(%scale : f32) {softcap = 3.0 : f32}
  fp8attn.merge first(%prefix_out, %prefix_lse : !rows_f32, !lse) second(%own_out, %own_lse : !rows_f32, !lse)
      into(%out, %own_lse : !rows_f32, !lse)
  return
}
