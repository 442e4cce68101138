// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Queries that see selected keys, and the same functions without a list: for
// SelectedKeysTest.cpp.
// CHECK: fp8attn_status pages(fp8attn_context *context,
// CHECK:     const fp8attn_tensor *selected_pages,
// CHECK: fp8attn_status tokens(fp8attn_context *context,
// CHECK:     const fp8attn_tensor *selected_tokens,

!ints = memref<?xi32>
!table = memref<?x?xi32>
#page = affine_map<(page, head, token, channel) -> (page)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>

// Decode and prefill of an FP8 cache, with sinks, scales by page and by token, and the
// log-sum-exp.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!rows = memref<?x4x64xbf16>
!lse = memref<?x4xf32>
!key_scale = memref<?xf32>
!value_scale = memref<?x2x32xf32>
func.func @whole(%query: !rows, %cache: !kv, %key_scale: !key_scale, %value_scale: !value_scale,
                 %query_start: !ints, %seq_lens: !ints, %block_table: !table,
                 %sink: memref<4xf32>, %out: !rows, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : !key_scale, #page) value_scale(%value_scale : !value_scale, #token)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) sink(%sink : memref<4xf32>)
      out(%out : !rows) lse(%lse : !lse)
  return
}
func.func @pages(%query: !rows, %cache: !kv, %key_scale: !key_scale, %value_scale: !value_scale,
                 %query_start: !ints, %seq_lens: !ints, %block_table: !table,
                 %selected_pages: !table, %sink: memref<4xf32>, %out: !rows, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : !key_scale, #page) value_scale(%value_scale : !value_scale, #token)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) sink(%sink : memref<4xf32>)
      out(%out : !rows) lse(%lse : !lse) selected_pages(%selected_pages : !table)
  return
}
func.func @tokens(%query: !rows, %cache: !kv, %key_scale: !key_scale, %value_scale: !value_scale,
                  %query_start: !ints, %seq_lens: !ints, %block_table: !table,
                  %selected_tokens: !table, %sink: memref<4xf32>, %out: !rows, %lse: !lse) {
  fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
      key_scale(%key_scale : !key_scale, #page) value_scale(%value_scale : !value_scale, #token)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) sink(%sink : memref<4xf32>)
      out(%out : !rows) lse(%lse : !lse) selected_tokens(%selected_tokens : !table)
  return
}

// Two caches of different types, a softcap and a factor of the call, of results in f32,
// without the log-sum-exp, and queries that stand at the first keys.
!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!rows_f32 = memref<?x4x64xf32>
func.func @split_pages(%query: !rows_f32, %keys: !keys, %values: !values, %key_scale: !value_scale,
                       %query_start: !ints, %seq_lens: !ints, %block_table: !table, %selected_pages: !table,
                       %scale: f32, %out: !rows_f32) {
  fp8attn.paged_attention window_right = 2 alignment = top_left query(%query : !rows_f32)
      cache(%keys, %values : !keys, !values) key_scale(%key_scale : !value_scale, #token)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !rows_f32)
      softmax_scale(%scale : f32) selected_pages(%selected_pages : !table) {softcap = 3.0 : f32}
  return
}
func.func @split_tokens(%query: !rows_f32, %keys: !keys, %values: !values, %key_scale: !value_scale,
                        %query_start: !ints, %seq_lens: !ints, %block_table: !table, %selected_tokens: !table,
                        %scale: f32, %out: !rows_f32) {
  fp8attn.paged_attention window_right = 2 alignment = top_left query(%query : !rows_f32)
      cache(%keys, %values : !keys, !values) key_scale(%key_scale : !value_scale, #token)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table) out(%out : !rows_f32)
      softmax_scale(%scale : f32) selected_tokens(%selected_tokens : !table) {softcap = 3.0 : f32}
  return
}

// Latent attention, whose values have the scale of the keys: by token and by blocks of
// channels, and 18 rows a token.
#block = affine_map<(page, head, token, channel) -> (page * 32 + token, channel floordiv 32)>
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!block_scale = memref<?x3xf8E8M0FNU>
!latent_query = memref<?x18x96xbf16>
!latent_rows = memref<?x18x64xf32>
func.func @latent_tokens(%query: !latent_query, %cache: !latent, %key_scale: !block_scale,
                         %query_start: !ints, %seq_lens: !ints, %block_table: !table,
                         %selected_tokens: !table, %out: !latent_rows, %lse: memref<?x18xf32>) {
  fp8attn.paged_attention causal query(%query : !latent_query) cache(%cache : !latent)
      key_scale(%key_scale : !block_scale, #block)
      batch(%query_start, %seq_lens, %block_table : !ints, !ints, !table)
      out(%out : !latent_rows) lse(%lse : memref<?x18xf32>) selected_tokens(%selected_tokens : !table)
  return
}
