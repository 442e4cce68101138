// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A content that there is not.
// CHECK: error: expects the content of a cache to be key, value, key_value or latent, got 'kv'
!cache = !fp8attn.cache<kv, heads = 8, head_dim = 128, page = 32, bf16>
func.func @attend(%query: memref<?x32x128xbf16>, %cache: !cache, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
