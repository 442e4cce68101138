// The attention of attention.mlir over latents as FP8 engines store them: of each token,
// 512 channels in e4m3 with an f32 scale for each 128 of them, and the 64 rotated ones
// as bf16. 656 bytes a token with the scales, in pages of 64 tokens.
//
//   fp8attn-compile mixed.mlir -o mixed.o
//   fp8attn-run mixed.mlir --entry=decode --seqs=8 --context=4096 --check --time

!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>

#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>

// Quantises the latents of new tokens into their slots of the cache, with the scales
// that it computes of each; the rotated channels are stored as they are.
func.func @kv_write(%latent: memref<?x1x576xbf16>, %slots: memref<?xi64>,
                    %scale: memref<?x1x64x4xf32>, %cache: !cache) {
  fp8attn.kv_write dynamic
      key(%latent : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x1x64x4xf32>, #block)
      cache(%cache : !cache)
  return
}

// Any mix of prompts, chunks of them and single tokens, causal.
func.func @prefill(%query: memref<?x128x576xbf16>, %cache: !cache,
                   %scale: memref<?x1x64x4xf32>,
                   %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                   %block_table: memref<?x?xi32>,
                   %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x128x576xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x4xf32>, #block)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
      {softmax_scale = 0.1352337 : f32}
  return
}

// One new token for each sequence.
func.func @decode(%query: memref<?x128x576xbf16>, %cache: !cache,
                  %scale: memref<?x1x64x4xf32>,
                  %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                  %block_table: memref<?x?xi32>,
                  %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x128x576xbf16>)
      cache(%cache : !cache)
      key_scale(%scale : memref<?x1x64x4xf32>, #block)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
      {softmax_scale = 0.1352337 : f32}
  return
}
