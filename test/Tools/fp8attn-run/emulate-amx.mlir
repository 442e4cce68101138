// REQUIRES: avx512-bf16
// RUN: fp8attn-run %s --check --emulate-amx --isa=amx_bf16 --context=300,40 --query-len=20,1 | FileCheck %s

// The tile kernels and the code around them, on a host without tiles.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 32, f8E5M2, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: attend: ran on amx_bf16
// CHECK: check of out passed
func.func @attend(%query: memref<?x8x128xbf16>, %cache: !cache,
    %key_scale: memref<f32>, %value_scale: memref<f32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x128xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<?x8x128xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<f32>, #tensor)
      value_scale(%value_scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x128xbf16>)
  return
}
