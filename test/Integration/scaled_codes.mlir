// RUN: fp8attn-compile %s -o - --emit=header | FileCheck %s

// Values of every code, apart and within keys, and a scale for each token and 128 channels:
// attention, and repack to bf16. For ScaledCodesTest.cpp.
// CHECK: #define ATTEND_E4M3_CACHE_PAGE_BYTES 16384
// CHECK: value_scale: f32 [?, 32, 2]

#one = affine_map<(page, head, token, channel) -> ()>
#blocks = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 128)>
!rows = memref<?x1x256xf32>

!e4m3 = !fp8attn.cache<key_value, heads = 1, head_dim = 256, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @attend_e4m3(%query: !rows, %cache: !e4m3, %key_scale: memref<f32>, %value_scale: memref<?x32x2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !e4m3)
      key_scale(%key_scale : memref<f32>, #one) value_scale(%value_scale : memref<?x32x2xf32>, #blocks)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows)
  return
}

!e5m2 = !fp8attn.cache<key_value, heads = 1, head_dim = 256, page = 32, f8E5M2, #fp8attn.layout<pairs>>
func.func @attend_e5m2(%query: !rows, %cache: !e5m2, %key_scale: memref<f32>, %value_scale: memref<?x32x2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !e5m2)
      key_scale(%key_scale : memref<f32>, #one) value_scale(%value_scale : memref<?x32x2xf32>, #blocks)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows)
  return
}

!i8 = !fp8attn.cache<key_value, heads = 1, head_dim = 256, page = 32, i8, #fp8attn.layout<pairs>>
func.func @attend_i8(%query: !rows, %cache: !i8, %key_scale: memref<f32>, %value_scale: memref<?x32x2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !i8)
      key_scale(%key_scale : memref<f32>, #one) value_scale(%value_scale : memref<?x32x2xf32>, #blocks)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows)
  return
}

!latent_e4m3 = !fp8attn.cache<latent, heads = 1, head_dim = 256, value_head_dim = 256, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @latent_e4m3(%query: !rows, %cache: !latent_e4m3, %scale: memref<?x32x2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !latent_e4m3)
      key_scale(%scale : memref<?x32x2xf32>, #blocks)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows)
  return
}

!latent_e5m2 = !fp8attn.cache<latent, heads = 1, head_dim = 256, value_head_dim = 256, page = 32, f8E5M2, #fp8attn.layout<pairs>>
func.func @latent_e5m2(%query: !rows, %cache: !latent_e5m2, %scale: memref<?x32x2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !latent_e5m2)
      key_scale(%scale : memref<?x32x2xf32>, #blocks)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows)
  return
}

!latent_i8 = !fp8attn.cache<latent, heads = 1, head_dim = 256, value_head_dim = 256, page = 32, i8, #fp8attn.layout<pairs>>
func.func @latent_i8(%query: !rows, %cache: !latent_i8, %scale: memref<?x32x2xf32>,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>, %out: !rows) {
  fp8attn.paged_attention causal window_left = 0 query(%query : !rows) cache(%cache : !latent_i8)
      key_scale(%scale : memref<?x32x2xf32>, #blocks)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !rows)
  return
}

!words = !fp8attn.cache<value, heads = 1, head_dim = 256, page = 32, bf16, #fp8attn.layout<row_major>>

!values_e4m3 = !fp8attn.cache<value, heads = 1, head_dim = 256, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @widen_e4m3(%source: !values_e4m3, %destination: !words, %scale: memref<?x32x2xf32>) {
  fp8attn.repack %source into %destination value_scale(%scale : memref<?x32x2xf32>, #blocks) : !values_e4m3, !words
  return
}

!values_e4m3fnuz = !fp8attn.cache<value, heads = 1, head_dim = 256, page = 32, f8E4M3FNUZ, #fp8attn.layout<row_major>>
func.func @widen_e4m3fnuz(%source: !values_e4m3fnuz, %destination: !words, %scale: memref<?x32x2xf32>) {
  fp8attn.repack %source into %destination value_scale(%scale : memref<?x32x2xf32>, #blocks) : !values_e4m3fnuz, !words
  return
}

!values_e5m2 = !fp8attn.cache<value, heads = 1, head_dim = 256, page = 32, f8E5M2, #fp8attn.layout<pairs>>
func.func @widen_e5m2(%source: !values_e5m2, %destination: !words, %scale: memref<?x32x2xf32>) {
  fp8attn.repack %source into %destination value_scale(%scale : memref<?x32x2xf32>, #blocks) : !values_e5m2, !words
  return
}

!values_i8 = !fp8attn.cache<value, heads = 1, head_dim = 256, page = 32, i8, #fp8attn.layout<pairs>>
func.func @widen_i8(%source: !values_i8, %destination: !words, %scale: memref<?x32x2xf32>) {
  fp8attn.repack %source into %destination value_scale(%scale : memref<?x32x2xf32>, #blocks) : !values_i8, !words
  return
}
