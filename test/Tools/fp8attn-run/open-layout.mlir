// RUN: fp8attn-run %s --check --context=100,40 | FileCheck %s
// RUN: fp8attn-compile %s --emit=header | FileCheck %s --check-prefix=HEADER

// A cache whose layout the model leaves open: inputs, code, the reference and
// the header agree on one.

// CHECK: check of out passed
// HEADER: key_value cache of bf16, 2 heads, head size 64, pages of 32 tokens, layout pairs
!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
func.func @attend(%query: memref<?x4x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}
