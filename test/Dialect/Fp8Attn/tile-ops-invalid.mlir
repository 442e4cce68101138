// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// tile_c1: a tile of dynamic shape.
func.func @tile(%run: !fp8attn.key_run, %key: index) {
  // expected-error@below {{'fp8attn.tile.load_key' op result #0 must be statically shaped 2D tensor of 32-bit float or bfloat16 type or f8E4M3FN type or f8E5M2 type values, but got 'tensor<?x64xbf16>'}}
  %0 = fp8attn.tile.load_key %run[%key] : tensor<?x64xbf16>
  return
}

// -----

// tile_c2: no query head for a KV head.
func.func @items(%n: index) {
  // expected-error@below {{'fp8attn.tile.num_work_items' op attribute 'group' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = fp8attn.tile.num_work_items %n, %n {group = 0, kv_heads = 8}
  return
}

// -----

// tile_c3: a window that does not reach the query itself.
func.func @item(%n: index, %starts: memref<?xi32>) {
  // expected-error@below {{'fp8attn.tile.work_item' op attribute 'window_left' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %0 = fp8attn.tile.work_item %n, %n, %starts, %starts window_left = -1 {group = 1, kv_heads = 8} : memref<?xi32>, memref<?xi32>
  return
}

// -----

// tile_key_run_c1: a cache of keys has no values.
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>, %cache: !keys) {
  // expected-error@below {{'fp8attn.tile.key_run' op expects a cache of keys and one of values, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>' and '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>'}}
  %0 = fp8attn.tile.key_run %item, %table, %cache, %cache : memref<?x?xi32>, !keys, !keys
  return
}

// -----

// tile_key_run_c2: pages of different sizes.
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>
func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>, %k: !keys, %v: !values) {
  // expected-error@below {{'fp8attn.tile.key_run' op expects caches of the same heads and page, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>' and '!fp8attn.cache<value, heads = 8, head_dim = 64, page = 64, bf16, <pairs>>'}}
  %0 = fp8attn.tile.key_run %item, %table, %k, %v : memref<?x?xi32>, !keys, !values
  return
}

// -----

// tile_load_query_c1: the tile is wider than the query.
func.func @query(%item: !fp8attn.work_item, %query: memref<?x32x64xbf16>) {
  // expected-error@below {{'fp8attn.tile.load_query' op expects channels of the query tile (128) to equal channels of query (64)}}
  %0 = fp8attn.tile.load_query %item, %query : memref<?x32x64xbf16> -> tensor<48x128xbf16>
  return
}

// -----

// tile_load_dense_c1
func.func @dense(%keys: memref<?x64xbf16>, %first: index) {
  // expected-error@below {{'fp8attn.tile.load_dense' op expects channels of the tile (32) to equal channels of source (64)}}
  %0 = fp8attn.tile.load_dense %keys[%first] : memref<?x64xbf16> -> tensor<256x32xbf16>
  return
}

// -----

// tile_load_dense_c2: f32 is rounded to bf16.
func.func @dense(%keys: memref<?x64xf32>, %first: index) {
  // expected-error@below {{'fp8attn.tile.load_dense' op expects a tile of 'bf16' from a source of 'f32', got 'tensor<256x64xf32>'}}
  %0 = fp8attn.tile.load_dense %keys[%first] : memref<?x64xf32> -> tensor<256x64xf32>
  return
}

// -----

// tile_load_dense_c2: codes stay what they are.
func.func @dense(%keys: memref<?x64xf8E4M3FN>, %first: index) {
  // expected-error@below {{'fp8attn.tile.load_dense' op expects a tile of 'f8E4M3FN' from a source of 'f8E4M3FN', got 'tensor<256x64xf8E5M2>'}}
  %0 = fp8attn.tile.load_dense %keys[%first] : memref<?x64xf8E4M3FN> -> tensor<256x64xf8E5M2>
  return
}

// -----

