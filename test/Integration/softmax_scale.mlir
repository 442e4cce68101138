// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// The factor of the scores as an attribute, and as a number of the call: for
// SoftmaxScaleTest.cpp.
// CHECK:      fp8attn_status plain_value(fp8attn_context *context,
// CHECK:      float scale);

!query = memref<?x4x?x64xf32>
!dense = memref<?x2x?x64xbf16>
!codes = memref<?x2x?x64xf8E4M3FN>
!tokens = memref<?x4x64xf32>
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!by_token = memref<?x2x32xf32>
#head = affine_map<(batch, head, token, channel) -> (head)>
#tensor = affine_map<(batch, head, token, channel) -> ()>
#by_token = affine_map<(page, head, token, channel) -> (page, head, token)>
#by_channel = affine_map<(page, head, token, channel) -> (channel)>

func.func @plain_attribute(%query: !query, %key: !dense, %value: !dense, %out: !query) {
  fp8attn.attention causal query(%query : !query) key(%key : !dense) value(%value : !dense) out(%out : !query)
      {softmax_scale = 0.0701 : f32}
  return
}
func.func @plain_value(%query: !query, %key: !dense, %value: !dense, %out: !query, %scale: f32) {
  fp8attn.attention causal query(%query : !query) key(%key : !dense) value(%value : !dense) out(%out : !query)
      softmax_scale(%scale : f32)
  return
}

// Computed by the function, in a branch.
func.func @computed_value(%query: !query, %key: !dense, %value: !dense, %out: !query, %scale: f32) {
  %half = arith.constant 0.5 : f32
  %two = arith.constant 2.0 : f32
  %part = arith.mulf %scale, %half : f32
  %one = arith.constant 1 : index
  %zero = arith.constant 0 : index
  %batch = memref.dim %query, %zero : !query
  %some = arith.cmpi sge, %batch, %one : index
  scf.if %some {
    %whole = arith.mulf %part, %two : f32
    fp8attn.attention causal query(%query : !query) key(%key : !dense) value(%value : !dense) out(%out : !query)
        softmax_scale(%whole : f32)
  }
  return
}

// What stands between the factor and the one of base 2.
func.func @capped_attribute(%query: !query, %key: !dense, %value: !dense, %out: !query) {
  fp8attn.attention query(%query : !query) key(%key : !dense) value(%value : !dense) out(%out : !query)
      {softmax_scale = 0.0701 : f32, softcap = 3.0 : f32}
  return
}
func.func @capped_value(%query: !query, %key: !dense, %value: !dense, %out: !query, %scale: f32) {
  fp8attn.attention query(%query : !query) key(%key : !dense) value(%value : !dense) out(%out : !query)
      softmax_scale(%scale : f32) {softcap = 3.0 : f32}
  return
}

// Scales of keys that join the factor.
func.func @scaled_attribute(%query: !query, %key: !codes, %value: !codes, %key_scale: memref<2xf32>,
                            %value_scale: memref<f32>, %out: !query) {
  fp8attn.attention query(%query : !query) key(%key : !codes) value(%value : !codes)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<f32>, #tensor)
      out(%out : !query) {softmax_scale = 0.0701 : f32}
  return
}
func.func @scaled_value(%query: !query, %key: !codes, %value: !codes, %key_scale: memref<2xf32>,
                        %value_scale: memref<f32>, %out: !query, %scale: f32) {
  fp8attn.attention query(%query : !query) key(%key : !codes) value(%value : !codes)
      key_scale(%key_scale : memref<2xf32>, #head) value_scale(%value_scale : memref<f32>, #tensor)
      out(%out : !query) softmax_scale(%scale : f32)
  return
}

// Scales that do not.
func.func @paged_attribute(%query: !tokens, %cache: !kv, %key_scale: memref<64xf32>, %value_scale: !by_token,
                           %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !tokens) {
  fp8attn.paged_attention causal query(%query : !tokens) cache(%cache : !kv)
      key_scale(%key_scale : memref<64xf32>, #by_channel) value_scale(%value_scale : !by_token, #by_token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !tokens)
      {softmax_scale = 0.0701 : f32}
  return
}
func.func @paged_value(%query: !tokens, %cache: !kv, %key_scale: memref<64xf32>, %value_scale: !by_token,
                       %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: !tokens,
                       %scale: f32) {
  fp8attn.paged_attention causal query(%query : !tokens) cache(%cache : !kv)
      key_scale(%key_scale : memref<64xf32>, #by_channel) value_scale(%value_scale : !by_token, #by_token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !tokens)
      softmax_scale(%scale : f32)
  return
}
