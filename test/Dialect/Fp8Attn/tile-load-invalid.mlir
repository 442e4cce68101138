// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// tile_c1: a tile of dynamic shape.
func.func @tile(%run: !fp8attn.key_run, %key: index) {
  // expected-error@below {{'fp8attn.tile.load_key' op result #0 must be statically shaped 2D tensor of 32-bit float or bfloat16 type or f8E4M3FN type or f8E5M2 type or f4E2M1FN type or 8-bit signless integer or 4-bit signless integer values, but got 'tensor<?x64xbf16>'}}
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

// tile_c2: items without rows.
func.func @rows(%n: index) {
  // expected-error@below {{'fp8attn.tile.item_rows' op attribute 'most' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = fp8attn.tile.item_rows %n, %n {group = 4, kv_heads = 8, most = 0}
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
  // expected-error@below {{'fp8attn.tile.key_run' op expects a cache of keys and one of values, or a latent one as both, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>' and '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>'}}
  %0 = fp8attn.tile.key_run %item, %table, %cache, %cache : memref<?x?xi32>, !keys, !keys
  return
}

// -----

// tile_key_run_c2: pages of different sizes.
!keys = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>
func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>, %k: !keys, %v: !values) {
  // expected-error@below {{'fp8attn.tile.key_run' op expects caches of the same page, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>' and '!fp8attn.cache<value, heads = 8, head_dim = 64, page = 64, bf16, <pairs>>'}}
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
  %0 = fp8attn.tile.dense_item %i, %i, %i at %i {group = 1, kv_heads = 1, rows = 0}
  return
}
