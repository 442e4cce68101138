// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// cache_scale_c3: the map lacks a dimension.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects dimensions (page, head, token, channel) and no symbols in the map of key_scale, got affine_map<(d0, d1, d2) -> (d1)>}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c3: the map has a symbol.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects dimensions (page, head, token, channel) and no symbols in the map of key_scale, got affine_map<(d0, d1, d2, d3)[s0] -> (d1)>}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel)[s] -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c4: an index below 0.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects results of the map of key_scale to be at least 0, with a constant multiple of page, got affine_map<(d0, d1, d2, d3) -> (d2 - 1)>, whose result 0 is as low as -1}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (token - 1)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c4: a size beyond 64 bits, whatever the tensor is.
!cache0 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<?xf32>,
    %value_scale: memref<2xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects results of the map of key_scale to be at least 0, with a constant multiple of page, got affine_map<(d0, d1, d2, d3) -> (d1 * 9223372036854775807)>}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<?xf32>, affine_map<(page, head, token, channel) -> (head * 9223372036854775807)>)
      value_scale(%value_scale : memref<2xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c4: pages that take turns.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects results of the map of key_scale to be at least 0, with a constant multiple of page, got affine_map<(d0, d1, d2, d3) -> (d0 mod 8)>}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (page mod 8)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}
