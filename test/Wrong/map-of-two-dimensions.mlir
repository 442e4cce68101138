// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A map from something else.
// CHECK: error: 'fp8attn.paged_attention' op expects dimensions (page, head, token, channel) and no symbols in the map of key_scale, got affine_map<(d0, d1) -> (d0)>
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN>
func.func @attend(%query: memref<?x32x128xbf16>, %cache: !cache, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x32x128xbf16>, %scale: memref<8xf32>) {
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<8xf32>, affine_map<(head, channel) -> (head)>)
      value_scale(%scale : memref<8xf32>, affine_map<(head, channel) -> (head)>)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
