// The cache write of Llama 3 8B with the rotary embedding that stands before it: keys
// are rotated, quantised and stored, and queries rotated in place, on one reading of
// the new tokens. Channels j and j + 64 are a pair, as in checkpoints of Hugging Face.
// The tables are the caller's: cos[p, j] = cos(p * w_j) and sin likewise, where w_j =
// 500000^(-j / 64), or what Llama 3.1 makes of it for long contexts.
//
//   fp8attn-compile rotary.mlir -o rotary.o
//   fp8attn-run rotary.mlir --entry=kv_write --seqs=8 --context=512 --query-len=64 --check --time

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!keys = memref<?x8x128xbf16>
!queries = memref<?x32x128xbf16>
!table = memref<?x64xf32>

#per_head = affine_map<(page, head, token, channel) -> (head)>

func.func @kv_write(%key: !keys, %value: !keys, %query: !queries, %slots: memref<?xi64>,
                    %positions: memref<?xi32>, %cos: !table, %sin: !table,
                    %key_scale: memref<8xf32>, %value_scale: memref<8xf32>, %cache: !cache) {
  fp8attn.kv_write
      key(%key : !keys) value(%value : !keys) query(%query : !queries)
      slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : memref<?xi32>, !table, !table)
      query_out(%query : !queries)
      key_scale(%key_scale : memref<8xf32>, #per_head)
      value_scale(%value_scale : memref<8xf32>, #per_head)
      cache(%cache : !cache)
  return
}
