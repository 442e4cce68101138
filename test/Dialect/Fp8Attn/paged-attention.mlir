// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!k = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>
!v = !fp8attn.cache<value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<pairs>>

// Everything optional is there; tokens and heads have odd distances.
// CHECK-LABEL: func @everything
// CHECK: fp8attn.paged_attention causal
// CHECK-SAME: query(%{{.+}} : memref<?x32x128xbf16, strided<[?, 256, 1], offset: ?>>)
// CHECK-SAME: cache(%{{.+}} : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, <pairs>>)
// CHECK-SAME: key_scale(%{{.+}} : memref<8xf32>, #{{[a-z0-9]+}}) value_scale(%{{.+}} : memref<f32>, #{{[a-z0-9]+}})
// CHECK-SAME: batch(%{{.+}}, %{{.+}}, %{{.+}} : memref<5xi32>, memref<4xi32>, memref<4x?xi32>)
// CHECK-SAME: out(%{{.+}} : memref<7x32x128xbf16>) lse(%{{.+}} : memref<?x32xf32>) {softmax_scale = 1.250000e-01 : f32}
func.func @everything(
    %query: memref<?x32x128xbf16, strided<[?, 256, 1], offset: ?>>, %cache: !kv,
    %key_scale: memref<8xf32>, %value_scale: memref<f32>,
    %query_start: memref<5xi32>, %seq_lens: memref<4xi32>,
    %block_table: memref<4x?xi32>, %out: memref<7x32x128xbf16>,
    %lse: memref<?x32xf32>) {
  fp8attn.paged_attention causal
      query(%query : memref<?x32x128xbf16, strided<[?, 256, 1], offset: ?>>)
      cache(%cache : !kv)
      key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
      value_scale(%value_scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      batch(%query_start, %seq_lens, %block_table : memref<5xi32>, memref<4xi32>, memref<4x?xi32>)
      out(%out : memref<7x32x128xbf16>)
      lse(%lse : memref<?x32xf32>) {softmax_scale = 0.125 : f32}
  return
}

// Two bf16 caches, no scale, an empty batch.
// CHECK-LABEL: func @two_caches
// CHECK: fp8attn.paged_attention query(
// CHECK-SAME: cache(%{{.+}}, %{{.+}} : !fp8attn.cache<key, {{.+}}>, !fp8attn.cache<value, {{.+}}>) batch(
// CHECK-NOT: lse
func.func @two_caches(
    %query: memref<0x8x64xbf16>, %keys: !k, %values: !v,
    %query_start: memref<1xi32>, %seq_lens: memref<0xi32>,
    %block_table: memref<0x0xi32>) {
  fp8attn.paged_attention
      query(%query : memref<0x8x64xbf16>) cache(%keys, %values : !k, !v)
      batch(%query_start, %seq_lens, %block_table : memref<1xi32>, memref<0xi32>, memref<0x0xi32>)
      out(%query : memref<0x8x64xbf16>)
  return
}

// A window of 128 tokens and sinks. The default alignment is not printed.
// CHECK-LABEL: func @window
// CHECK: fp8attn.paged_attention causal window_left = 127 query(
// CHECK-SAME: batch({{.+}}) sink(%{{.+}} : memref<8xf32>) out(
// CHECK: fp8attn.paged_attention window_left = 0 window_right = 5 alignment = top_left query(
// CHECK-NOT: sink
func.func @window(
    %query: memref<?x8x64xbf16>, %keys: !k, %values: !v,
    %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
    %block_table: memref<?x?xi32>, %sink: memref<8xf32>) {
  fp8attn.paged_attention causal window_left = 127 alignment = bottom_right
      query(%query : memref<?x8x64xbf16>) cache(%keys, %values : !k, !v)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<8xf32>) out(%query : memref<?x8x64xbf16>)
  fp8attn.paged_attention window_left = 0 window_right = 5 alignment = top_left
      query(%query : memref<?x8x64xbf16>) cache(%keys, %values : !k, !v)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%query : memref<?x8x64xbf16>)
  return
}
