// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// kv_write_c6: values would be written twice.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16>
func.func @write(%key: memref<?x1x64xbf16>, %value: memref<?x1x32xbf16>,
                 %slots: memref<?xi64>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects no value, because values of a latent cache are part of the keys, got '!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16>'}}
  fp8attn.kv_write key(%key : memref<?x1x64xbf16>) value(%value : memref<?x1x32xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// -----

// kv_write_c6: values would not be written.
!cache = !fp8attn.cache<key_value, heads = 1, head_dim = 64, page = 32, bf16>
func.func @write(%key: memref<?x1x64xbf16>, %slots: memref<?xi64>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects a value, because the cache is not latent, got '!fp8attn.cache<key_value, heads = 1, head_dim = 64, page = 32, bf16>'}}
  fp8attn.kv_write key(%key : memref<?x1x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// -----

// kv_write_c2: the whole latent is written.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16>
// expected-note@below {{the cache is defined here}}
func.func @write(%key: memref<?x1x32xbf16>, %slots: memref<?xi64>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects head dim of key (32) to equal head_dim of the cache (64)}}
  fp8attn.kv_write key(%key : memref<?x1x32xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// -----

// cache_scale_c7: the codes are those of the keys.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, f8E5M2>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @write(%key: memref<?x1x64xbf16>, %slots: memref<?xi64>, %scale: memref<f32>,
                 %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects no value_scale, because values of a latent cache have the scale of the keys}}
  fp8attn.kv_write key(%key : memref<?x1x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #one) value_scale(%scale : memref<f32>, #one)
      cache(%cache : !cache)
  return
}

// -----

// paged_attention_c12: a result has the channels of a value.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16>
// expected-note@below {{the cache is defined here}}
func.func @attend(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>,
                  %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects head dim of out (64) to equal value_head_dim of the cache (32)}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// -----

// caches_c1: a latent cache has both.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, bf16>
func.func @attend(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>,
                  %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects one key_value or latent cache, or a key and then a value cache, got (latent, latent)}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache, %cache : !cache, !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// -----

// repack_c1: other channels would be values.
!source = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16, #fp8attn.layout<pairs>>
// expected-note@below {{source is defined here}}
func.func @copy(%source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with the content, heads, head_dim, value_head_dim and rope_head_dim of source ('!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, bf16, <pairs>>'), got '!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16, <pairs>>'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// tile_key_run_c1: keys and values of two latent caches belong to nobody.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>, %a: !cache, %b: !cache) -> !fp8attn.key_run {
  // expected-error@below {{'fp8attn.tile.key_run' op expects a cache of keys and one of values, or a latent one as both}}
  %0 = fp8attn.tile.key_run %item, %table, %a, %b : memref<?x?xi32>, !cache, !cache
  return %0 : !fp8attn.key_run
}
