// Functions on tensors, which the build bufferizes, and the same on memrefs
// (TensorFormTest.cpp).
// RUN: fp8attn-opt %s --one-shot-bufferize=bufferize-function-boundaries -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=memref.copy
// CHECK: fp8attn.attention

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN>
#one = affine_map<(page, head, token, channel) -> (head)>
#by_token = affine_map<(page, head, token, channel) -> (page, head, token)>
#row = affine_map<(row, channel) -> (row)>

// Dense attention with a region that extracts what another tensor holds.
func.func @dense_tensors(%query: tensor<?x8x?x64xbf16>, %key: tensor<?x2x?x64xf8E4M3FN>,
                         %value: tensor<?x2x?x64xf8E4M3FN>, %scale: tensor<2xf32>, %bias: tensor<8xf32>,
                         %out: tensor<?x8x?x64xbf16>, %lse: tensor<?x8x?xf32>)
    -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>) {
  %result:2 = fp8attn.attention causal query(%query : tensor<?x8x?x64xbf16>)
      key(%key : tensor<?x2x?x64xf8E4M3FN>) value(%value : tensor<?x2x?x64xf8E4M3FN>)
      key_scale(%scale : tensor<2xf32>, #one) value_scale(%scale : tensor<2xf32>, #one)
      out(%out : tensor<?x8x?x64xbf16>) lse(%lse : tensor<?x8x?xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %b = tensor.extract %bias[%head] : tensor<8xf32>
        %new = arith.addf %score, %b : f32
        fp8attn.yield %new : f32
      } -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>)
  return %result#0, %result#1 : tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>
}
func.func @dense_memrefs(%query: memref<?x8x?x64xbf16>, %key: memref<?x2x?x64xf8E4M3FN>,
                         %value: memref<?x2x?x64xf8E4M3FN>, %scale: memref<2xf32>, %bias: memref<8xf32>,
                         %out: memref<?x8x?x64xbf16>, %lse: memref<?x8x?xf32>) {
  fp8attn.attention causal query(%query : memref<?x8x?x64xbf16>)
      key(%key : memref<?x2x?x64xf8E4M3FN>) value(%value : memref<?x2x?x64xf8E4M3FN>)
      key_scale(%scale : memref<2xf32>, #one) value_scale(%scale : memref<2xf32>, #one)
      out(%out : memref<?x8x?x64xbf16>) lse(%lse : memref<?x8x?xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %b = memref.load %bias[%head] : memref<8xf32>
        %new = arith.addf %score, %b : f32
        fp8attn.yield %new : f32
      }
  return
}

// New keys and values are written with scales of their own, and read with them.
func.func @step_tensors(%query: tensor<?x8x64xbf16>, %key: tensor<?x2x64xbf16>, %value: tensor<?x2x64xbf16>,
                        %slots: tensor<?xi64>, %cache: !cache, %key_scale: tensor<?x2x32xf32>,
                        %value_scale: tensor<?x2x32xf32>, %query_start: tensor<?xi32>, %seq_lens: tensor<?xi32>,
                        %block_table: tensor<?x?xi32>, %out: tensor<?x8x64xbf16>)
    -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>, tensor<?x8x64xbf16>) {
  %scales:2 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%value : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>)
      key_scale(%key_scale : tensor<?x2x32xf32>, #by_token)
      value_scale(%value_scale : tensor<?x2x32xf32>, #by_token)
      cache(%cache : !cache) -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>)
  %result = fp8attn.paged_attention causal query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scales#0 : tensor<?x2x32xf32>, #by_token)
      value_scale(%scales#1 : tensor<?x2x32xf32>, #by_token)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return %scales#0, %scales#1, %result : tensor<?x2x32xf32>, tensor<?x2x32xf32>, tensor<?x8x64xbf16>
}
func.func @step_memrefs(%query: memref<?x8x64xbf16>, %key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                        %slots: memref<?xi64>, %cache: !cache, %key_scale: memref<?x2x32xf32>,
                        %value_scale: memref<?x2x32xf32>, %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                        %block_table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>)
      key_scale(%key_scale : memref<?x2x32xf32>, #by_token)
      value_scale(%value_scale : memref<?x2x32xf32>, #by_token)
      cache(%cache : !cache)
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%key_scale : memref<?x2x32xf32>, #by_token)
      value_scale(%value_scale : memref<?x2x32xf32>, #by_token)
      batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>)
  return
}

// Two parts, of which the second is merged once more; codes of one's own in
// between. The result is memory that the caller gives.
func.func @parts_tensors(%out: tensor<?x4x64xf32>, %lse: tensor<?x4xf32>, %part: tensor<?x4x64xf32>,
                         %part_lse: tensor<?x4xf32>) -> (tensor<?x4x64xf32>, tensor<?x4xf32>) {
  %0:2 = fp8attn.merge first(%out, %lse : tensor<?x4x64xf32>, tensor<?x4xf32>)
      second(%part, %part_lse : tensor<?x4x64xf32>, tensor<?x4xf32>)
      into(%out, %lse : tensor<?x4x64xf32>, tensor<?x4xf32>) -> (tensor<?x4x64xf32>, tensor<?x4xf32>)
  %1:2 = fp8attn.merge first(%part, %part_lse : tensor<?x4x64xf32>, tensor<?x4xf32>)
      second(%0#0, %0#1 : tensor<?x4x64xf32>, tensor<?x4xf32>)
      into(%0#0, %0#1 : tensor<?x4x64xf32>, tensor<?x4xf32>) -> (tensor<?x4x64xf32>, tensor<?x4xf32>)
  return %1#0, %1#1 : tensor<?x4x64xf32>, tensor<?x4xf32>
}
func.func @parts_memrefs(%out: memref<?x4x64xf32>, %lse: memref<?x4xf32>, %part: memref<?x4x64xf32>,
                         %part_lse: memref<?x4xf32>) {
  fp8attn.merge first(%out, %lse : memref<?x4x64xf32>, memref<?x4xf32>)
      second(%part, %part_lse : memref<?x4x64xf32>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xf32>, memref<?x4xf32>)
  fp8attn.merge first(%part, %part_lse : memref<?x4x64xf32>, memref<?x4xf32>)
      second(%out, %lse : memref<?x4x64xf32>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xf32>, memref<?x4xf32>)
  return
}
func.func @round_trip_tensors(%x: tensor<?x64xf32>, %scale: tensor<?xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x64xf32>
  %some_codes = tensor.empty(%rows) : tensor<?x64xf8E5M2>
  %codes = fp8attn.quantize %x scale(%scale, #row) into %some_codes
      : tensor<?x64xf32>, tensor<?xf32>, tensor<?x64xf8E5M2> -> tensor<?x64xf8E5M2>
  %some = tensor.empty(%rows) : tensor<?x64xf32>
  %result = fp8attn.dequantize %codes scale(%scale, #row) into %some
      : tensor<?x64xf8E5M2>, tensor<?xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
  return %result : tensor<?x64xf32>
}
func.func @round_trip_memrefs(%x: memref<?x64xf32>, %scale: memref<?xf32>, %codes: memref<?x64xf8E5M2>,
                              %result: memref<?x64xf32>) {
  fp8attn.quantize %x scale(%scale, #row) into %codes : memref<?x64xf32>, memref<?xf32>, memref<?x64xf8E5M2>
  fp8attn.dequantize %codes scale(%scale, #row) into %result : memref<?x64xf8E5M2>, memref<?xf32>, memref<?x64xf32>
  return
}
