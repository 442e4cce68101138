// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// attention_c5: two batches.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<2x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<3x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects batch of value (3) to equal batch of query (2)}}
  fp8attn.attention
      query(%query : memref<2x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<3x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c6: a result for each query.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x5x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x4xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects queries of lse (4) to equal queries of query (5)}}
  fp8attn.attention
      query(%query : memref<?x16x5x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x4xf32>)
  return
}

// -----

// attention_c6: a value for each key.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    // expected-note@below {{key is defined here}}
    %key: memref<?x8x5x64xf8E4M3FN>,
    %value: memref<?x8x4x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects keys of value (4) to equal keys of key (5)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x5x64xf8E4M3FN>)
      value(%value : memref<?x8x4x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c7: tokens are counted in 32 bits.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x2147483648x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects at most 2147483647 keys, got 2147483648}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x2147483648x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}
