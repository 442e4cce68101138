// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// kv_write_c7: queries of a latent cache, which are normalised before they are projected.
!cache = !fp8attn.cache<latent, heads = 2, head_dim = 96, value_head_dim = 32, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x96xbf16>, %slots: memref<5xi64>,
    %query: memref<5x4x96xbf16>,
    %norm: memref<32xbf16>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects no query_norm of a write to a latent cache, got}}
  fp8attn.kv_write key(%key : memref<5x2x96xbf16>) slots(%slots : memref<5xi64>)
      query(%query : memref<5x4x96xbf16>) query_out(%query : memref<5x4x96xbf16>)
      query_norm(%norm : memref<32xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c12: weights of all channels of a latent cache.
!cache = !fp8attn.cache<latent, heads = 2, head_dim = 96, value_head_dim = 32, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x96xbf16>, %slots: memref<5xi64>,
    %norm: memref<96xbf16>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects the size of key_norm (96) to equal value_head_dim of the cache (32)}}
  fp8attn.kv_write key(%key : memref<5x2x96xbf16>) slots(%slots : memref<5xi64>)
      key_norm(%norm : memref<96xbf16>) {norm_eps = 1.0e-06 : f32}
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c13: more channels than a latent cache has beside its values.
!cache = !fp8attn.cache<latent, heads = 2, head_dim = 96, value_head_dim = 40, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<5x2x96xbf16>, %slots: memref<5xi64>, %positions: memref<5xi32>,
    %cos: memref<100x32xf32>,
    // expected-note@below {{cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects columns of cos (32) to be 1 to half of head_dim less value_head_dim of the cache (56)}}
  fp8attn.kv_write key(%key : memref<5x2x96xbf16>) slots(%slots : memref<5xi64>)
      rotary(%positions, %cos, %cos : memref<5xi32>, memref<100x32xf32>, memref<100x32xf32>)
      cache(%cache : !cache)
  return
}