// tile_load_dense_c3: no head size of a cache.
func.func @dense(%keys: memref<?x36xbf16>, %first: index) {
  // expected-error@below {{'fp8attn.tile.load_dense' op expects channels that are a multiple of 8 up to 576, got 36}}
  %0 = fp8attn.tile.load_dense %keys[%first] : memref<?x36xbf16> -> tensor<256x36xbf16>
  return
}

// -----

// tile_c2
func.func @item(%i: index) {
  // expected-error@below {{'fp8attn.tile.dense_item' op attribute 'rows' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = fp8attn.tile.dense_item %i, %i, %i {group = 1, kv_heads = 1, rows = 0}
  return
}

// -----

// tile_decode_c1
func.func @decode(%codes: tensor<32x64xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.tile.decode' op expects values of the shape of the codes ('tensor<32x64xf8E4M3FN>'), got 'tensor<64x32xbf16>'}}
  %0 = fp8attn.tile.decode %codes : tensor<32x64xf8E4M3FN> -> tensor<64x32xbf16>
  return
}

// -----

// tile_qk_c1
func.func @qk(%q: tensor<48x64xbf16>, %k: tensor<256x128xbf16>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects channels of key (128) to equal channels of query (64)}}
  %0 = fp8attn.tile.qk %q, %k : tensor<48x64xbf16>, tensor<256x128xbf16> -> tensor<48x256xf32>
  return
}

// -----

// tile_qk_c2
func.func @qk(%q: tensor<48x64xbf16>, %k: tensor<256x64xbf16>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects scores of query rows x keys (48x256), got 'tensor<256x48xf32>'}}
  %0 = fp8attn.tile.qk %q, %k : tensor<48x64xbf16>, tensor<256x64xbf16> -> tensor<256x48xf32>
  return
}

// -----

// tile_state_c1: a maximum for each row of acc.
func.func @init() {
  // expected-error@below {{'fp8attn.tile.init' op expects max and sum of the rows of acc (48), got 'tensor<16xf32>'}}
  %0:3 = fp8attn.tile.init : tensor<16xf32>, tensor<48xf32>, tensor<48x64xf32>
  return
}

// -----

// tile_softmax_c1
func.func @softmax(%s: tensor<48x256xf32>, %m: tensor<48xf32>, %a: tensor<48x64xf32>) {
  // expected-error@below {{'fp8attn.tile.softmax' op expects probs of the shape of scores ('tensor<48x256xf32>'), got 'tensor<48x128xbf16>'}}
  %0:4 = fp8attn.tile.softmax %s, %m, %m, %a : tensor<48x256xf32>, tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32> -> tensor<48x128xbf16>
  return
}

// -----

// tile_softmax_c2
func.func @softmax(%s: tensor<48x256xf32>, %m: tensor<16xf32>, %a: tensor<16x64xf32>) {
  // expected-error@below {{'fp8attn.tile.softmax' op expects rows of acc (16) to equal rows of scores (48)}}
  %0:4 = fp8attn.tile.softmax %s, %m, %m, %a : tensor<48x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<48x256xbf16>
  return
}

// -----

// tile_pv_c1
func.func @pv(%p: tensor<48x256xbf16>, %v: tensor<128x64xbf16>, %a: tensor<48x64xf32>) {
  // expected-error@below {{'fp8attn.tile.pv' op expects keys of value (128) to equal keys of probs (256)}}
  %0 = fp8attn.tile.pv %p, %v, %a : tensor<48x256xbf16>, tensor<128x64xbf16>, tensor<48x64xf32>
  return
}

// -----

// tile_pv_c2
func.func @pv(%p: tensor<48x256xbf16>, %v: tensor<256x64xbf16>, %a: tensor<48x128xf32>) {
  // expected-error@below {{'fp8attn.tile.pv' op expects accumulators of rows x channels (48x64), got 'tensor<48x128xf32>'}}
  %0 = fp8attn.tile.pv %p, %v, %a : tensor<48x256xbf16>, tensor<256x64xbf16>, tensor<48x128xf32>
  return
}

