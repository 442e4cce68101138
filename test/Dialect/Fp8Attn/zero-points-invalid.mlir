// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// zero_point_c1: codes of floats have none.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @floats(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<2xf32>, %zero: memref<2xi8>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects no key_zero_point, because the cache holds 'f8E4M3FN', not i8}}
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      key_zero_point(%zero : memref<2xi8>, #head) cache(%cache : !kv)
  return
}

// -----

// zero_point_c2: in the generic form, a map without its operand.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @map(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<2xf32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects value_zero_point and its map to be given together, got only the map}}
  "fp8attn.kv_write"(%key, %key, %slots, %scale, %scale, %cache) <{keyScaleMap = #head, valueScaleMap = #head, valueZeroPointMap = #head,
      operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0>}>
      : (memref<?x2x64xbf16>, memref<?x2x64xbf16>, memref<?xi64>, memref<2xf32>, memref<2xf32>, !kv) -> ()
  return
}

// -----

// zero_point_c3: beside bf16 channels.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 32, i8, #fp8attn.layout<pairs>>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @mixed(%key: memref<?x1x96xbf16>, %slots: memref<?xi64>, %scale: memref<f32>, %zero: memref<i8>, %cache: !latent) {
  // expected-error@below {{'fp8attn.kv_write' op expects no key_zero_point of a cache whose last 32 channels (rope_head_dim) are bf16}}
  fp8attn.kv_write key(%key : memref<?x1x96xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, #one) key_zero_point(%zero : memref<i8>, #one) cache(%cache : !latent)
  return
}

// -----

// zero_point_c4: values of a latent cache have those of the keys.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @latent(%query: memref<?x4x96xbf16>, %cache: !latent, %scale: memref<f32>, %zero: memref<i8>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no value_zero_point, because values of a latent cache have the zero point of the keys}}
  fp8attn.paged_attention query(%query : memref<?x4x96xbf16>) cache(%cache : !latent) key_scale(%scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
      value_zero_point(%zero : memref<i8>, #one)
  return
}

// -----

// zero_point_c5: cache_scale_c6 holds.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @size(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<2xf32>, %zero: memref<3xi8>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects value_zero_point to have 2 elements in dimension 0, as its map says, got 'memref<3xi8>'}}
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      value_zero_point(%zero : memref<3xi8>, #head) cache(%cache : !kv)
  return
}

// -----

// operand_c6
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @type(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<2xf32>, %zero: memref<2xi32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects key_zero_point}}
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      key_zero_point(%zero : memref<2xi32>, #head) cache(%cache : !kv)
  return
}

// -----

// kv_write_c17
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @dynamic_map(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<?x2x32xf32>, %other: memref<?x2x32xf32>,
    %zero: memref<2xi8>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects the map of value_zero_point to be that of its scale (affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>), because both are dynamic, got affine_map<(d0, d1, d2, d3) -> (d1)>}}
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x2x32xf32>, #token) value_scale(%other : memref<?x2x32xf32>, #token)
      value_zero_point(%zero : memref<2xi8>, #head) cache(%cache : !kv)
  return
}

// -----

// kv_write_c18
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @microscaling(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<?x2x32xf8E8M0FNU>, %other: memref<?x2x32xf8E8M0FNU>,
    %zero: memref<?x2x32xi8>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects no key_zero_point beside microscaling, which is a rule without one}}
  fp8attn.kv_write dynamic microscaling key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x2x32xf8E8M0FNU>, #token) value_scale(%other : memref<?x2x32xf8E8M0FNU>, #token)
      key_zero_point(%zero : memref<?x2x32xi8>, #token) cache(%cache : !kv)
  return
}

// -----

// operand_c5: zero points that are computed.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @shared(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<?x2x32xf32>, %other: memref<?x2x32xf32>,
    %zero: memref<?x2x32xi8>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects}}
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<?x2x32xf32>, #token) value_scale(%other : memref<?x2x32xf32>, #token)
      key_zero_point(%zero : memref<?x2x32xi8>, #token) value_zero_point(%zero : memref<?x2x32xi8>, #token) cache(%cache : !kv)
  return
}

// -----

// selection_c4
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#slot = affine_map<(page, head, token, channel) -> (page * 64 + token * 2 + head)>
func.func @selected(%query: memref<?x4x64xbf16>, %cache: !kv, %scale: memref<2xf32>, %zero: memref<?xi8>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
      selected_tokens(%list : memref<?x?xi32>) key_zero_point(%zero : memref<?xi8>, #slot)
  return
}

// -----

// tile_subtract_c1
func.func @tile(%k: tensor<256x64xbf16>, %z: tensor<256x5xf32>) -> tensor<256x64xbf16> {
  // expected-error@below {{'fp8attn.tile.subtract' op expects zero points of the rows of the tile (256), and for a divisor of its columns (64), got 'tensor<256x5xf32>'}}
  %0 = fp8attn.tile.subtract %k, %z : tensor<256x64xbf16>, tensor<256x5xf32>
  return %0 : tensor<256x64xbf16>
}

// -----

// tile_store_c5
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @store(%rows: memref<?x64xbf16>, %slots: memref<?xi64>, %scale: f32, %zero: memref<i8>, %cache: !kv, %head: index) {
  // expected-error@below {{'fp8attn.tile.store' op expects zero points only beside scales of a cache of i8, got no scales of one of 'i8'}}
  fp8attn.tile.store key %rows, %slots scale %scale zero_points(%zero[#one] : memref<i8>) into %cache[%head]
      : memref<?x64xbf16>, memref<?xi64>, !kv
  return
}
