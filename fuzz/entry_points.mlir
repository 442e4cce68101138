// The entry points whose arguments are fuzzed: as many kinds of argument as
// there are, in as little memory as possible.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

#per_head = affine_map<(page, head, token, channel) -> (head)>

func.func @fuzz_write(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                      %slots: memref<?xi64>, %key_scale: memref<2xf32>,
                      %value_scale: memref<2xf32>, %cache: !cache) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      cache(%cache : !cache)
  return
}

func.func @fuzz_attend(%query: memref<?x4x64xbf16>, %cache: !cache,
                       %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>,
                       %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #per_head)
      value_scale(%value_scale : memref<2xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table
            : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) lse(%lse : memref<?x4xf32>)
  return
}
