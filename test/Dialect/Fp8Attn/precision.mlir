// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#head = affine_map<(page, head, token, channel) -> (head)>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>

// Behind the alignment, wherever it was written.
// CHECK-LABEL: func @paged
// CHECK:         fp8attn.paged_attention causal precision = f32 query(
func.func @paged(%query: memref<?x8x64xf32>, %cache: !cache, %scale: memref<2xf32>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xf32>) cache(%cache : !cache) precision = f32 causal
      key_scale(%scale : memref<2xf32>, #head) value_scale(%scale : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}

// Products of elements with powers of two are exact.
// CHECK-LABEL: func @blocks
// CHECK:         fp8attn.paged_attention precision = f32 query(
func.func @blocks(%query: memref<?x8x64xf32>, %cache: !cache, %scale: memref<?x2x32x2xf8E8M0FNU>, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  fp8attn.paged_attention precision = f32 query(%query : memref<?x8x64xf32>) cache(%cache : !cache)
      key_scale(%scale : memref<?x2x32x2xf8E8M0FNU>, #block) value_scale(%scale : memref<?x2x32x2xf8E8M0FNU>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}

// The default is not printed.
// CHECK-LABEL: func @dense
// CHECK:         fp8attn.attention causal alignment = top_left precision = f32 query(
// CHECK:         fp8attn.attention query(
func.func @dense(%query: memref<?x8x?x64xf16>, %key: memref<?x8x?x64xbf16>, %out: memref<?x8x?x64xf32>) {
  fp8attn.attention precision = f32 causal alignment = top_left query(%query : memref<?x8x?x64xf16>)
      key(%key : memref<?x8x?x64xbf16>) value(%key : memref<?x8x?x64xbf16>) out(%out : memref<?x8x?x64xf32>)
  fp8attn.attention precision = bf16 query(%query : memref<?x8x?x64xf16>)
      key(%key : memref<?x8x?x64xbf16>) value(%key : memref<?x8x?x64xbf16>) out(%out : memref<?x8x?x64xf32>)
  return
}
