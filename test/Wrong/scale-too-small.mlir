// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A scale for half of the heads.
// CHECK: error: 'fp8attn.paged_attention' op expects key_scale to have 8 elements in dimension 0, as its map says, got 'memref<4xf32>'
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN>
func.func @attend(%query: memref<?x32x128xbf16>, %cache: !cache, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x32x128xbf16>, %scale: memref<4xf32>) {
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<4xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%scale : memref<4xf32>, affine_map<(page, head, token, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
