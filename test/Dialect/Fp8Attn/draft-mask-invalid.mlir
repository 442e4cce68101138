// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// paged_attention_c20
// expected-note@below {{query is defined here}}
func.func @f(%query: memref<7x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<6x?xi8>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects tokens of draft_mask (6) to equal tokens of query (7)}}
  fp8attn.paged_attention query(%query : memref<7x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) draft_mask(%mask : memref<6x?xi8>)
  return
}

// -----

// paged_attention_c21
func.func @f(%query: memref<?x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x?xi8>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects alignment = bottom_right beside draft_mask, whose keys are the last of a sequence, got top_left}}
  fp8attn.paged_attention alignment = top_left query(%query : memref<?x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) draft_mask(%mask : memref<?x?xi8>)
  return
}

// -----

// operand_c6
func.func @f(%query: memref<?x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects draft_mask to be a memref or tensor of 2 dimensions and i1, i8, f32, bf16 or f16, got 'memref<?x?xi32>'}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) draft_mask(%mask : memref<?x?xi32>)
  return
}

// -----

// operand_c4
func.func @f(%query: memref<?x4x64xbf16>, %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %mask: memref<?x4xi8, strided<[8, 2]>>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects innermost stride of draft_mask to be 1, got 2}}
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>) draft_mask(%mask : memref<?x4xi8, strided<[8, 2]>>)
  return
}
