// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c3: the output has fewer heads.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of out (8) to equal heads of query (16)}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// -----

// paged_attention_c12: the output has the channels of the keys, not the values.
!cache0 = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!cache1 = !fp8attn.cache<value, heads = 8, head_dim = 40, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    // expected-note@below {{the cache is defined here}}
    %cache1: !cache1,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects head dim of out (64) to equal head_dim of the cache (40)}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0, %cache1 : !cache0, !cache1)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// paged_attention_c4: lse has fewer heads.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>,
    %lse: memref<?x8xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects heads of lse (8) to equal heads of query (16)}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
      lse(%lse : memref<?x8xf32>)
  return
}

// -----

// paged_attention_c5: the output has fewer tokens.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<4x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<3x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects tokens of out (3) to equal tokens of query (4)}}
  fp8attn.paged_attention
      query(%query : memref<4x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<3x16x64xbf16>)
  return
}

// -----

// paged_attention_c5: lse has fewer tokens.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<4x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<4x16x64xbf16>,
    %lse: memref<3x16xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects tokens of lse (3) to equal tokens of query (4)}}
  fp8attn.paged_attention
      query(%query : memref<4x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<4x16x64xbf16>)
      lse(%lse : memref<3x16xf32>)
  return
}
