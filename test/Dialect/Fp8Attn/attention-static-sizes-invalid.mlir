// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// attention_c4: channels of a query that is not the keys'.
func.func @attention(
    %query: memref<?x16x?x?xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects channels of query to be static, got ? in}}
  fp8attn.attention
      query(%query : memref<?x16x?x?xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c4: results of another number of heads.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x8x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects static heads of out (8) to equal heads of query (16)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x8x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c4: results have the channels of values.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    // expected-note@below {{value is defined here}}
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x64xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects static channels of out (64) to equal channels of value (32)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x64xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c4: lse too.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x?x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects heads of lse to be static, got ? in}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x?x?xf32>)
  return
}
