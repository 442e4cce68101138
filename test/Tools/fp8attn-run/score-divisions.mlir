// RUN: fp8attn-run %s --check --context=300,33,9 --query-len=20,2,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --check --context=300,33,9 --query-len=20,2,40 --isa-cap=generic | FileCheck %s

// Integer divisions and shifts by constants, of what all keys of a row share and
// of what differs: blocks of 48 queries and 32 keys. The last sequence has more
// queries than keys, so that the first positions are negative.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>
// CHECK: check of out passed
func.func @attend(%query: memref<?x4x64xbf16>, %cache: !cache, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x4x64xbf16>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %c5 = arith.constant 5 : index
        %c48 = arith.constant 48 : index
        %m3 = arith.constant -3 : index
        %last = arith.constant 63 : index
        // 0 or -1: the sign.
        %sign = arith.shrsi %q, %last : index
        %block = arith.divsi %q, %c48 : index
        %part = arith.remsi %q, %m3 : index
        %column = arith.shrui %key, %c5 : index
        %lane = arith.remui %key, %c48 : index
        %third = arith.divsi %key, %m3 : index
        %wide = arith.shli %block, %c5 : index
        %a = arith.addi %sign, %part : index
        %b = arith.addi %column, %lane : index
        %c = arith.addi %third, %wide : index
        %d = arith.addi %a, %b : index
        %sum = arith.addi %c, %d : index
        // i32 wraps, and an unsigned division sees the wrapped number.
        %short = arith.index_cast %sum : index to i32
        %c7 = arith.constant 7 : i32
        %c26 = arith.constant 26 : i32
        %seventh = arith.divui %short, %c7 : i32
        %small = arith.shrui %seventh, %c26 : i32
        %rest = arith.remsi %short, %c7 : i32
        %number = arith.addi %small, %rest : i32
        %real = arith.sitofp %number : i32 to f32
        %tenth = arith.constant 0.1 : f32
        %bias = arith.mulf %real, %tenth : f32
        %new = arith.addf %score, %bias : f32
        fp8attn.yield %new : f32
      }
  return
}
