// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// tile_store_c1
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
// expected-note@below {{the cache is defined here}}
func.func @store(%x: memref<?x128xbf16>, %slots: memref<?xi64>, %s: f32, %cache: !kv, %h: index) {
  // expected-error@below {{'fp8attn.tile.store' op expects channels of source (128) to equal head_dim of the cache (64)}}
  fp8attn.tile.store key %x, %slots scale %s into %cache[%h] : memref<?x128xbf16>, memref<?xi64>, !kv
  return
}

// -----

// tile_store_c2
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @store(%x: memref<?x64xbf16>, %slots: memref<?xi64>, %cache: !kv, %h: index) {
  // expected-error@below {{'fp8attn.tile.store' op expects a scale for a cache of 'f8E4M3FN'}}
  fp8attn.tile.store key %x, %slots into %cache[%h] : memref<?x64xbf16>, memref<?xi64>, !kv
  return
}

// -----

// tile_store_c3
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
// expected-note@below {{slots is defined here}}
func.func @store(%x: memref<4x64xbf16>, %slots: memref<3xi64>, %s: f32, %cache: !kv, %h: index) {
  // expected-error@below {{'fp8attn.tile.store' op expects tokens of source (4) to equal tokens of slots (3)}}
  fp8attn.tile.store key %x, %slots scale %s into %cache[%h] : memref<4x64xbf16>, memref<3xi64>, !kv
  return
}

// -----

// cache_part_c1: key_value is not one part.
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @store(%x: memref<4x64xbf16>, %slots: memref<4xi64>, %s: f32, %cache: !kv, %h: index) {
  // expected-error@below {{'fp8attn.tile.store' op expects key or value, and a cache that holds it, got key_value of '!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'}}
  fp8attn.tile.store key_value %x, %slots scale %s into %cache[%h] : memref<4x64xbf16>, memref<4xi64>, !kv
  return
}

// -----

// tile_convert_c1
// expected-note@below {{source is defined here}}
func.func @quantize(%x: memref<4xbf16>, %s: f32, %y: memref<3xf8E5M2>) {
  // expected-error@below {{'fp8attn.tile.quantize' op expects elements of destination (3) to equal elements of source (4)}}
  fp8attn.tile.quantize %x, %s into %y : memref<4xbf16>, memref<3xf8E5M2>
  return
}

// -----

// tile_store_c4
!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @store(%x: memref<4x64xbf16>, %slots: memref<4xi64>, %s: f32, %scales: memref<?x8x32xf32>, %cache: !kv, %h: index) {
  // expected-error@below {{'fp8attn.tile.store' op expects no scale beside scales that are computed, but of f8E4M3FN}}
  fp8attn.tile.store key %x, %slots scale %s scales(%scales[affine_map<(p, h, t, c) -> (p, h, t)>] : memref<?x8x32xf32>) computed
      into %cache[%h] : memref<4x64xbf16>, memref<4xi64>, !kv
  return
}
