// RUN: not fp8attn-compile %s -o %t.o 2>&1 | %wrong %s

// A layout that there is not.
// CHECK: error: expects the layout to be pairs, row_major, vllm_amx, vllm_vector, quads, vllm_amx_fp8, hnd, nhd, hnd_packed or flash_mla, got 'rows'
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<rows>>
func.func @attend(%query: memref<?x32x128xbf16>, %cache: !cache, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
