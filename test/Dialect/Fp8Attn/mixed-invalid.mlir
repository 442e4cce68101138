// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// cache_c12: the tiles of each part are whole.
// expected-error@below {{expects rope_head_dim and the channels before it to be multiples of 32, and these at least value_head_dim (512), got 48 of 576}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 48, page = 32, f8E4M3FN>)

// -----

// cache_c12: so are those of the codes.
// expected-error@below {{expects rope_head_dim and the channels before it to be multiples of 32, and these at least value_head_dim (64), got 64 of 568}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 568, value_head_dim = 64, rope_head_dim = 64, page = 32, f8E4M3FN>)

// -----

// cache_c12: values are codes.
// expected-error@below {{expects rope_head_dim and the channels before it to be multiples of 32, and these at least value_head_dim (512), got 96 of 576}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 96, page = 32, f8E4M3FN>)

// -----

// cache_c12
// expected-error@below {{expects rope_head_dim and the channels before it to be multiples of 32, and these at least value_head_dim (512), got -64 of 576}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = -64, page = 32, f8E4M3FN>)

// -----

// As other sizes.
// expected-error@below {{expects rope_head_dim of a cache to be a number}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = f32, page = 32, f8E4M3FN>)

// -----

// cache_c13: the parts of a page are those of one head.
// expected-error@below {{expects 1 head beside rope_head_dim, got 2}}
func.func private @cache(!fp8attn.cache<latent, heads = 2, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN>)

// -----

// cache_c13: of bf16 there is one type.
// expected-error@below {{expects elements that are codes beside rope_head_dim, got 'bf16'}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, bf16>)

// -----

// cache_c13: the layout of kernels, or that of rows.
// expected-error@below {{expects the layout pairs or flash_mla beside rope_head_dim, got row_major}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>)

// -----

// cache_scale_c6: bf16 channels have no scale.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN>
#channel = affine_map<(page, head, token, channel) -> (channel floordiv 64)>
func.func @write(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>, %scale: memref<9xf32>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects key_scale to have 8 elements in dimension 0, as its map says, got 'memref<9xf32>'}}
  fp8attn.kv_write key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<9xf32>, #channel) cache(%cache : !cache)
  return
}

// -----

// kv_write_c4: 192 channels are no part of 512.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 192)>
func.func @write(%key: memref<?x1x576xbf16>, %slots: memref<?xi64>, %scale: memref<?x1x32x3xf32>, %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects results page, head, token and at most one of channel in the map of key_scale, because it is dynamic, got affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3 floordiv 192)>}}
  fp8attn.kv_write dynamic key(%key : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x1x32x3xf32>, #block) cache(%cache : !cache)
  return
}

// -----

// cache_view_c1: no type is that of all channels.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @view(%memory: memref<?xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.cache_view' op expects memory of i8, because the channels of a key are of two element types, got 'memref<?xf8E4M3FN>'}}
  %cache = fp8attn.cache_view %memory : memref<?xf8E4M3FN> to !cache
  return
}

// -----

// cache_channels_c1: all channels are of one type.
!flat = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @part(%cache: !flat) -> !flat {
  // expected-error@below {{'fp8attn.cache_channels' op expects a cache with rope_head_dim, got '!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 64, page = 32, f8E4M3FN, <pairs>>'}}
  %0 = fp8attn.cache_channels %cache : !flat -> !flat
  return %0 : !flat
}

// -----

// cache_channels_c2: a part is as large as it is.
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!part = !fp8attn.cache<key, heads = 1, head_dim = 32, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @part(%cache: !cache) -> !part {
  // expected-error@below {{'fp8attn.cache_channels' op expects one of the parts of the cache, '!fp8attn.cache<latent, heads = 1, head_dim = 512, value_head_dim = 512, page = 32, f8E4M3FN, <pairs>>' or '!fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16, <pairs>>', got '!fp8attn.cache<key, heads = 1, head_dim = 32, page = 32, bf16, <pairs>>'}}
  %0 = fp8attn.cache_channels %cache : !cache -> !part
  return %0 : !part
}

// -----

// tile_append_rope_c1: codes would need a scale.
!part = !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @append(%tile: tensor<256x512xbf16>, %run: !fp8attn.key_run, %first: index, %part: !part) -> tensor<256x576xbf16> {
  // expected-error@below {{'fp8attn.tile.append_rope' op expects a key cache of bf16, got '!fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'}}
  %0 = fp8attn.tile.append_rope %tile, %run[%first], %part : tensor<256x512xbf16>, !part -> tensor<256x576xbf16>
  return %0 : tensor<256x576xbf16>
}

// -----

// tile_append_rope_c2: nothing is left out.
!part = !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @append(%tile: tensor<256x512xbf16>, %run: !fp8attn.key_run, %first: index, %part: !part) -> tensor<256x512xbf16> {
  // expected-error@below {{'fp8attn.tile.append_rope' op expects the rows of the tile, and channels of both (256x576), got 'tensor<256x512xbf16>'}}
  %0 = fp8attn.tile.append_rope %tile, %run[%first], %part : tensor<256x512xbf16>, !part -> tensor<256x512xbf16>
  return %0 : tensor<256x512xbf16>
}

// -----

// cache_heads_c1: nothing but the number of heads differs.
!cache = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!part = !fp8attn.cache<key, heads = 2, head_dim = 32, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @part(%cache: !cache, %first: index) -> !part {
  // expected-error@below {{'fp8attn.cache_heads' op expects a cache without rope_head_dim, and one that differs in heads, of which the first has a multiple, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>' and '!fp8attn.cache<key, heads = 2, head_dim = 32, page = 32, bf16, <pairs>>'}}
  %0 = fp8attn.cache_heads %cache from %first : !cache -> !part
  return %0 : !part
}

// -----

// cache_heads_c1: parts are of one size.
!cache = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!part = !fp8attn.cache<key, heads = 3, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @part(%cache: !cache, %first: index) -> !part {
  // expected-error@below {{op expects a cache without rope_head_dim, and one that differs in heads, of which the first has a multiple, got}}
  %0 = fp8attn.cache_heads %cache from %first : !cache -> !part
  return %0 : !part
}
