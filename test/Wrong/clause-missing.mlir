// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A clause that is forgotten.
// CHECK: error: custom op 'fp8attn.paged_attention' expects a clause 'batch' of query_start, seq_lens, block_table; clauses are, in any order: causal,
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16>
func.func @attend(%query: memref<?x32x128xbf16>, %cache: !cache, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      out(%out : memref<?x32x128xbf16>)
  return
}
