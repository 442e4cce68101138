// Cache writes of a model with 32 query heads and 8 KV heads of 128 channels: alone, with
// the rotary embedding of keys and queries, and with norms before that.

!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!keys = memref<?x8x128xbf16>
!queries = memref<?x32x128xbf16>
!table = memref<?x64xf32>
#per_head = affine_map<(page, head, token, channel) -> (head)>

func.func @plain(%key: !keys, %value: !keys, %slots: memref<?xi64>, %scale: memref<8xf32>, %cache: !cache) {
  fp8attn.kv_write key(%key : !keys) value(%value : !keys) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<8xf32>, #per_head) value_scale(%scale : memref<8xf32>, #per_head) cache(%cache : !cache)
  return
}

func.func @rotary(%key: !keys, %value: !keys, %query: !queries, %slots: memref<?xi64>, %positions: memref<?xi32>,
    %cos: !table, %sin: !table, %scale: memref<8xf32>, %cache: !cache) {
  fp8attn.kv_write key(%key : !keys) value(%value : !keys) query(%query : !queries) slots(%slots : memref<?xi64>)
      rotary(%positions, %cos, %sin : memref<?xi32>, !table, !table) query_out(%query : !queries)
      key_scale(%scale : memref<8xf32>, #per_head) value_scale(%scale : memref<8xf32>, #per_head) cache(%cache : !cache)
  return
}

func.func @norms(%key: !keys, %value: !keys, %query: !queries, %slots: memref<?xi64>, %positions: memref<?xi32>,
    %cos: !table, %sin: !table, %key_norm: memref<128xbf16>, %query_norm: memref<128xbf16>, %scale: memref<8xf32>,
    %cache: !cache) {
  fp8attn.kv_write key(%key : !keys) value(%value : !keys) query(%query : !queries) slots(%slots : memref<?xi64>)
      key_norm(%key_norm : memref<128xbf16>) query_norm(%query_norm : memref<128xbf16>)
      rotary(%positions, %cos, %sin : memref<?xi32>, !table, !table) query_out(%query : !queries)
      key_scale(%scale : memref<8xf32>, #per_head) value_scale(%scale : memref<8xf32>, #per_head) cache(%cache : !cache)
      {norm_eps = 1.0e-06 : f32}
  return
}

// Latent keys, as of DeepSeek's models: alone, and with the norm of their latent channels
// and the rotary embedding of the others.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!latents = memref<?x1x576xbf16>
!latent_table = memref<?x32xf32>

func.func @latent_plain(%key: !latents, %slots: memref<?xi64>, %scale: memref<1xf32>, %cache: !latent) {
  fp8attn.kv_write key(%key : !latents) slots(%slots : memref<?xi64>) key_scale(%scale : memref<1xf32>, #per_head)
      cache(%cache : !latent)
  return
}

func.func @latent_rotary(%key: !latents, %slots: memref<?xi64>, %key_norm: memref<512xbf16>, %positions: memref<?xi32>,
    %cos: !latent_table, %sin: !latent_table, %scale: memref<1xf32>, %cache: !latent) {
  fp8attn.kv_write interleaved key(%key : !latents) slots(%slots : memref<?xi64>) key_norm(%key_norm : memref<512xbf16>)
      rotary(%positions, %cos, %sin : memref<?xi32>, !latent_table, !latent_table)
      key_scale(%scale : memref<1xf32>, #per_head) cache(%cache : !latent) {norm_eps = 1.0e-06 : f32}
  return
}
