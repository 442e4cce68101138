// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// cache_c14: rows end with bf16.
// expected-error@below {{expects rope_head_dim in #fp8attn.layout<flash_mla>, whose rows end with bf16 channels, got none}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 512, value_head_dim = 512, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>)

// -----

// cache_c14: the codes that engines write.
// expected-error@below {{expects elements of f8E4M3FN in #fp8attn.layout<flash_mla>, got 'f8E5M2'}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E5M2, #fp8attn.layout<flash_mla>>)

// -----

// cache_c14: scales are of whole blocks.
// expected-error@below {{expects the channels before rope_head_dim to be a multiple of 128 in #fp8attn.layout<flash_mla>, because so many have a scale, got 448}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 512, value_head_dim = 448, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>)

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 32, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @take(
    // expected-note@below {{source is defined here}}
    %source: !rows, %destination: !pairs) {
  // repack_c1: rows of 656 bytes are not those of 32 channels of bf16.
  // expected-error@below {{'fp8attn.repack' op expects a destination with the content, heads, head_dim, value_head_dim and rope_head_dim of source ('!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, <flash_mla>>'), got '!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 32, page = 64, f8E4M3FN, <pairs>>'}}
  fp8attn.repack %source into %destination : !rows, !pairs
  return
}

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, i8, #fp8attn.layout<pairs>>
func.func @take(
    // expected-note@below {{source is defined here}}
    %source: !rows, %destination: !pairs) {
  // repack_c8: codes of two element types are not converted.
  // expected-error@below {{'fp8attn.repack' op expects a destination with the element type, beside rope_head_dim, of source}}
  fp8attn.repack %source into %destination : !rows, !pairs
  return
}

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @take(%source: !rows, %destination: !pairs) {
  // repack_c6, cache_scale_c1: the scales within go somewhere.
  // expected-error@below {{'fp8attn.repack' op expects a key_scale, because the cache holds 'f8E4M3FN'}}
  fp8attn.repack %source into %destination : !rows, !pairs
  return
}

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
#block = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 128)>
func.func @copy(%source: !rows, %destination: !rows, %scale: memref<?x64x4xf32>) {
  // repack_c6: both have scales within.
  // expected-error@below {{'fp8attn.repack' op expects no key_scale, because elements are not converted from or to bf16 and both or none have scales within, from}}
  fp8attn.repack %source into %destination key_scale(%scale : memref<?x64x4xf32>, #block) : !rows, !rows
  return
}

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 64)>
func.func @take(%source: !rows, %destination: !pairs, %scale: memref<?x64x8xf32>) {
  // repack_c9: a row has four scales.
  // expected-error@below {{'fp8attn.repack' op expects key_scale to be of f32 and its map to have the results page, token and channel floordiv 128, each once and with or without head, because so are the scales in rows of flash_mla, got 'memref<?x64x8xf32>' and affine_map<(d0, d1, d2, d3) -> (d0, d2, d3 floordiv 64)>}}
  fp8attn.repack %source into %destination key_scale(%scale : memref<?x64x8xf32>, #block) : !rows, !pairs
  return
}

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 128)>
func.func @give(%source: !pairs, %destination: !rows, %scale: memref<?x64x4xf8E8M0FNU>) {
  // repack_c9: which are f32.
  // expected-error@below {{'fp8attn.repack' op expects key_scale to be of f32 and its map to have the results page, token and channel floordiv 128}}
  fp8attn.repack %source into %destination key_scale(%scale : memref<?x64x4xf8E8M0FNU>, #block) : !pairs, !rows
  return
}

// -----

!rows = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<flash_mla>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#block = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 128)>
func.func @take(%source: !rows, %destination: !pairs, %scale: tensor<?x64x4xf32>) {
  // repack_c10: there is no result to be one.
  // expected-error@below {{'fp8attn.repack' op expects key_scale to be a memref, because the scales within source are written to it, got 'tensor<?x64x4xf32>'}}
  fp8attn.repack %source into %destination key_scale(%scale : tensor<?x64x4xf32>, #block) : !rows, !pairs
  return
}
