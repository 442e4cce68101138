// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

// kv_write_c4: tokens of all pages would share scales.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @no_page(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>, %slots: memref<?xi64>,
    %key_scale: memref<2x32xf32>, %value_scale: memref<?x2x32xf32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects results page, head, token and at most one of channel in the map of key_scale, because it is dynamic, got affine_map<(d0, d1, d2, d3) -> (d1, d2)>}}
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2x32xf32>, affine_map<(page, head, token, channel) -> (head, token)>)
      value_scale(%value_scale : memref<?x2x32xf32>, affine_map<(page, head, token, channel) -> (page, head, token)>)
      cache(%cache : !kv)
  return
}

// -----

// kv_write_c4: a sum of indices is not one of them.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @sum(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>, %slots: memref<?xi64>,
    %key_scale: memref<?x2x32xf32>, %value_scale: memref<?x33xf32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects results page, head, token and at most one of channel in the map of value_scale, because it is dynamic, got affine_map<(d0, d1, d2, d3) -> (d0, d1 + d2)>}}
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x2x32xf32>, affine_map<(page, head, token, channel) -> (page, head, token)>)
      value_scale(%value_scale : memref<?x33xf32>, affine_map<(page, head, token, channel) -> (page, head + token)>)
      cache(%cache : !kv)
  return
}

// -----

// kv_write_c4: a last block that is smaller than the others.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @blocks(%key: memref<?x2x72xbf16>, %value: memref<?x2x72xbf16>, %slots: memref<?xi64>,
    %key_scale: memref<?x2x32x3xf32>, %value_scale: memref<?x2x32xf32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects results page, head, token and at most one of channel in the map of key_scale, because it is dynamic, got affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3 floordiv 32)>}}
  fp8attn.kv_write dynamic key(%key : memref<?x2x72xbf16>) value(%value : memref<?x2x72xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x2x32x3xf32>, affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>)
      value_scale(%value_scale : memref<?x2x32xf32>, affine_map<(page, head, token, channel) -> (page, head, token)>)
      cache(%cache : !kv)
  return
}

// -----

// kv_write_c5: nothing to scale.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @bf16(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>, %slots: memref<?xi64>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects a cache of FP8 or i8, because dynamic computes scales, got '!fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, <pairs>>'}}
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !kv)
  return
}

// -----

// kv_write_c16: a power of two is no f32.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @f32(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %power: memref<?x2x32xf8E8M0FNU>, %scale: memref<?x2x32xf32>,
    %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects value_scale to be of f8E8M0FNU beside microscaling, got 'memref<?x2x32xf32>'}}
  fp8attn.kv_write dynamic microscaling key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%power : memref<?x2x32xf8E8M0FNU>, #token)
      value_scale(%scale : memref<?x2x32xf32>, #token) cache(%cache : !kv)
  return
}

// -----

// kv_write_c16: given scales have no rule.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @given(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %power: memref<?x2x32xf8E8M0FNU>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects dynamic beside microscaling, which is a rule of scales that are computed}}
  fp8attn.kv_write microscaling key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%power : memref<?x2x32xf8E8M0FNU>, #token)
      value_scale(%power : memref<?x2x32xf8E8M0FNU>, #token) cache(%cache : !kv)
  return
}
