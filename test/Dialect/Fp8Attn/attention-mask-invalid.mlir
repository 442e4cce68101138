// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// attention_c8: a mask of another batch.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<2x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>,
    %mask: memref<3x1x?x?xi8>) {
  // expected-error@below {{'fp8attn.attention' op expects batch of mask (3) to equal batch of query (2)}}
  fp8attn.attention
      query(%query : memref<2x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
      mask(%mask : memref<3x1x?x?xi8>)
  return
}

// -----

// attention_c8: masks of as many heads as share keys are none.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>,
    %mask: memref<?x8x?x?xi8>) {
  // expected-error@below {{'fp8attn.attention' op expects heads of mask (8) to equal heads of query (16)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
      mask(%mask : memref<?x8x?x?xi8>)
  return
}

// -----

// attention_c8: whether all heads share the mask must be known.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>,
    %mask: memref<?x?x?x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects static heads of mask, 1 or those of query (16), got ?}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
      mask(%mask : memref<?x?x?x?xf32>)
  return
}

// -----

// attention_c8: a column for each key.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    // expected-note@below {{key is defined here}}
    %key: memref<?x8x5x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>,
    %mask: memref<1x1x?x6xi8>) {
  // expected-error@below {{'fp8attn.attention' op expects at most as many keys of mask as keys of key (5), got 6}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x5x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
      mask(%mask : memref<1x1x?x6xi8>)
  return
}
