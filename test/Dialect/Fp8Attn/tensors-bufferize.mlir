// RUN: fp8attn-opt --one-shot-bufferize="bufferize-function-boundaries" %s | FileCheck %s
// RUN: fp8attn-opt --one-shot-bufferize="bufferize-function-boundaries test-analysis-only" %s | FileCheck %s --check-prefix=ANALYSIS

// What the analysis notes may stand on operations.
// ANALYSIS: fp8attn.merge {{.+}} {__inplace_operands_attr__ = ["true", "true", "true", "true", "true", "true"]}

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#by_head = affine_map<(page, head, token, channel) -> (head)>
#by_token = affine_map<(page, head, token, channel) -> (page, head, token)>

// All operands are used where they are, and results are written where they are to
// be: nothing is allocated or copied. The region loads.
// CHECK-LABEL: func @dense(
// CHECK-SAME: %[[QUERY:[^:]+]]: memref<?x8x?x64xbf16, strided<[?, ?, ?, ?], offset: ?>>
// CHECK-SAME: %[[KEY:[^:]+]]: memref<?x2x?x64xf8E4M3FN, {{[^>]+>>}}, %[[VALUE:[^:]+]]: memref<?x2x?x64xf8E4M3FN
// CHECK-SAME: %[[OUT:[^:]+]]: memref<?x8x?x64xbf16, {{[^>]+>>}}, %[[LSE:[^:]+]]: memref<?x8x?xf32, {{[^>]+>>}}, %[[BIAS:[^:]+]]: memref<8xf32
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.attention query(%[[QUERY]] : {{.+}}) key(%[[KEY]] : {{.+}}) value(%[[VALUE]] : {{.+}}) key_scale
// CHECK-SAME: out(%[[OUT]] : {{.+}}) lse(%[[LSE]] : {{.+}}) score {
// CHECK: memref.load %[[BIAS]]
// CHECK: }
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return %[[OUT]], %[[LSE]]
func.func @dense(%query: tensor<?x8x?x64xbf16>, %key: tensor<?x2x?x64xf8E4M3FN>, %value: tensor<?x2x?x64xf8E4M3FN>,
                 %scale: tensor<2xf32>, %out: tensor<?x8x?x64xbf16>, %lse: tensor<?x8x?xf32>,
                 %bias: tensor<8xf32>) -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>) {
  %result:2 = fp8attn.attention query(%query : tensor<?x8x?x64xbf16>)
      key(%key : tensor<?x2x?x64xf8E4M3FN>) value(%value : tensor<?x2x?x64xf8E4M3FN>)
      key_scale(%scale : tensor<2xf32>, #by_head) value_scale(%scale : tensor<2xf32>, #by_head)
      out(%out : tensor<?x8x?x64xbf16>) lse(%lse : tensor<?x8x?xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %b = tensor.extract %bias[%head] : tensor<8xf32>
        %new = arith.addf %score, %b : f32
        fp8attn.yield %new : f32
      } -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>)
  return %result#0, %result#1 : tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>
}

