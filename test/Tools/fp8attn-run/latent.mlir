// RUN: split-file %s %t
// RUN: fp8attn-run %t/step.mlir --check --context=300,0,33,64 --query-len=20,2,33,1 | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/step.mlir --check --context=300,0,33,64 --query-len=20,2,33,1 --isa-cap=generic | FileCheck %s --check-prefix=STEP
// RUN: fp8attn-run %t/elements.mlir --check --context=300,33 --query-len=5,30 | FileCheck %s --check-prefix=ELEMENTS
// RUN: fp8attn-run %t/import.mlir --check --context=100 | FileCheck %s --check-prefix=IMPORT
// RUN: fp8attn-run %t/attend.mlir --context=1024 --time --repetitions=1 --json | FileCheck %s --check-prefix=TIME

// A latent cache is written with computed scales and attended to; with scales
// that do not fold, keys and values are decoded once; it is repacked; and its
// bytes are counted once.

//--- step.mlir
// STEP: check of key_scale passed
// STEP: check of out passed
// STEP: check of lse passed
// STEP: check of cache passed: all {{[0-9]+}} bytes are equal
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 72, page = 32, f8E4M3FN>
func.func @step(%query: memref<?x20x96xbf16>, %key: memref<?x1x96xbf16>,
    %slots: memref<?xi64>, %cache: !cache, %key_scale: memref<?x1x32xf32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x20x72xbf16>, %lse: memref<?x20xf32>) {
  fp8attn.kv_write dynamic key(%key : memref<?x1x96xbf16>) slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x1x32xf32>,
                affine_map<(page, head, token, channel) -> (page, head, token)>)
      cache(%cache : !cache)
  fp8attn.paged_attention causal
      query(%query : memref<?x20x96xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x1x32xf32>,
                affine_map<(page, head, token, channel) -> (page, head, token)>)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x20x72xbf16>) lse(%lse : memref<?x20xf32>)
  return
}

//--- elements.mlir
// ELEMENTS: check of out passed
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 72, page = 32, f8E4M3FN>
#element = affine_map<(page, head, token, channel) -> (page, token, channel floordiv 24)>
func.func @elements(%query: memref<?x3x96xbf16>, %cache: !cache,
    %key_scale: memref<?x32x4xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x3x72xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x3x96xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x32x4xf32>, #element)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x3x72xbf16>)
  return
}

//--- import.mlir
// IMPORT: check of pairs passed: all {{[0-9]+}} bytes are equal
!rows = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
!pairs = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 72, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @import(%rows: !rows, %pairs: !pairs) {
  fp8attn.repack %rows into %pairs : !rows, !pairs
  return
}

//--- attend.mlir
// 1,024 keys of 96 bytes.
// TIME: "bytes": 98304
!cache = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 72, page = 32, f8E4M3FN>
#one = affine_map<(page, head, token, channel) -> ()>
func.func @attend(%query: memref<?x3x96xbf16>, %cache: !cache, %key_scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x3x72xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x3x96xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x3x72xbf16>)
  return
}
