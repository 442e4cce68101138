// RUN: fp8attn-run %s --check --context=100,40 --query-len=30,20 | FileCheck %s
// RUN: fp8attn-run %s --check --context=100,40 --query-len=30,20 --isa-cap=generic | FileCheck %s

// One entry point that writes the new tokens, then attends to them: the
// reference follows the operations, and the cache must agree byte by byte.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>

// CHECK: check of out passed
// CHECK: check of cache passed: all {{[0-9]+}} bytes are equal
func.func @step(%query: memref<?x4x64xbf16>, %key: memref<?x2x64xbf16>,
    %value: memref<?x2x64xbf16>, %slots: memref<?xi64>, %cache: !cache,
    %key_scale: memref<2xf32>, %value_scale: memref<2xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x4x64xbf16>) {
  fp8attn.kv_write
      key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<2xf32>, #head)
      value_scale(%value_scale : memref<2xf32>, #head)
      cache(%cache : !cache)
  fp8attn.paged_attention causal
      query(%query : memref<?x4x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<2xf32>, #head)
      value_scale(%value_scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
}