// A cache is not bufferized; what is written into it stays before what reads it.
// `out` may be the query, and scales are computed in place.
// CHECK-LABEL: func @step(
// CHECK-SAME: %[[QUERY:[^:]+]]: memref<?x8x64xbf16
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.kv_write dynamic
// CHECK-SAME: key_scale(%[[KEY_SCALE:[^ ]+]] : {{.+}} value_scale(%[[VALUE_SCALE:[^ ]+]] :
// CHECK-NEXT: fp8attn.paged_attention causal query(%[[QUERY]] :
// CHECK-SAME: key_scale(%[[KEY_SCALE]] : {{.+}} value_scale(%[[VALUE_SCALE]] : {{.+}} out(%[[QUERY]] :
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return %[[QUERY]]
func.func @step(%query: tensor<?x8x64xbf16>, %key: tensor<?x2x64xbf16>, %value: tensor<?x2x64xbf16>,
                %slots: tensor<?xi64>, %cache: !cache, %key_scale: tensor<?x2x32xf32>,
                %value_scale: tensor<?x2x32xf32>, %query_start: tensor<?xi32>, %seq_lens: tensor<?xi32>,
                %block_table: tensor<?x?xi32>) -> (tensor<?x8x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>) {
  %scales:2 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%value : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>)
      key_scale(%key_scale : tensor<?x2x32xf32>, #by_token)
      value_scale(%value_scale : tensor<?x2x32xf32>, #by_token)
      cache(%cache : !cache) -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>)
  %result = fp8attn.paged_attention causal query(%query : tensor<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scales#0 : tensor<?x2x32xf32>, #by_token)
      value_scale(%scales#1 : tensor<?x2x32xf32>, #by_token)
      batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
      out(%query : tensor<?x8x64xbf16>) -> tensor<?x8x64xbf16>
  return %result, %scales#0, %scales#1 : tensor<?x8x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>
}

// A query is rotated in place, if nothing else reads it, and so is each scale.
// CHECK-LABEL: func @rotate(
// CHECK-SAME: %[[QUERY:[^:]+]]: memref<?x8x64xbf16
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.kv_write dynamic {{.+}} query(%[[QUERY]] : {{.+}} query_out(%[[QUERY]] :
// CHECK-NEXT: return %[[QUERY]]
func.func @rotate(%query: tensor<?x8x64xbf16>, %key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %positions: tensor<?xi32>,
                  %table: tensor<?x32xf32>, %cache: !cache, %key_scale: tensor<?x2x32xf32>, %value_scale: tensor<?x2x32xf32>)
    -> (tensor<?x8x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>) {
  %results:3 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>)
      query(%query : tensor<?x8x64xbf16>) slots(%slots : tensor<?xi64>)
      rotary(%positions, %table, %table : tensor<?xi32>, tensor<?x32xf32>, tensor<?x32xf32>)
      query_out(%query : tensor<?x8x64xbf16>) key_scale(%key_scale : tensor<?x2x32xf32>, #by_token)
      value_scale(%value_scale : tensor<?x2x32xf32>, #by_token)
      cache(%cache : !cache) -> (tensor<?x8x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>)
  return %results#0, %results#1, %results#2 : tensor<?x8x64xbf16>, tensor<?x2x32xf32>, tensor<?x2x32xf32>
}

// What others read of the query stays: the result has memory of its own, into which
// nothing need be copied.
// CHECK-LABEL: func @rotate_apart(
// CHECK: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.kv_write
func.func @rotate_apart(%query: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %positions: tensor<?xi32>,
                        %table: tensor<?x32xf32>, %cache: !cache, %scale: tensor<2xf32>)
    -> (tensor<?x2x64xbf16>, tensor<?x2x64xbf16>) {
  %result = fp8attn.kv_write key(%query : tensor<?x2x64xbf16>) value(%query : tensor<?x2x64xbf16>)
      query(%query : tensor<?x2x64xbf16>) slots(%slots : tensor<?xi64>)
      rotary(%positions, %table, %table : tensor<?xi32>, tensor<?x32xf32>, tensor<?x32xf32>)
      query_out(%query : tensor<?x2x64xbf16>) key_scale(%scale : tensor<2xf32>, #by_head)
      value_scale(%scale : tensor<2xf32>, #by_head) cache(%cache : !cache) -> tensor<?x2x64xbf16>
  return %result, %query : tensor<?x2x64xbf16>, tensor<?x2x64xbf16>
}

// A merge may write into a part, and so may the next one.
// CHECK-LABEL: func @merge(
// CHECK-SAME: %[[OUT:[^:]+]]: memref<?x4x64xf32, {{[^>]+>>}}, %[[LSE:[^:]+]]: memref<?x4xf32
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.merge first(%[[OUT]], %[[LSE]] : {{.+}}) second({{.+}}) into(%[[OUT]], %[[LSE]] :
// CHECK-NEXT: fp8attn.merge first({{.+}}) second(%[[OUT]], %[[LSE]] : {{.+}}) into(%[[OUT]], %[[LSE]] :
// CHECK-NEXT: return %[[OUT]], %[[LSE]]
func.func @merge(%out: tensor<?x4x64xf32>, %lse: tensor<?x4xf32>, %part: tensor<?x4x64xf32>, %part_lse: tensor<?x4xf32>)
    -> (tensor<?x4x64xf32>, tensor<?x4xf32>) {
  %0:2 = fp8attn.merge first(%out, %lse : tensor<?x4x64xf32>, tensor<?x4xf32>)
      second(%part, %part_lse : tensor<?x4x64xf32>, tensor<?x4xf32>)
      into(%out, %lse : tensor<?x4x64xf32>, tensor<?x4xf32>) -> (tensor<?x4x64xf32>, tensor<?x4xf32>)
  %1:2 = fp8attn.merge first(%part, %part_lse : tensor<?x4x64xf32>, tensor<?x4xf32>)
      second(%0#0, %0#1 : tensor<?x4x64xf32>, tensor<?x4xf32>)
      into(%0#0, %0#1 : tensor<?x4x64xf32>, tensor<?x4xf32>) -> (tensor<?x4x64xf32>, tensor<?x4xf32>)
  return %1#0, %1#1 : tensor<?x4x64xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func @convert(
// CHECK-SAME: %[[X:[^:]+]]: memref<?x64xf32, {{[^>]+>>}}, %[[SCALE:[^:]+]]: memref<f32, {{[^>]+>>}}, %[[CODES:[^:]+]]: memref<?x64xf8E5M2
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.quantize %[[X]] scale(%[[SCALE]], #{{.+}}) into %[[CODES]]
// CHECK-NEXT: fp8attn.dequantize %[[CODES]] scale(%[[SCALE]], #{{.+}}) into %[[X]]
// CHECK-NEXT: return %[[X]]
func.func @convert(%x: tensor<?x64xf32>, %scale: tensor<f32>, %codes: tensor<?x64xf8E5M2>) -> tensor<?x64xf32> {
  %quantized = fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %codes
      : tensor<?x64xf32>, tensor<f32>, tensor<?x64xf8E5M2> -> tensor<?x64xf8E5M2>
  %result = fp8attn.dequantize %quantized scale(%scale, affine_map<(t, c) -> ()>) into %x
      : tensor<?x64xf8E5M2>, tensor<f32>, tensor<?x64xf32> -> tensor<?x64xf32>
  return %result : tensor<?x64xf32>
}

// CHECK-LABEL: func @repack(
// CHECK-SAME: %[[POOL:[^:]+]]: !fp8attn.cache{{.+}}, %[[PAGES:[^:]+]]: memref<?x2xi32
// CHECK-NEXT: fp8attn.repack %[[POOL]] into %[[POOL]] pages(%[[PAGES]] :
func.func @repack(%pool: !cache, %pages: tensor<?x2xi32>) {
  fp8attn.repack %pool into %pool pages(%pages : tensor<?x2xi32>) : !cache, !cache
  return
}

// Memory of a result of one's own is not filled first.
// CHECK-LABEL: func @empty(
// CHECK: %[[OUT:.+]] = memref.alloc() {{.*}}: memref<2x2x4x64xf32>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: fp8attn.attention {{.+}} out(%[[OUT]] : memref<2x2x4x64xf32>)
// CHECK: return %[[OUT]]
func.func @empty(%x: tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32> {
  %empty = tensor.empty() : tensor<2x2x4x64xf32>
  %result = fp8attn.attention query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%empty : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
  return %result : tensor<2x2x4x64xf32>
}

// Dense attention reads queries and keys again after it has written: not in place.
// CHECK-LABEL: func @not_in_place(
// CHECK-SAME: %[[X:[^:]+]]: memref<2x2x4x64xf32
// CHECK: %[[OUT:.+]] = memref.alloc()
// CHECK: fp8attn.attention query(%[[X]] : {{.+}}) key(%[[X]] : {{.+}}) value(%[[X]] : {{.+}}) out(%[[OUT]] :
func.func @not_in_place(%x: tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32> {
  %result = fp8attn.attention query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%x : tensor<2x2x4x64xf32>) -> tensor<2x2x4x64xf32>
  return %result : tensor<2x2x4x64xf32>
}

// A region that reads what was there before the result: not in place.
// CHECK-LABEL: func @region_reads_out(
// CHECK-SAME: %{{[^:]+}}: memref<2x2x4x64xf32, {{[^>]+>>}}, %[[LSE:[^:]+]]: memref<2x2x4xf32
// CHECK: %[[NEW:.+]] = memref.alloc() {{.*}}: memref<2x2x4xf32>
// CHECK: fp8attn.attention {{.+}} lse(%[[NEW]] : memref<2x2x4xf32>) score {
// CHECK: memref.load %[[LSE]]
func.func @region_reads_out(%x: tensor<2x2x4x64xf32>, %lse: tensor<2x2x4xf32>, %y: tensor<2x2x4x64xf32>)
    -> (tensor<2x2x4x64xf32>, tensor<2x2x4xf32>) {
  %result:2 = fp8attn.attention query(%x : tensor<2x2x4x64xf32>) key(%x : tensor<2x2x4x64xf32>) value(%x : tensor<2x2x4x64xf32>)
      out(%y : tensor<2x2x4x64xf32>) lse(%lse : tensor<2x2x4xf32>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %old = tensor.extract %lse[%entry, %head, %q] : tensor<2x2x4xf32>
        %new = arith.subf %score, %old : f32
        fp8attn.yield %new : f32
      } -> (tensor<2x2x4x64xf32>, tensor<2x2x4xf32>)
  return %result#0, %result#1 : tensor<2x2x4x64xf32>, tensor<2x2x4xf32>
}

// Scales of other tokens must survive, here in two tensors: one is copied.
// CHECK-LABEL: func @old_scales(
// CHECK: memref.copy
// CHECK: fp8attn.kv_write dynamic
func.func @old_scales(%key: tensor<?x2x64xbf16>, %slots: tensor<?xi64>, %cache: !cache, %scale: tensor<?x2x32xf32>,
                      %value_scale: tensor<?x2x32xf32>)
    -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>) {
  %scales:2 = fp8attn.kv_write dynamic key(%key : tensor<?x2x64xbf16>) value(%key : tensor<?x2x64xbf16>)
      slots(%slots : tensor<?xi64>)
      key_scale(%scale : tensor<?x2x32xf32>, #by_token)
      value_scale(%value_scale : tensor<?x2x32xf32>, #by_token)
      cache(%cache : !cache) -> (tensor<?x2x32xf32>, tensor<?x2x32xf32>)
  return %scales#0, %scale : tensor<?x2x32xf32>, tensor<?x2x32xf32>
}
