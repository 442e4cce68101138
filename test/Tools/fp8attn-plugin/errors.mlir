// REQUIRES: shared-mlir
// RUN: not mlir-opt %s --load-dialect-plugin=%fp8attn_build/lib/Fp8AttnPlugin.so 2>&1 | FileCheck %s

// The diagnostics in stock mlir-opt are those of the dialect; one plugin alone is
// enough to read and verify a model.

func.func @f(%query: memref<?x30x128xbf16>,
             %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16>,
             %start: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
             %out: memref<?x30x128xbf16>) {
  // CHECK: error: {{.*}}expects heads of query (30) to be a multiple of heads of the cache (8)
  fp8attn.paged_attention
      query(%query : memref<?x30x128xbf16>)
      cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16>)
      batch(%start, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x30x128xbf16>)
  return
}
