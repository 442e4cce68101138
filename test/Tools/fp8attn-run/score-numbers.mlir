// RUN: fp8attn-run %s --check --context=300,33,64 --query-len=20,2,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --check --context=300,33,64 --query-len=20,2,40 --isa-cap=generic | FileCheck %s

// Numbers of the entry point that only a score region uses are given a value,
// in registers as a C caller gives them; the region loads i64.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
// CHECK: computed paged_attention: {{.*}}, score region
// CHECK: check of out passed
func.func @attend(%factor: f32, %query: memref<?x4x64xbf16>, %cache: !cache, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %row: index, %offset: i64,
    %which: i32, %bias: memref<2x?xf32>, %kinds: memref<?xi64>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %scaled = arith.mulf %score, %factor : f32
        %number = memref.load %bias[%row, %key] : memref<2x?xf32>
        %biased = arith.addf %scaled, %number : f32
        // A load of neighbours, and one by an index.
        %kind = memref.load %kinds[%key] : memref<?xi64>
        %index = arith.index_cast %kind : i64 to index
        %other = memref.load %kinds[%index] : memref<?xi64>
        %sum = arith.addi %other, %offset : i64
        %short = arith.trunci %sum : i64 to i32
        %is_this = arith.cmpi eq, %short, %which : i32
        %new = arith.select %is_this, %biased, %score : f32
        fp8attn.yield %new : f32
      }
  return
}
