// RUN: fp8attn-run %s --check --threads=2 --seqs=16 --context=1500 --query-len=12,1 | FileCheck %s
// RUN: fp8attn-run %s --check --threads=2 --seqs=16 --context=1500 --query-len=1,12 --seed=2 | FileCheck %s

// Two workers at a time in blocks of many rows and of few, whose kernels need
// scratch of different sizes: none may write into another's.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: 2 workers, 16 sequences, 104 query tokens
// CHECK: check of out passed
func.func @attend(%query: memref<?x8x128xbf16>, %cache: !cache,
    %scale: memref<f32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x128xbf16>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x8x128xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor)
      value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x128xbf16>)
  return
}
