// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// outer_scale_c1: scales that are no f8E4M3FN have none.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @f32(%key: memref<?x2x64xbf16>, %slots: memref<?xi64>, %scale: memref<2xf32>, %cache: !kv) {
  // expected-error@below {{'fp8attn.kv_write' op expects value_scale to be of f8E4M3FN beside value_outer_scale, got 'memref<2xf32>'}}
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%key : memref<?x2x64xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head) cache(%cache : !kv)
      value_outer_scale(%scale : memref<2xf32>)
  return
}

// -----

// outer_scale_c1: values of a latent cache have the scales of the keys.
!latent = !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @latent(%query: memref<?x4x64xbf16>, %cache: !latent, %scale: memref<1xf8E4M3FN>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x32xbf16>, %outer: memref<f32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no value_outer_scale without value_scale}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !latent)
      key_scale(%scale : memref<1xf8E4M3FN>, #head) value_outer_scale(%outer : memref<f32>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x32xbf16>)
  return
}

// -----

// outer_scale_c2: the number of heads must be known.
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @heads(%query: memref<?x4x64xbf16>, %cache: !kv, %scale: memref<2xf8E4M3FN>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %outer: memref<?xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects key_outer_scale to have no dimension, or an element for each of 2 heads, got 'memref<?xf32>'}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !kv)
      key_scale(%scale : memref<2xf8E4M3FN>, #head) value_scale(%scale : memref<2xf8E4M3FN>, #head)
      key_outer_scale(%outer : memref<?xf32>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
  return
}

// -----

// outer_scale_c3: bf16 channels are multiplied with nothing.
!mixed = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @mixed(%query: memref<?x4x96xbf16>, %cache: !mixed, %scale: memref<1xf8E4M3FN>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %outer: memref<f32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects no key_outer_scale of a cache whose last 32 channels (rope_head_dim) are bf16}}
  fp8attn.paged_attention query(%query : memref<?x4x96xbf16>) cache(%cache : !mixed)
      key_scale(%scale : memref<1xf8E4M3FN>, #head) key_outer_scale(%outer : memref<f32>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
  return
}
