// Decode of 128 query heads over latents of 576 channels, of which the first 512 are
// the values: stored once, as keys and values apart, and once with the last 64 channels
// as bf16 and a scale for each token and 128 of the others; and of the 16 query heads that
// each of eight tensor-parallel ranks has. To time one, then the others:
//
//   fp8attn-run latent.mlir --entry=latent --seqs=8 --context=4096 --time
//   fp8attn-run latent.mlir --entry=apart --seqs=8 --context=4096 --time
//   fp8attn-run latent.mlir --entry=mixed --seqs=8 --context=4096 --time
//   fp8attn-run latent.mlir --entry=latent_of_16 --seqs=8 --context=4096 --time
//   fp8attn-run latent.mlir --entry=mixed_of_16 --seqs=8 --context=4096 --time

#one = affine_map<(page, head, token, channel) -> ()>

!latents = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @latent(%query: memref<?x128x576xbf16>, %latents: !latents, %scale: memref<f32>,
                  %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                  %block_table: memref<?x?xi32>, %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x128x576xbf16>) cache(%latents : !latents)
      key_scale(%scale : memref<f32>, #one)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
  return
}

!keys = !fp8attn.cache<key, heads = 1, head_dim = 576, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 1, head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @apart(%query: memref<?x128x576xbf16>, %keys: !keys, %values: !values,
                 %scale: memref<f32>,
                 %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                 %block_table: memref<?x?xi32>, %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x128x576xbf16>) cache(%keys, %values : !keys, !values)
      key_scale(%scale : memref<f32>, #one) value_scale(%scale : memref<f32>, #one)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
  return
}

!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 128)>
func.func @mixed(%query: memref<?x128x576xbf16>, %mixed: !mixed, %scales: memref<?x1x32x4xf32>,
                 %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                 %block_table: memref<?x?xi32>, %out: memref<?x128x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x128x576xbf16>) cache(%mixed : !mixed)
      key_scale(%scales : memref<?x1x32x4xf32>, #block)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x128x512xbf16>)
  return
}

func.func @latent_of_16(%query: memref<?x16x576xbf16>, %latents: !latents, %scale: memref<f32>,
                        %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                        %block_table: memref<?x?xi32>, %out: memref<?x16x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x16x576xbf16>) cache(%latents : !latents)
      key_scale(%scale : memref<f32>, #one)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x512xbf16>)
  return
}

func.func @mixed_of_16(%query: memref<?x16x576xbf16>, %mixed: !mixed, %scales: memref<?x1x32x4xf32>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %out: memref<?x16x512xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x16x576xbf16>) cache(%mixed : !mixed)
      key_scale(%scales : memref<?x1x32x4xf32>, #block)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x16x512xbf16>)
  return
}
