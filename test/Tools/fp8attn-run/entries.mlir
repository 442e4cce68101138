// RUN: fp8attn-run %s --entry=lens --check --context=300,300,300 --query-len=20 | FileCheck %s
// RUN: fp8attn-run %s --entry=offsets --check --context=90,90 --query-len=20 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=both --check --context=300,300 --query-len=100 --threads=2 | FileCheck %s

// Numbers of keys and positions of queries are made for each batch entry.

!query = memref<?x8x?x64xbf16>
!key = memref<?x2x?x64xbf16>
// CHECK: check of out passed
func.func @lens(%query: !query, %key: !key, %out: !query, %lens: memref<?xi32>) {
  fp8attn.attention causal query(%query : !query) key(%key : !key) value(%key : !key) out(%out : !query)
      key_lens(%lens : memref<?xi32>)
  return
}

func.func @offsets(%query: !query, %key: !key, %out: !query, %offsets: memref<?xi32>, %slopes: memref<8xf32>) {
  fp8attn.attention causal query(%query : !query) key(%key : !key) value(%key : !key) out(%out : !query)
      alibi(%slopes : memref<8xf32>) query_offsets(%offsets : memref<?xi32>)
  return
}

func.func @both(%query: !query, %key: !key, %out: !query, %lens: memref<?xi32>, %offsets: memref<?xi32>) {
  fp8attn.attention window_left = 50 window_right = 3 query(%query : !query) key(%key : !key) value(%key : !key)
      out(%out : !query) key_lens(%lens : memref<?xi32>) query_offsets(%offsets : memref<?xi32>)
  return
}
