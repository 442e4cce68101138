// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c13
func.func @f(%query: memref<?x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects softcap to be finite and greater than 0, got 0.000000e+00 : f32}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) {softcap = 0.0 : f32}
  return
}

// -----

// paged_attention_c14
// expected-note@below {{query is defined here}}
func.func @f(%query: memref<?x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %slopes: memref<2xf32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects alibi to have an element for each head of query (4), got 2}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) alibi(%slopes : memref<2xf32>)
  return
}

// -----

// paged_attention_c15
// expected-note@below {{query is defined here}}
func.func @f(%query: memref<7x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<6x?xi8>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects tokens of mask (6) to equal tokens of query (7)}}
  fp8attn.paged_attention query(%query : memref<7x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) mask(%mask : memref<6x?xi8>)
  return
}
