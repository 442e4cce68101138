// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c8: as there.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects softmax_scale to be finite and greater than 0, got 0.000000e+00 : f32}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>) {softmax_scale = 0.0 : f32}
  return
}

// -----

// paged_attention_c13: as there.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects softcap to be finite and greater than 0, got -1.000000e+00 : f32}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>) {softcap = -1.0 : f32}
  return
}

// -----

// paged_attention_c14: as there.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>,
    %alibi: memref<8xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects alibi to have an element for each head of query (16), got 8}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
      alibi(%alibi : memref<8xf32>)
  return
}
