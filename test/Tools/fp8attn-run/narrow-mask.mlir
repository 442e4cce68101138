// RUN: fp8attn-run %s --entry=narrow --check --context=300,5,70,60 --query-len=20,2,1,60 | FileCheck %s
// RUN: fp8attn-run %s --entry=narrow --check --context=3000 --query-len=1 --threads=2 --isa-cap=avx2 | FileCheck %s
// RUN: fp8attn-run %s --entry=narrow --check --context=300,70 --query-len=90,8 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=one_row --check --context=300,5,2600 --query-len=20,2,1 --threads=2 | FileCheck %s

// Keys without a column of the mask are masked; where queries stand is as it was.
// CHECK: mask of
// CHECK: check of out passed
// CHECK: check of lse passed

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>

func.func @narrow(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %mask: memref<?x61xi8>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) mask(%mask : memref<?x61xi8>)
  return
}

func.func @one_row(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %slopes: memref<8xf32>, %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %mask: memref<1x2100xf32>) {
  fp8attn.paged_attention window_left = 2500 window_right = 9 query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) alibi(%slopes : memref<8xf32>) mask(%mask : memref<1x2100xf32>)
  return
}
