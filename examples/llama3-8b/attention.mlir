// The attention of Llama 3 8B over an FP8 KV cache: 32 query heads and 8 KV
// heads of size 128, pages of 32 tokens, keys and values in e4m3 with a scale
// for each KV head. Compile with
//
//   fp8attn-compile attention.mlir -o attention.o
//   fp8attn-compile attention.mlir -o attention.h

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

#per_head = affine_map<(page, head, token, channel) -> (head)>

// Quantises the keys and values of new tokens into their slots of the cache.
func.func @kv_write(%key: memref<?x8x128xbf16>, %value: memref<?x8x128xbf16>,
                    %slots: memref<?xi64>,
                    %key_scale: memref<8xf32>, %value_scale: memref<8xf32>,
                    %cache: !cache) {
  fp8attn.kv_write
      key(%key : memref<?x8x128xbf16>) value(%value : memref<?x8x128xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<8xf32>, #per_head)
      value_scale(%value_scale : memref<8xf32>, #per_head)
      cache(%cache : !cache)
  return
}

// Any mix of whole prompts, chunks of prompts and single tokens, causal.
func.func @prefill(%query: memref<?x32x128xbf16>, %cache: !cache,
                   %key_scale: memref<8xf32>, %value_scale: memref<8xf32>,
                   %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                   %block_table: memref<?x?xi32>,
                   %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      key_scale(%key_scale : memref<8xf32>, #per_head)
      value_scale(%value_scale : memref<8xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}

// One new token for each sequence: it sees all keys, so that no mask is needed.
func.func @decode(%query: memref<?x32x128xbf16>, %cache: !cache,
                  %key_scale: memref<8xf32>, %value_scale: memref<8xf32>,
                  %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                  %block_table: memref<?x?xi32>,
                  %out: memref<?x32x128xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x32x128xbf16>)
      cache(%cache : !cache)
      key_scale(%key_scale : memref<8xf32>, #per_head)
      value_scale(%value_scale : memref<8xf32>, #per_head)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x32x128xbf16>)
  return
}
