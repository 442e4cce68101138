// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c1: 12 query heads cannot share 8 KV heads.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x12x64xbf16>,
    // expected-note@below {{the cache is defined here}}
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x12x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of query (12) to be a multiple of heads of the cache (8)}}
  fp8attn.paged_attention
      query(%query : memref<?x12x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x12x64xbf16>)
  return
}

// -----

// paged_attention_c1: the number of query heads is not known.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x?x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x?x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of query to be static, got ? in}}
  fp8attn.paged_attention
      query(%query : memref<?x?x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x?x64xbf16>)
  return
}

// -----

// paged_attention_c2: another head size than the cache.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x128xbf16>,
    // expected-note@below {{the cache is defined here}}
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x128xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects head dim of query (128) to equal head_dim of the cache (64)}}
  fp8attn.paged_attention
      query(%query : memref<?x16x128xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x128xbf16>)
  return
}

// -----

// paged_attention_c2: the head size is not known.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x?xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x?xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects head dim of query to be static, got ? in}}
  fp8attn.paged_attention
      query(%query : memref<?x16x?xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x?xbf16>)
  return
}

// -----

// paged_attention_c1: 8 query heads are four for each head of keys, and cannot share 3 of values.
!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 3, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(%query: memref<?x8x64xbf16>, %keys: !keys,
    // expected-note@below {{the cache is defined here}}
    %values: !values,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of query (8) to be a multiple of heads of the cache (3)}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%keys, %values : !keys, !values)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}
