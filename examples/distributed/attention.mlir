// A decode step over part of a sequence: 8 query heads over 2 KV heads of size 128, an
// e4m3 cache with a scale for each KV head. A model with more heads has several such groups,
// and a rank calls the same functions for each group and segment that it holds.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#per_head = affine_map<(page, head, token, channel) -> (head)>

func.func @write_tokens(%key: memref<?x2x128xbf16>, %value: memref<?x2x128xbf16>,
                        %slots: memref<?xi64>, %key_scale: memref<2xf32>,
                        %value_scale: memref<2xf32>, %cache: !cache) {
  fp8attn.kv_write key(%key : memref<?x2x128xbf16>) value(%value : memref<?x2x128xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      cache(%cache : !cache)
  return
}

// Over a segment that the new tokens come after: they see all of it.
func.func @attend_earlier(%query: memref<?x8x128xbf16>, %cache: !cache,
                          %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                          %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                          %block_table: memref<?x?xi32>,
                          %out: memref<?x8x128xf32>, %lse: memref<?x8xf32>) {
  fp8attn.paged_attention
      query(%query : memref<?x8x128xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x128xf32>) lse(%lse : memref<?x8xf32>)
  return
}

// Over the segment that ends with the new tokens.
func.func @attend_last(%query: memref<?x8x128xbf16>, %cache: !cache,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>,
                       %out: memref<?x8x128xf32>, %lse: memref<?x8xf32>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x128xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x128xf32>) lse(%lse : memref<?x8xf32>)
  return
}

// Adds the next segment to the result of those before it.
func.func @merge_segment(%out: memref<?x8x128xf32>, %lse: memref<?x8xf32>,
                         %next: memref<?x8x128xf32>, %next_lse: memref<?x8xf32>) {
  fp8attn.merge first(%out, %lse : memref<?x8x128xf32>, memref<?x8xf32>)
      second(%next, %next_lse : memref<?x8x128xf32>, memref<?x8xf32>)
      into(%out, %lse : memref<?x8x128xf32>, memref<?x8xf32>)
  return
}
