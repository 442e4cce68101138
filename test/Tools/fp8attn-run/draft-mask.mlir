// RUN: fp8attn-run %s --entry=drafts --check --context=300,5,70 --query-len=20,2,1 | FileCheck %s
// RUN: fp8attn-run %s --entry=drafts --check --context=300,70 --query-len=90,8 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=everything --check --context=300,3,64 --query-len=20,9,40 --threads=2 | FileCheck %s

// Masks of the queries' own keys are made as others, and the reference applies them.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: draft mask of
// CHECK: check of out passed
// CHECK: check of lse passed
func.func @drafts(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %draft: memref<?x?xi8>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) draft_mask(%draft : memref<?x?xi8>)
  return
}

func.func @everything(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %slopes: memref<8xf32>, %mask: memref<?x?xi8>,
    %draft: memref<?x?xf16>) {
  fp8attn.paged_attention causal window_left = 100 query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) alibi(%slopes : memref<8xf32>)
      mask(%mask : memref<?x?xi8>) draft_mask(%draft : memref<?x?xf16>) {softcap = 30.0 : f32}
  return
}
