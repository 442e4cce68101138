// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// cache_scale_c1: codes mean nothing without a scale.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects a key_scale, because the cache holds 'f8E4M3FN'}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c1: the values too.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects a value_scale, because the cache holds 'f8E4M3FN'}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c1: bf16 has no scale.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no key_scale, because the cache holds 'bf16'}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// cache_scale_c2: a scale without a map, which only the generic form can say.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>, %cache: !cache, %scale: memref<8xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects key_scale and its map to be given together, got only the scale}}
  "fp8attn.paged_attention"(%query, %cache, %scale, %scale, %starts, %lens, %table, %query)
      <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({})
      : (memref<?x16x64xbf16>, !cache, memref<8xf32>, memref<8xf32>,
         memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x16x64xbf16>) -> ()
  return
}
