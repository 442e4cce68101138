// The attention of Qwen 3 8B over an FP8 cache, with what stands before it: keys and
// queries are normalised head by head (RMS norm, weights of 128 channels), then rotated,
// and keys are quantised with a scale for each token and head, which is computed from
// the rotated keys. Tables are cos[p, j] = cos(p * 1000000^(-j / 64)) and sin likewise.
//
//   fp8attn-compile attention.mlir -o attention.o
//   fp8attn-run attention.mlir --entry=step --seqs=8 --context=512 --query-len=64 --check --time

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!keys = memref<?x8x128xbf16>
!queries = memref<?x32x128xbf16>
!table = memref<?x64xf32>
!scale = memref<?x8x32xf32>

#by_token = affine_map<(page, head, token, channel) -> (page, head, token)>

// Writes the new tokens and attends to all, causal. Queries are rotated where they are.
func.func @step(%key: !keys, %value: !keys, %query: !queries, %slots: memref<?xi64>,
                %key_norm: memref<128xbf16>, %query_norm: memref<128xbf16>,
                %positions: memref<?xi32>, %cos: !table, %sin: !table,
                %key_scale: !scale, %value_scale: !scale, %cache: !cache,
                %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
                %out: !queries) {
  fp8attn.kv_write dynamic
      key(%key : !keys) value(%value : !keys) query(%query : !queries)
      slots(%slots : memref<?xi64>)
      key_norm(%key_norm : memref<128xbf16>) query_norm(%query_norm : memref<128xbf16>)
      rotary(%positions, %cos, %sin : memref<?xi32>, !table, !table)
      query_out(%query : !queries)
      key_scale(%key_scale : !scale, #by_token) value_scale(%value_scale : !scale, #by_token)
      cache(%cache : !cache)
      {norm_eps = 1.0e-06 : f32}
  fp8attn.paged_attention causal
      query(%query : !queries) cache(%cache : !cache)
      key_scale(%key_scale : !scale, #by_token) value_scale(%value_scale : !scale, #by_token)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : !queries)
  return
}
