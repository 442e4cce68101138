// RUN: fp8attn-run %s --entry=paged --check --context=300,33,64 --query-len=20,2,40 | FileCheck %s
// RUN: fp8attn-run %s --entry=paged --check --context=300,33 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=dense --check --context=300,300 --query-len=20 | FileCheck %s

// Sinks and slopes of bf16 and f16 are made and taken as the numbers that they are.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: check of out passed
func.func @paged(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %sink: memref<8xbf16>, %out: memref<?x8x64xbf16>, %slopes: memref<8xf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<8xbf16>) out(%out : memref<?x8x64xbf16>) alibi(%slopes : memref<8xf16>)
  return
}

func.func @dense(%query: memref<?x6x?x40xf32>, %key: memref<?x2x?x40xbf16>, %sink: memref<6xf16>,
    %out: memref<?x6x?x40xf32>, %slopes: memref<6xbf16>) {
  fp8attn.attention query(%query : memref<?x6x?x40xf32>) key(%key : memref<?x2x?x40xbf16>)
      value(%key : memref<?x2x?x40xbf16>) sink(%sink : memref<6xf16>) out(%out : memref<?x6x?x40xf32>)
      alibi(%slopes : memref<6xbf16>)
  return
}
