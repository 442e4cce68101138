// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// kv_write_c1: more heads than the cache.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<?x16x64xbf16>,
    %value: memref<?x8x64xbf16>,
    %slots: memref<?xi64>,
    %scale: memref<f32>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects heads of key (16) to equal heads of the cache (8)}}
  fp8attn.kv_write key(%key : memref<?x16x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c1: the heads of value are not known.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<?x8x64xbf16>,
    %value: memref<?x?x64xbf16>,
    %slots: memref<?xi64>,
    %scale: memref<f32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects heads of value to be static, got ? in}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x?x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c2: another head size.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<?x8x64xbf16>,
    %value: memref<?x8x128xbf16>,
    %slots: memref<?xi64>,
    %scale: memref<f32>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects head dim of value (128) to equal head_dim of the cache (64)}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x128xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}

// -----

// kv_write_c3: a slot for each token.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<4x8x64xbf16>,
    %value: memref<?x8x64xbf16>,
    // expected-note@below {{slots is defined here}}
    %slots: memref<3xi64>,
    %scale: memref<f32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects tokens of key (4) to equal tokens of slots (3)}}
  fp8attn.kv_write key(%key : memref<4x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<3xi64>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}

// -----

// caches_c1: where would the values go?
!cache = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<?x8x64xbf16>,
    %value: memref<?x8x64xbf16>,
    %slots: memref<?xi64>,
    %scale: memref<f32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects one key_value or latent cache, or a key and then a value cache, got (key)}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}

// -----

// cache_scale_c1: bf16 needs no scale.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<?x8x64xbf16>,
    %value: memref<?x8x64xbf16>,
    %slots: memref<?xi64>,
    %scale: memref<f32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects no value_scale, because the cache holds 'bf16'}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}

// -----

// operand_c4: every other slot.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @write(
    %key: memref<?x8x64xbf16>,
    %value: memref<?x8x64xbf16>,
    %slots: memref<?xi64, strided<[2]>>,
    %scale: memref<f32>,
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects innermost stride of slots to be 1, got 2}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64, strided<[2]>>)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      cache(%cache : !cache)
  return
}
