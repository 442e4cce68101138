// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// attention_c1: how many heads share a KV head must be known.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x?x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects 1 to 1024 static heads of key, got ?}}
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
  // expected-error@below {{'fp8attn.attention' op expects 1 to 1024 static heads of key, got 1025}}
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
  // expected-error@below {{'fp8attn.attention' op expects static channels of key that are a multiple of 8 up to 576, got ?}}
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
  // expected-error@below {{'fp8attn.attention' op expects static channels of value that are a multiple of 8 up to 576, got 36}}
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
  // expected-error@below {{'fp8attn.attention' op expects static channels of key that are a multiple of 8 up to 576, got 584}}
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

// attention_c4: values of other heads than the keys.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    // expected-note@below {{key is defined here}}
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x4x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects static heads of value (4) to equal heads of key (8)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x4x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// attention_c4: channels of a query that is not the keys'.
func.func @attention(
    %query: memref<?x16x?x?xbf16>,
    // expected-note@below {{key is defined here}}
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects static channels of query (?) to equal channels of key (64)}}
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
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x?x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects static heads of lse (?) to equal heads of query (16)}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x?x?xf32>)
  return
}

// -----

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

// -----

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
  // expected-error@below {{'fp8attn.attention' op expects keys of mask (6) to equal keys of key (5)}}
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

// -----

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
  // expected-error@below {{'fp8attn.attention' op expects no value_scale, because value holds 'bf16'}}
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

// cache_scale_c3: the map is from the four indices.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects dimensions (batch, head, token, channel) and no symbols in the map of key_scale, got affine_map<(d0) -> (d0)>}}
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

// paged_attention_c9: as there.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects window_left to be at least 0, got -1}}
  fp8attn.attention window_left = -1
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// paged_attention_c10: as there.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects no window_right beside causal, which is window_right = 0, got 2}}
  fp8attn.attention causal window_right = 2
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// paged_attention_c11: as there.
func.func @attention(
    // expected-note@below {{query is defined here}}
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %sink: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects sink to have an element for each head of query (16), got 8}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      sink(%sink : memref<8xf32>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
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

// -----

// operand_c3: strides that are known are above 0.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN>,
    %value: memref<?x8x?x32xbf16, strided<[?, 0, 32, 1]>>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects strides of value to be at least 1, got 0 in dimension 1}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16, strided<[?, 0, 32, 1]>>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      out(%out : memref<?x16x?x32xbf16>)
      lse(%lse : memref<?x16x?xf32>)
  return
}

// -----

// operand_c4: channels are contiguous.
func.func @attention(
    %query: memref<?x16x?x64xbf16>,
    %key: memref<?x8x?x64xf8E4M3FN, strided<[?, ?, ?, 2]>>,
    %value: memref<?x8x?x32xbf16>,
    %key_scale: memref<8xf32>,
    %out: memref<?x16x?x32xbf16>,
    %lse: memref<?x16x?xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects innermost stride of key to be 1, got 2}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN, strided<[?, ?, ?, 2]>>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
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
  // expected-error@below {{'fp8attn.attention' op expects results () or (head) of the map of key_scale, got affine_map<(d0, d1, d2, d3) -> (d3)>}}
  fp8attn.attention
      query(%query : memref<?x16x?x64xbf16>)
      key(%key : memref<?x8x?x64xf8E4M3FN>)
      value(%value : memref<?x8x?x32xbf16>)
      key_scale(%key_scale : memref<64xf32>, affine_map<(batch, head, token, channel) -> (channel)>)
      out(%out : memref<?x16x?x32xbf16>)
  return
}
