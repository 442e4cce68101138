// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

func.func @case(%query: memref<?x8x?x64xf32>, %key: memref<?x8x?x64xbf16>) {
  // expected-error@below {{custom op 'fp8attn.attention' expects precision to be bf16 or f32, got 'f64'}}
  fp8attn.attention precision = f64 query(%query : memref<?x8x?x64xf32>) key(%key : memref<?x8x?x64xbf16>)
      value(%key : memref<?x8x?x64xbf16>) out(%query : memref<?x8x?x64xf32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
// paged_attention_c22: elements of keys would be rounded to bf16.
func.func @case(%query: memref<?x8x64xf32>, %cache: !cache, %scale: memref<?x2xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects key_scale of f8E8M0FNU beside precision = f32 where it differs by page or token and by channel, or there are bf16 channels, as bf16 has its products with elements exactly, got 'f32'}}
  fp8attn.paged_attention precision = f32 query(%query : memref<?x8x64xf32>) cache(%cache : !cache)
      key_scale(%scale : memref<?x2xf32>, affine_map<(page, head, token, channel) -> (page, channel floordiv 32)>)
      value_scale(%scale : memref<?x2xf32>, affine_map<(page, head, token, channel) -> (page, head)>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}

// -----

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
// paged_attention_c22: and of values.
func.func @case(%query: memref<?x8x64xf32>, %cache: !cache, %scale: memref<?x2xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects value_scale of f8E8M0FNU beside precision = f32}}
  fp8attn.paged_attention precision = f32 query(%query : memref<?x8x64xf32>) cache(%cache : !cache)
      key_scale(%scale : memref<?x2xf32>, affine_map<(page, head, token, channel) -> (page, head)>)
      value_scale(%scale : memref<?x2xf32>, affine_map<(page, head, token, channel) -> (page, channel floordiv 32)>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}

// -----

!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, rope_head_dim = 32, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
// paged_attention_c22: so would those before bf16 channels.
func.func @case(%query: memref<?x8x96xf32>, %cache: !cache, %scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects key_scale of f8E8M0FNU beside precision = f32}}
  fp8attn.paged_attention precision = f32 query(%query : memref<?x8x96xf32>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}

// -----

func.func @case(%query: memref<?x8x?x64xf32>, %key: memref<?x8x?x64xf32>, %value: memref<?x8x?x64xbf16>) {
  // attention_c12: keys of f32 are rounded to bf16 when they are packed.
  // expected-error@below {{'fp8attn.attention' op expects key of bf16, f8E4M3FN or f8E5M2 beside precision = f32, as others are rounded to bf16, got 'f32'}}
  fp8attn.attention precision = f32 query(%query : memref<?x8x?x64xf32>) key(%key : memref<?x8x?x64xf32>)
      value(%value : memref<?x8x?x64xbf16>) out(%query : memref<?x8x?x64xf32>)
  return
}

// -----

func.func @case(%query: memref<?x8x?x64xf32>, %key: memref<?x8x?x64xbf16>, %value: memref<?x8x?x64xf16>) {
  // attention_c12: as values of f16 are.
  // expected-error@below {{'fp8attn.attention' op expects value of bf16, f8E4M3FN or f8E5M2 beside precision = f32, as others are rounded to bf16, got 'f16'}}
  fp8attn.attention precision = f32 query(%query : memref<?x8x?x64xf32>) key(%key : memref<?x8x?x64xbf16>)
      value(%value : memref<?x8x?x64xf16>) out(%query : memref<?x8x?x64xf32>)
  return
}
