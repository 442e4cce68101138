// RUN: split-file %s %t
// RUN: fp8attn-run %t/step.mlir --check --context=300,64,0 --query-len=20,1,0 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step.mlir --check --context=300,64 --query-len=20,1 --isa-cap=generic --threads=2 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/prefix.mlir --check --seqs=5 --context=100 --query-len=3 --prefix=130 | FileCheck %s --check-prefix=PREFIX
// RUN: fp8attn-run %t/lists.mlir --check --context=400,40,2200 --query-len=2,40,5 --selected=300 | FileCheck %s --check-prefix=LISTS
// RUN: sed 's/page = 32/page = 1/; s/x32xf32/x1xf32/' %t/lists.mlir > %t/single.mlir
// RUN: fp8attn-run %t/single.mlir --check --context=400,40,2200 --query-len=2,40,5 --selected=300 | FileCheck %s --check-prefix=LISTS
// RUN: fp8attn-run %t/lists.mlir --context=2048 --selected=512 --time --repetitions=1 --json | FileCheck %s --check-prefix=TIME

// Keys and values of different numbers of heads: written with scales that are computed,
// beside queries that are rotated, and attended to.

//--- step.mlir
// STEP: check of query passed
// STEP: check of out passed
// STEP: check of lse passed
!keys = !fp8attn.cache<key, heads = 4, head_dim = 64, page = 32, f8E4M3FN>
!values = !fp8attn.cache<value, heads = 6, head_dim = 40, page = 32, i8>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @step(%key: memref<?x4x64xbf16>, %value: memref<?x6x40xbf16>, %slots: memref<?xi64>, %keys: !keys,
    %values: !values, %key_scale: memref<?x4x32xf32>, %value_scale: memref<?x6x32xf32>, %query: memref<?x24x64xbf16>,
    %positions: memref<?xi32>, %cos: memref<?x32xf32>, %sin: memref<?x32xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x24x40xf32>, %lse: memref<?x24xf32>) {
  fp8attn.kv_write dynamic key(%key : memref<?x4x64xbf16>) value(%value : memref<?x6x40xbf16>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?x4x32xf32>, #token)
      value_scale(%value_scale : memref<?x6x32xf32>, #token) cache(%keys, %values : !keys, !values)
      rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x32xf32>, memref<?x32xf32>)
      query(%query : memref<?x24x64xbf16>) query_out(%query : memref<?x24x64xbf16>)
  fp8attn.paged_attention causal query(%query : memref<?x24x64xbf16>) cache(%keys, %values : !keys, !values)
      key_scale(%key_scale : memref<?x4x32xf32>, #token) value_scale(%value_scale : memref<?x6x32xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x24x40xf32>) lse(%lse : memref<?x24xf32>)
  return
}

//--- prefix.mlir
// PREFIX: check of out passed
!keys = !fp8attn.cache<key, heads = 1, head_dim = 64, page = 64, bf16>
!values = !fp8attn.cache<value, heads = 4, head_dim = 64, page = 64, f8E5M2>
#head = affine_map<(page, head, token, channel) -> (head)>
func.func @prefix(%query: memref<?x8x64xbf16>, %keys: !keys, %values: !values, %scale: memref<4xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %groups: memref<?xi32>,
    %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%keys, %values : !keys, !values)
      value_scale(%scale : memref<4xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

//--- lists.mlir
// A list for each of four heads of keys, two of which share a head of values.
// LISTS: check of out passed
// LISTS: check of lse passed
// Of each head, 512 keys of 64 bytes and values of 128.
// TIME: "bytes": 393216
!keys = !fp8attn.cache<key, heads = 4, head_dim = 64, page = 32, f8E4M3FN>
!values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
func.func @lists(%query: memref<?x16x64xbf16>, %keys: !keys, %values: !values, %scale: memref<?x4x32xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %list: memref<?x4x?xi32>,
    %sink: memref<16xf32>, %out: memref<?x16x64xf32>, %lse: memref<?x16xf32>) {
  fp8attn.paged_attention causal query(%query : memref<?x16x64xbf16>) cache(%keys, %values : !keys, !values)
      key_scale(%scale : memref<?x4x32xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      selected_tokens(%list : memref<?x4x?xi32>) sink(%sink : memref<16xf32>)
      out(%out : memref<?x16x64xf32>) lse(%lse : memref<?x16xf32>)
  return
}
