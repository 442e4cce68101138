// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// row_scale_c1: FP8 has a scale.
func.func @f(%query: memref<1x4x?x64xf8E4M3FN>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects a query_scale, because query is of 'f8E4M3FN'}}
  fp8attn.attention query(%query : memref<1x4x?x64xf8E4M3FN>) key(%key : memref<1x2x?x64xbf16>)
      value(%key : memref<1x2x?x64xbf16>) out(%out : memref<1x4x?x64xbf16>)
  return
}

// -----

// row_scale_c1: others have none.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x4x64xf32>, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no out_scale, because out is of 'f32'}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xf32>)
      out_scale(%scale : memref<f32>, affine_map<(token, head, channel) -> ()>)
  return
}

// -----

// row_scale_c2: a map without a scale, in the generic form.
func.func @f(%query: memref<1x4x?x64xbf16>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>) {
  // expected-error@below {{'fp8attn.attention' op expects both of query_scale and its map, got only the map}}
  "fp8attn.attention"(%query, %key, %key, %out) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0>,
      queryScaleMap = affine_map<(batch, head, token, channel) -> ()>}> ({})
      : (memref<1x4x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x4x?x64xbf16>) -> ()
  return
}

// -----

// row_scale_c2: a scale without a map, in the generic form.
func.func @f(%query: memref<1x4x?x64xf8E5M2>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.attention' op expects both of query_scale and its map, got only the scale}}
  "fp8attn.attention"(%query, %key, %key, %out, %scale)
      <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0>}> ({})
      : (memref<1x4x?x64xf8E5M2>, memref<1x2x?x64xbf16>, memref<1x2x?x64xbf16>, memref<1x4x?x64xbf16>, memref<f32>) -> ()
  return
}

// -----

// tensor_scale_c1: dimensions of a cache.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%query: memref<?x4x64xf8E4M3FN>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x4x64xf32>, %scale: memref<4xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects a dimension for each of query (3) and no symbols in the map of query_scale, got affine_map<(d0, d1, d2, d3) -> (d1)>}}
  fp8attn.paged_attention query(%query : memref<?x4x64xf8E4M3FN>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xf32>)
      query_scale(%scale : memref<4xf32>, affine_map<(page, head, token, channel) -> (head)>)
  return
}

// -----

// tensor_scale_c2: a scale of channels.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%query: memref<?x4x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x4x64xf8E4M3FN>, %scale: memref<64xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects results of the map of out_scale to be dimensions other than the last, got affine_map<(d0, d1, d2) -> (d2)>}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xf8E4M3FN>)
      out_scale(%scale : memref<64xf32>, affine_map<(token, head, channel) -> (channel)>)
  return
}

// -----

// tensor_scale_c3
func.func @f(%query: memref<1x4x?x64xf8E5M2>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>, %scale: memref<4xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects query_scale to have a dimension for each result of its map (0), got 'memref<4xf32>'}}
  fp8attn.attention query(%query : memref<1x4x?x64xf8E5M2>) key(%key : memref<1x2x?x64xbf16>)
      value(%key : memref<1x2x?x64xbf16>) out(%out : memref<1x4x?x64xbf16>)
      query_scale(%scale : memref<4xf32>, affine_map<(batch, head, token, channel) -> ()>)
  return
}

// -----

// tensor_scale_c4: a scale for each KV head.
// expected-note@below {{query is defined here}}
func.func @f(%query: memref<1x4x?x64xf8E5M2>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>, %scale: memref<2xf32>) {
  // expected-error@below {{'fp8attn.attention' op expects scaled size of query_scale (2) to equal scaled size of query (4)}}
  fp8attn.attention query(%query : memref<1x4x?x64xf8E5M2>) key(%key : memref<1x2x?x64xbf16>)
      value(%key : memref<1x2x?x64xbf16>) out(%out : memref<1x4x?x64xbf16>)
      query_scale(%scale : memref<2xf32>, affine_map<(batch, head, token, channel) -> (head)>)
  return
}

// -----

// operand_c6: scales are f32.
func.func @f(%query: memref<1x4x?x64xf8E5M2>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>, %scale: memref<bf16>) {
  // expected-error@below {{'fp8attn.attention' op expects query_scale to be a memref or tensor of 0, 1, 2 or 3 dimensions and f32, got 'memref<bf16>'}}
  fp8attn.attention query(%query : memref<1x4x?x64xf8E5M2>) key(%key : memref<1x2x?x64xbf16>)
      value(%key : memref<1x2x?x64xbf16>) out(%out : memref<1x4x?x64xbf16>)
      query_scale(%scale : memref<bf16>, affine_map<(batch, head, token, channel) -> ()>)
  return
}

// -----

// operand_c6: integers are of caches.
func.func @f(%query: memref<1x4x?x64xi8>, %key: memref<1x2x?x64xbf16>, %out: memref<1x4x?x64xbf16>, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.attention' op expects query to be a memref or tensor of 4 dimensions and bf16, f16, f32, f8E4M3FN or f8E5M2, got 'memref<1x4x?x64xi8>'}}
  fp8attn.attention query(%query : memref<1x4x?x64xi8>) key(%key : memref<1x2x?x64xbf16>)
      value(%key : memref<1x2x?x64xbf16>) out(%out : memref<1x4x?x64xbf16>)
      query_scale(%scale : memref<f32>, affine_map<(batch, head, token, channel) -> ()>)
  return
}

// -----

// tile_load_row_scale_c1
func.func @f(%item: !fp8attn.work_item, %scale: memref<?x4xf32>) {
  // expected-error@below {{'fp8attn.tile.load_row_scale' op expects a map from (sequence, token, head) to the 2 dimensions of the scale, got affine_map<(d0, d1) -> (d0, d1)>}}
  %0 = fp8attn.tile.load_row_scale %item, %scale[affine_map<(token, head) -> (token, head)>] : memref<?x4xf32> -> tensor<16xf32>
  return
}

// -----

// tile_factor_c1: of rows.
func.func @f(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %scale: tensor<48xf32>) {
  // expected-error@below {{'fp8attn.tile.qk' op expects row_factor to have an element for each row (16), got 'tensor<48xf32>'}}
  %0 = fp8attn.tile.qk %q, %k row_factor(%scale : tensor<48xf32>) : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  return
}

// -----

// tile_finish_c3
func.func @f(%item: !fp8attn.work_item, %max: tensor<16xf32>, %acc: tensor<16x64xf32>, %out: memref<?x4x64xf8E5M2>) {
  // expected-error@below {{'fp8attn.tile.finish' op expects an out_scale for an out of 'f8E5M2'}}
  fp8attn.tile.finish %item, %max, %max, %acc into %out : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x4x64xf8E5M2>
  return
}

// -----

// tile_finish_c3
func.func @f(%item: !fp8attn.work_item, %max: tensor<16xf32>, %acc: tensor<16x64xf32>, %out: memref<?x4x64xf16>) {
  // expected-error@below {{'fp8attn.tile.finish' op expects no out_scale for an out of 'f16'}}
  fp8attn.tile.finish %item, %max, %max, %acc out_scale(%max : tensor<16xf32>) into %out
      : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x4x64xf16>
  return
}
