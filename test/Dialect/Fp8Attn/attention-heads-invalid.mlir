// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// attention_c1: how many heads share a KV head must be known.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x?x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects heads of key to be static, got ? in}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x?x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c1: more than there may be.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x1025x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects 1 to 1024 heads of key, got 1025}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x1025x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c2: kernels are compiled for a head size.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x?xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects channels of key to be static, got ? in}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x?xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c2: no multiple of 8.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x36xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects channels of value that are a multiple of 8 up to 576, got 36}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x36xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c2: more than kernels take.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x584xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects channels of key that are a multiple of 8 up to 576, got 584}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x584xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c3: 12 query heads cannot share 8 KV heads.
func.func @attention(
    %query: memref<?x12x?x64xbf16>,
    // expected-note@below {{key is defined here}}
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects heads of query (12) to be a multiple of heads of key (8)}}
  fp8attn.attention
      query(%query : memref<?x12x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c3: 16 query heads cannot share 6 heads of values.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    // expected-note@below {{value is defined here}}
    %value: memref<?x6x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects heads of query (16) to be a multiple of heads of value (6)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x6x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}
