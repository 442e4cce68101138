// The attention of DeepSeek V3 over an FP8 cache of latents: of each token, 512
// channels that are its value and, with 64 rotated ones behind them, its key, for
// all of the 128 query heads. The projections of the heads are absorbed into
// queries and outputs, so that a query has 576 channels, too, and an output 512.
// Latents are in e4m3 with one scale; 576 bytes a token are all that is stored.
//
//   fp8attn-compile attention.mlir -o attention.o
//   fp8attn-run attention.mlir --entry=decode --seqs=8 --context=4096 --check --time

!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

#one = affine_map<(page, head, token, channel) -> ()>

// Quantises the latents of new tokens into their slots of the cache.
func.func @kv_write(%latent: memref<?x1x576xbf16>, %slots: memref<?xi64>,
                    %scale: memref<f32>, %cache: !cache) {
  fp8attn.kv_write
      key(%latent : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #one)
      cache(%cache : !cache)
  return
}

// Any mix of prompts, chunks of them and single tokens, causal. Scores are those of
// heads of 192 channels, 1 / sqrt(192), times the square of YaRN's 0.1 * ln(40) + 1.
func.func @prefill(%query: memref<?x128x576xbf16>, %cache: !cache,
                   %scale: memref<f32>,
                   %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                   %block_table: memref<?x?xi32>,
                   %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x128x576xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #one)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
      {softmax_scale = 0.1352337 : f32}
  return
}

// One new token for each sequence: it sees all keys, so that no mask is needed.
func.func @decode(%query: memref<?x128x576xbf16>, %cache: !cache,
                  %scale: memref<f32>,
                  %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                  %block_table: memref<?x?xi32>,
                  %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x128x576xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #one)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
      {softmax_scale = 0.1352337 : f32}
  return
}
