// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// operand_c1: another memory space.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16, 1>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects query in the default memory space, got 'memref<?x16x64xbf16, 1>'}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16, 1>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// operand_c1: of a scale.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32, 1>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects key_scale in the default memory space, got 'memref<8xf32, 1>'}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32, 1>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// operand_c2: a layout that strides cannot say.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16, affine_map<(t, h, c) -> (t * 1024 + h * 64 + c floordiv 2)>>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects a strided layout of query, got 'memref<?x16x64xbf16, affine_map<(d0, d1, d2) -> (d0 * 1024 + d1 * 64 + d2 floordiv 2)>>'}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16, affine_map<(t, h, c) -> (t * 1024 + h * 64 + c floordiv 2)>>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// operand_c3: tokens run backwards.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16, strided<[-1024, 64, 1]>>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects strides of query to be at least 1, got -1024 in dimension 0}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16, strided<[-1024, 64, 1]>>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// operand_c3: all heads of the output are in one place.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16, strided<[64, 0, 1]>>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects strides of out to be at least 1, got 0 in dimension 1}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16, strided<[64, 0, 1]>>)
  return
}

// -----

// operand_c4: every other channel.
!cache0 = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attention(
    %query: memref<?x16x64xbf16, strided<[2048, 128, 2]>>,
    %cache0: !cache0,
    %key_scale: memref<8xf32>,
    %value_scale: memref<8xf32>,
    %query_start: memref<?xi32>,
    %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>,
    %out: memref<?x16x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects innermost stride of query to be 1, got 2}}
  fp8attn.paged_attention
      query(%query : memref<?x16x64xbf16, strided<[2048, 128, 2]>>)
      cache(%cache0 : !cache0)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x64xbf16>)
  return
}

// -----

// operand_c4: an unknown distance at the tile level, which has no checks.
func.func @query(%item: !fp8attn.work_item, %query: memref<?x32x64xbf16, strided<[?, ?, ?]>>) {
  // expected-error@below {{'fp8attn.tile.load_query' op expects innermost stride of query to be static and 1, got ?}}
  %0 = fp8attn.tile.load_query %item, %query : memref<?x32x64xbf16, strided<[?, ?, ?]>> -> tensor<48x64xbf16>
  return
}
