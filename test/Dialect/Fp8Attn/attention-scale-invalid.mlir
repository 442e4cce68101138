// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// cache_scale_c1: FP8 keys have a scale.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects a key_scale, because key holds 'f8E4M3FN'}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// cache_scale_c1: f32 values have none.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xf32>,
    %key_scale: memref<8xf32>,
    %value_scale: memref<f32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects no value_scale, because value holds 'f32'}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xf32>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<f32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c9: the map is from the four indices.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects the map of key_scale to be affine_map<(batch, head, token, channel) -> ()>, a scale for the tensor, or -> (head), got affine_map<(d0) -> (d0)>}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(head) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// cache_scale_c6: a scale for each KV head.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<16xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects key_scale to have 8 elements in dimension 0, as its map says, got 'memref<16xf32>'}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<16xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c9: a scale for each channel.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<64xf32>,
    %out: memref<?x16x?x32xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects the map of key_scale to be affine_map<(batch, head, token, channel) -> ()>, a scale for the tensor, or -> (head), got affine_map<(d0, d1, d2, d3) -> (d3)>}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<64xf32>, affine_map<(batch, head, token, channel) -> (channel)>)
      out(%out : memref<?x16x?x32xbf16>)
  return
}

// -----

// attention_c9: a scale for each token, of which there are as many as the call says.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<?xf32>,
    %out: memref<?x16x?x32xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects the map of key_scale to be affine_map<(batch, head, token, channel) -> ()>, a scale for the tensor, or -> (head), got affine_map<(d0, d1, d2, d3) -> (d2)>}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<?xf32>, affine_map<(batch, head, token, channel) -> (token)>)
      out(%out : memref<?x16x?x32xbf16>)
  return
}
