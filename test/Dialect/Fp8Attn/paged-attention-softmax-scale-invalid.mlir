// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c8: zero.
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
  // expected-error@below {{'fp8attn.paged_attention' op expects softmax_scale to be finite and greater than 0, got 0.000000e+00 : f32}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
      {softmax_scale = 0.0 : f32}
  return
}

// -----

// paged_attention_c8: negative.
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
  // expected-error@below {{'fp8attn.paged_attention' op expects softmax_scale to be finite and greater than 0, got -1.250000e-01 : f32}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
      {softmax_scale = -0.125 : f32}
  return
}

// -----

// paged_attention_c8: NaN.
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
  // expected-error@below {{'fp8attn.paged_attention' op expects softmax_scale to be finite and greater than 0, got 0x7FC00000 : f32}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
      {softmax_scale = 0x7FC00000 : f32}
  return
}

// -----

// paged_attention_c8: infinity.
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
  // expected-error@below {{'fp8attn.paged_attention' op expects softmax_scale to be finite and greater than 0, got 0x7F800000 : f32}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
      {softmax_scale = 0x7F800000 : f32}
  return
}