// -----

// tile_finish_c1
func.func @finish(%item: !fp8attn.work_item, %m: tensor<48xf32>, %a: tensor<48x64xf32>, %out: memref<?x32x128xbf16>) {
  // expected-error@below {{'fp8attn.tile.finish' op expects channels of out (128) to equal channels of acc (64)}}
  fp8attn.tile.finish %item, %m, %m, %a into %out : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>, memref<?x32x128xbf16>
  return
}

// -----

// tile_finish_c2
func.func @finish(%item: !fp8attn.work_item, %m: tensor<48xf32>, %a: tensor<48x64xf32>, %sink: memref<8xf32>, %out: memref<?x32x64xbf16>) {
  // expected-error@below {{'fp8attn.tile.finish' op expects sink to have an element for each head of out (32), got 8}}
  fp8attn.tile.finish %item, %m, %m, %a sink %sink : memref<8xf32> into %out : tensor<48xf32>, tensor<48xf32>, tensor<48x64xf32>, memref<?x32x64xbf16>
  return
}

// -----

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
  // expected-error@below {{'fp8attn.tile.store' op expects one scale for a cache of 'f8E4M3FN'}}
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

// tile_merge_c1: a dynamic number of channels.
func.func @merge(
    %a: memref<4x?xbf16>, %a_lse: memref<4xf32>,
    %b: memref<4x64xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects a static number of channels of first_out, got 'memref<4x?xbf16>'}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x?xbf16>, memref<4xf32>, memref<4x64xbf16>, memref<4xf32>, memref<4x64xbf16>, memref<4xf32>
  return
}

// -----

// tile_merge_c2: other rows.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %a: memref<4x64xbf16>, %a_lse: memref<4xf32>,
    %b: memref<5x64xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects rows of second_out (5) to equal rows of first_out (4)}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x64xbf16>, memref<4xf32>, memref<5x64xbf16>, memref<4xf32>, memref<5x64xbf16>, memref<4xf32>
  return
}

// -----

// tile_merge_c2: other channels.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %a: memref<4x64xbf16>, %a_lse: memref<4xf32>,
    %b: memref<4x32xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects channels of second_out (32) to equal channels of first_out (64)}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x64xbf16>, memref<4xf32>, memref<4x32xbf16>, memref<4xf32>, memref<4x32xbf16>, memref<4xf32>
  return
}

// -----

// tile_merge_c3: a log-sum-exp too many.
func.func @merge(
    // expected-note@below {{first_out is defined here}}
    %a: memref<4x64xbf16>, %a_lse: memref<5xf32>,
    %b: memref<4x64xbf16>, %lse: memref<4xf32>) {
  // expected-error@below {{'fp8attn.tile.merge' op expects rows of first_lse (5) to equal rows of first_out (4)}}
  fp8attn.tile.merge %a, %a_lse, %b, %lse into %b, %lse
      : memref<4x64xbf16>, memref<5xf32>, memref<4x64xbf16>, memref<4xf32>, memref<4x64xbf16>, memref<4xf32>
  return
}

// -----

// tile_factor_c1: a factor for half of the keys.
func.func @qk(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %f: tensor<128xf32>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects key_factor to have an element for each key (256), got 'tensor<128xf32>'}}
  %0 = fp8attn.tile.qk %q, %k key_factor(%f : tensor<128xf32>)
      : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  return
}

// -----

// tile_factor_c1: factors of keys for the channels of a query.
func.func @query(%item: !fp8attn.work_item, %query: memref<?x4x64xbf16>, %f: tensor<256xf32>) {
  // expected-error@below {{'fp8attn.tile.load_query' op expects channel_factor to have an element for each channel (64), got 'tensor<256xf32>'}}
  %0 = fp8attn.tile.load_query %item, %query channel_factor(%f : tensor<256xf32>)
      : memref<?x4x64xbf16> -> tensor<16x64xbf16>
  return
}
