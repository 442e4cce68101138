// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#by_head = affine_map<(page, head, token, channel) -> (head)>
#by_token = affine_map<(page, head, token, channel) -> (page, head, token)>

// Everything optional is there; a region extracts what another tensor holds, and
// loads from a memref.
// CHECK-LABEL: func @attention(
// CHECK: %[[RESULT:.+]]:2 = fp8attn.attention causal query(%{{[^ ]+}} : tensor<?x8x?x64xbf16>)
// CHECK-SAME: key(%{{[^ ]+}} : tensor<?x2x?x64xf8E4M3FN>)
// CHECK-SAME: out(%{{[^ ]+}} : tensor<?x8x?x64xbf16>) lse(%{{[^ ]+}} : tensor<?x8x?xf32>)
// CHECK: tensor.extract
// CHECK: memref.load
// CHECK: } {softcap = 3.000000e+01 : f32} -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>)
// CHECK-NEXT: return %[[RESULT]]#0, %[[RESULT]]#1
func.func @attention(%query: tensor<?x8x?x64xbf16>, %key: tensor<?x2x?x64xf8E4M3FN>,
                     %value: tensor<?x2x?x64xf8E4M3FN>, %scale: tensor<2xf32>,
                     %sink: tensor<8xf32>, %out: tensor<?x8x?x64xbf16>, %lse: tensor<?x8x?xf32>,
                     %alibi: tensor<8xf32>, %mask: tensor<?x1x?x?xi1>, %bias: tensor<?xbf16>,
                     %slopes: memref<8xf32>) -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>) {
  %result:2 = fp8attn.attention causal
      query(%query : tensor<?x8x?x64xbf16>)
      key(%key : tensor<?x2x?x64xf8E4M3FN>) value(%value : tensor<?x2x?x64xf8E4M3FN>)
      key_scale(%scale : tensor<2xf32>, #by_head) value_scale(%scale : tensor<2xf32>, #by_head)
      sink(%sink : tensor<8xf32>) out(%out : tensor<?x8x?x64xbf16>) lse(%lse : tensor<?x8x?xf32>)
      alibi(%alibi : tensor<8xf32>) mask(%mask : tensor<?x1x?x?xi1>)
      {softcap = 30.0 : f32}
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %small = tensor.extract %bias[%k] : tensor<?xbf16>
        %wide = arith.extf %small : bf16 to f32
        %slope = memref.load %slopes[%head] : memref<8xf32>
        %product = arith.mulf %wide, %slope : f32
        %new = arith.addf %score, %product : f32
        fp8attn.yield %new : f32
      } -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>)
  return %result#0, %result#1 : tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>
}

// A tensor may be read and written: it is a value, and no memory.
// CHECK-LABEL: func @itself(
// CHECK: fp8attn.attention query(%[[X:.+]] : tensor<2x2x4x64xf32>) key(%[[X]] : {{.+}}) value(%[[X]] : {{.+}}) out(%[[X]] : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
func.func @itself(%x: tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32> {
  %result = fp8attn.attention
      query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%x : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
  return %result : tensor<2x2x4x64xf32>
}

// CHECK-LABEL: func @paged(
// CHECK: fp8attn.kv_write key(%{{[^ ]+}} : tensor<?x2x64xbf16>)
// CHECK-NOT: ->
// CHECK: %[[OUT:.+]] = fp8attn.paged_attention causal query(
// CHECK-SAME: batch(%{{[^:]+}} : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
// CHECK-SAME: out(%{{[^ ]+}} : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
// CHECK-NEXT: return %[[OUT]]
func.func @paged(%query: tensor<?x8x64xbf16>, %key: tensor<?x2x64xbf16>, %value: tensor<?x2x64xbf16>,
                 %slots: tensor<?xi64>, %cache: !cache, %scale: tensor<2xf32>, %query_start: tensor<?xi32>,
                 %seq_lens: tensor<?xi32>, %block_table: tensor<?x?xi32>,
                 %out: tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16> {
  fp8attn.kv_write key(%key : tensor<?x2x64xbf16>) value(%value : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>)
      key_scale(%scale : tensor<2xf32>, #by_head) value_scale(%scale : tensor<2xf32>, #by_head)
      cache(%cache : !cache)
  %result = fp8attn.paged_attention causal query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : tensor<2xf32>, #by_head) value_scale(%scale : tensor<2xf32>, #by_head)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%out : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return %result : tensor<?x8x64xbf16>
}

// Scales that are computed are results.
// CHECK-LABEL: func @dynamic(
// CHECK: %{{[^ ]+}}:2 = fp8attn.kv_write dynamic
// CHECK-SAME: -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>)
func.func @dynamic(%key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %cache: !cache,
                   %key_scale: tensor<?x2x32xf32>, %value_scale: tensor<?x2x32xf32>)
    -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>) {
  %scales:2 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>)
      key_scale(%key_scale : tensor<?x2x32xf32>, #by_token)
      value_scale(%value_scale : tensor<?x2x32xf32>, #by_token)
      cache(%cache : !cache) -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>)
  return %scales#0, %scales#1 : tensor<?x2x32xf32>, tensor<?x2x32xf32>
}

// CHECK-LABEL: func @merge(
// CHECK: %{{[^ ]+}}:2 = fp8attn.merge first(
// CHECK-SAME: -> (tensor<?x4x64xf16>, tensor<?x4xf32>)
func.func @merge(%out: tensor<?x4x64xf16>, %lse: tensor<?x4xf32>) -> (tensor<?x4x64xf16>, tensor<?x4xf32>) {
  %result:2 = fp8attn.merge first(%out, %lse : tensor<?x4x64xf16>, tensor<?x4xf32>)
      second(%out, %lse : tensor<?x4x64xf16>, tensor<?x4xf32>)
      into(%out, %lse : tensor<?x4x64xf16>, tensor<?x4xf32>)
      -> (tensor<?x4x64xf16>, tensor<?x4xf32>)
  return %result#0, %result#1 : tensor<?x4x64xf16>, tensor<?x4xf32>
}

// CHECK-LABEL: func @convert(
// CHECK: %[[CODES:.+]] = fp8attn.quantize {{.+}} -> tensor<?x64xf8E5M2>
// CHECK-NEXT: %[[BACK:.+]] = fp8attn.dequantize %[[CODES]] {{.+}} -> tensor<?x64xf32>
// CHECK-NEXT: return %[[BACK]]
func.func @convert(%x: tensor<?x64xf32>, %scale: tensor<f32>, %codes: tensor<?x64xf8E5M2>) -> tensor<?x64xf32> {
  %quantized = fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
      : tensor<?x64xf32>, tensor<f32>, tensor<?x64xf8E5M2> -> tensor<?x64xf8E5M2>
  %result = fp8attn.dequantize %quantized scale(%scale, affine_map<(t, c) -> ()>) into %x
      : tensor<?x64xf8E5M2>, tensor<f32>, tensor<?x64xf32> -> tensor<?x64xf32>
  return %result : tensor<?x64xf32>
}

// CHECK-LABEL: func @repack(
// CHECK: fp8attn.repack %{{[^ ]+}} into %{{[^ ]+}} pages(%{{[^ ]+}} : tensor<?x2xi32>)
func.func @repack(%pool: !cache, %pages: tensor<?x2xi32>) {
  fp8attn.repack %pool into %pool pages(%pages : tensor<?x2xi32>) : !cache, !cache
  return
}
