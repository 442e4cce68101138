// Decode with one KV head: a single block of query rows for each sequence, whose
// keys are divided among the workers (docs/Passes.md, Work items).

!kv = !fp8attn.cache<key_value, heads = 1, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#one = affine_map<(page, head, token, channel) -> (head)>

func.func @decode(%query: memref<?x16x128xbf16>, %cache: !kv, %scale: memref<1xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x16x128xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x16x128xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<1xf32>, #one) value_scale(%scale : memref<1xf32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x16x128xbf16>)
  return
}
