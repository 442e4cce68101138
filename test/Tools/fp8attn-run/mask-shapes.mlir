// RUN: fp8attn-run %s --entry=padding --check --context=300,300 --query-len=20 | FileCheck %s
// RUN: fp8attn-run %s --entry=narrow --check --context=90,90 --query-len=20 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=paged --check --context=300,33 --query-len=20,2 | FileCheck %s

// A row of the mask for all queries, and fewer columns than keys.

!query = memref<?x8x?x64xbf16>
!key = memref<?x2x?x64xbf16>
// CHECK: check of out passed
func.func @padding(%query: !query, %key: !key, %out: !query, %mask: memref<?x1x1x?xi1>) {
  fp8attn.attention query(%query : !query) key(%key : !key) value(%key : !key) out(%out : !query)
      mask(%mask : memref<?x1x1x?xi1>)
  return
}

func.func @narrow(%query: !query, %key: !key, %out: !query, %mask: memref<1x8x?x70xf16>) {
  fp8attn.attention causal query(%query : !query) key(%key : !key) value(%key : !key) out(%out : !query)
      mask(%mask : memref<1x8x?x70xf16>)
  return
}

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @paged(%query: memref<?x8x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>, %mask: memref<1x?xf32>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) mask(%mask : memref<1x?xf32>)
  return
}
