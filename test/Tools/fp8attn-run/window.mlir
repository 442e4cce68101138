// RUN: fp8attn-run %s --check --context=300,0,33,700 --query-len=20,2,40,1 | FileCheck %s
// RUN: fp8attn-run %s --check --isa-cap=generic --context=5000 | FileCheck %s

// A sliding window, and sinks, for which the tool makes random logits.

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>

// CHECK: check of out passed
// CHECK: check of lse passed
func.func @attend(%query: memref<?x16x64xbf16>, %cache: !kv, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %sink: memref<16xf32>,
    %out: memref<?x16x64xbf16>, %lse: memref<?x16xf32>) {
  fp8attn.paged_attention causal window_left = 127
      query(%query : memref<?x16x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<16xf32>)
      out(%out : memref<?x16x64xbf16>) lse(%lse : memref<?x16xf32>)
  return
}
