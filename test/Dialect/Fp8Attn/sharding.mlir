// RUN: fp8attn-opt %s --split-input-file \
// RUN:   --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition,cse,canonicalize))' \
// RUN:   | FileCheck %s

shard.grid @devices(shape = 4)

// An equal part of the query heads, and the KV heads that they need.
// CHECK-LABEL: func @heads
// CHECK-SAME: tensor<?x8x?x64xbf16>, %{{.+}}: tensor<?x2x?x64xbf16>, %{{.+}}: tensor<?x2x?x64xf8E4M3FN>, %{{.+}}: tensor<2xf32>, %{{.+}}: tensor<8xf32>, %{{.+}}: tensor<?x8x?x64xbf16>, %{{.+}}: tensor<?x8x?xf32>)
// CHECK-NEXT: [[RESULT:%.+]]:2 = fp8attn.attention causal query(%{{.+}} : tensor<?x8x?x64xbf16>) key(%{{.+}} : tensor<?x2x?x64xbf16>) value(%{{.+}} : tensor<?x2x?x64xf8E4M3FN>)
// CHECK-SAME: value_scale(%{{.+}} : tensor<2xf32>,
// CHECK-SAME: sink(%{{.+}} : tensor<8xf32>)
// CHECK-SAME: -> (tensor<?x8x?x64xbf16>, tensor<?x8x?xf32>)
// CHECK-NEXT: return [[RESULT]]#0, [[RESULT]]#1
func.func @heads(%query: tensor<?x32x?x64xbf16>, %key: tensor<?x8x?x64xbf16>,
                 %value: tensor<?x8x?x64xf8E4M3FN>, %value_scale: tensor<8xf32>,
                 %sink: tensor<32xf32>, %out: tensor<?x32x?x64xbf16>,
                 %lse: tensor<?x32x?xf32>)
    -> (tensor<?x32x?x64xbf16>, tensor<?x32x?xf32>) {
  %by_heads = shard.sharding @devices split_axes = [[], [0]] : !shard.sharding
  %part = shard.shard %query to %by_heads annotate_for_users : tensor<?x32x?x64xbf16>
  %result:2 = fp8attn.attention causal query(%part : tensor<?x32x?x64xbf16>)
      key(%key : tensor<?x8x?x64xbf16>) value(%value : tensor<?x8x?x64xf8E4M3FN>)
      value_scale(%value_scale : tensor<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      sink(%sink : tensor<32xf32>) out(%out : tensor<?x32x?x64xbf16>)
      lse(%lse : tensor<?x32x?xf32>) -> (tensor<?x32x?x64xbf16>, tensor<?x32x?xf32>)
  return %result#0, %result#1 : tensor<?x32x?x64xbf16>, tensor<?x32x?xf32>
}

// -----

shard.grid @devices(shape = 4)

// The scales of queries and results of FP8 are divided as these are.
// CHECK-LABEL: func @row_scales
// CHECK-SAME: tensor<?x8x?x64xf8E4M3FN>, %{{.+}}: tensor<?x2x?x64xbf16>, %{{.+}}: tensor<?x8x?xf32>, %{{.+}}: tensor<8xf32>, %{{.+}}: tensor<?x8x?x64xf8E5M2>) -> tensor<?x8x?x64xf8E5M2>
// CHECK-NOT: shard.all
// CHECK: query_scale(%{{.+}} : tensor<?x8x?xf32>, {{.*}} out_scale(%{{.+}} : tensor<8xf32>,
func.func @row_scales(%query: tensor<?x32x?x64xf8E4M3FN>, %keys: tensor<?x8x?x64xbf16>, %query_scale: tensor<?x32x?xf32>,
                      %out_scale: tensor<32xf32>, %out: tensor<?x32x?x64xf8E5M2>) -> tensor<?x32x?x64xf8E5M2> {
  %by_heads = shard.sharding @devices split_axes = [[], [0]] : !shard.sharding
  %part = shard.shard %query to %by_heads annotate_for_users : tensor<?x32x?x64xf8E4M3FN>
  %result = fp8attn.attention query(%part : tensor<?x32x?x64xf8E4M3FN>) key(%keys : tensor<?x8x?x64xbf16>)
      value(%keys : tensor<?x8x?x64xbf16>) out(%out : tensor<?x32x?x64xf8E5M2>)
      query_scale(%query_scale : tensor<?x32x?xf32>, affine_map<(batch, head, token, channel) -> (batch, head, token)>)
      out_scale(%out_scale : tensor<32xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      -> tensor<?x32x?x64xf8E5M2>
  return %result : tensor<?x32x?x64xf8E5M2>
}

// -----

shard.grid @devices(shape = 2x4)

// Batch entries along one axis of the devices, and heads along the other. A mask
// for all heads is whole in that dimension.
// CHECK-LABEL: func @both
// CHECK-SAME: tensor<4x2x?x64xbf16>, %{{.+}}: tensor<4x1x?x64xbf16>, %{{.+}}: tensor<4x1x?x?xi8>, %{{.+}}: tensor<4x2x?x64xbf16>) -> tensor<4x2x?x64xbf16>
// CHECK-NOT: shard.all
func.func @both(%query: tensor<8x8x?x64xbf16>, %keys: tensor<8x4x?x64xbf16>,
                %mask: tensor<8x1x?x?xi8>, %out: tensor<8x8x?x64xbf16>)
    -> tensor<8x8x?x64xbf16> {
  %by_both = shard.sharding @devices split_axes = [[0], [1]] : !shard.sharding
  %part = shard.shard %keys to %by_both : tensor<8x4x?x64xbf16>
  %keys_of = shard.shard %part to %by_both annotate_for_users : tensor<8x4x?x64xbf16>
  %result = fp8attn.attention query(%query : tensor<8x8x?x64xbf16>)
      key(%keys_of : tensor<8x4x?x64xbf16>) value(%keys_of : tensor<8x4x?x64xbf16>)
      out(%out : tensor<8x8x?x64xbf16>) mask(%mask : tensor<8x1x?x?xi8>)
      -> tensor<8x8x?x64xbf16>
  return %result : tensor<8x8x?x64xbf16>
}

// -----

shard.grid @devices(shape = 4)

// Two KV heads have no equal parts on four devices: the query is gathered.
// CHECK-LABEL: func @few_kv_heads
// CHECK-SAME: [[QUERY:%[^:]+]]: tensor<?x2x?x64xbf16>, [[KEYS:%[^:]+]]: tensor<?x2x?x64xbf16>,
// CHECK: [[ALL:%.+]] = shard.all_gather [[QUERY]] on @devices grid_axes = [0] gather_axis = 1 : tensor<?x2x?x64xbf16> -> tensor<?x8x?x64xbf16>
// CHECK: fp8attn.attention query([[ALL]] : tensor<?x8x?x64xbf16>) key([[KEYS]] : tensor<?x2x?x64xbf16>)
func.func @few_kv_heads(%query: tensor<?x8x?x64xbf16>, %keys: tensor<?x2x?x64xbf16>,
                        %values: tensor<?x2x?x64xbf16>, %out: tensor<?x8x?x64xbf16>)
    -> tensor<?x8x?x64xbf16> {
  %by_heads = shard.sharding @devices split_axes = [[], [0]] : !shard.sharding
  %part = shard.shard %query to %by_heads : tensor<?x8x?x64xbf16>
  %result = fp8attn.attention query(%part : tensor<?x8x?x64xbf16>)
      key(%keys : tensor<?x2x?x64xbf16>) value(%values : tensor<?x2x?x64xbf16>)
      out(%out : tensor<?x8x?x64xbf16>) -> tensor<?x8x?x64xbf16>
  return %result : tensor<?x8x?x64xbf16>
}

// -----

shard.grid @devices(shape = 4)

// Heads of a part have other numbers than those of the whole, which the region
// reads; queries of a part would stand at other keys.
// CHECK-LABEL: func @numbers_of_heads
// CHECK: shard.all_gather %{{.+}} gather_axis = 1
// CHECK: fp8attn.attention causal query(%{{.+}} : tensor<?x8x?x64xbf16>)
// CHECK-LABEL: func @queries
// CHECK: shard.all_gather %{{.+}} gather_axis = 2 : tensor<?x8x32x64xbf16> -> tensor<?x8x128x64xbf16>
// CHECK: fp8attn.attention causal query(%{{.+}} : tensor<?x8x128x64xbf16>)
// CHECK-LABEL: func @keys
// CHECK: [[KEYS:%.+]] = shard.all_gather %{{.+}} gather_axis = 2 : tensor<?x8x32x64xbf16> -> tensor<?x8x128x64xbf16>
// CHECK: fp8attn.attention causal {{.*}} key([[KEYS]] : tensor<?x8x128x64xbf16>)
func.func @numbers_of_heads(%query: tensor<?x8x?x64xbf16>, %keys: tensor<?x8x?x64xbf16>,
                            %values: tensor<?x8x?x64xbf16>, %out: tensor<?x8x?x64xbf16>)
    -> tensor<?x8x?x64xbf16> {
  %by_heads = shard.sharding @devices split_axes = [[], [0]] : !shard.sharding
  %part = shard.shard %query to %by_heads : tensor<?x8x?x64xbf16>
  %result = fp8attn.attention causal query(%part : tensor<?x8x?x64xbf16>)
      key(%keys : tensor<?x8x?x64xbf16>) value(%values : tensor<?x8x?x64xbf16>)
      out(%out : tensor<?x8x?x64xbf16>)
      score {
      ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
        %number = arith.index_cast %head : index to i32
        %bias = arith.sitofp %number : i32 to f32
        %new = arith.addf %score, %bias : f32
        fp8attn.yield %new : f32
      } -> tensor<?x8x?x64xbf16>
  return %result : tensor<?x8x?x64xbf16>
}
func.func @queries(%query: tensor<?x8x128x64xbf16>, %keys: tensor<?x8x128x64xbf16>,
                   %values: tensor<?x8x128x64xbf16>, %out: tensor<?x8x128x64xbf16>)
    -> tensor<?x8x128x64xbf16> {
  %by_queries = shard.sharding @devices split_axes = [[], [], [0]] : !shard.sharding
  %part = shard.shard %query to %by_queries : tensor<?x8x128x64xbf16>
  %result = fp8attn.attention causal query(%part : tensor<?x8x128x64xbf16>)
      key(%keys : tensor<?x8x128x64xbf16>) value(%values : tensor<?x8x128x64xbf16>)
      out(%out : tensor<?x8x128x64xbf16>) -> tensor<?x8x128x64xbf16>
  return %result : tensor<?x8x128x64xbf16>
}
func.func @keys(%query: tensor<?x8x128x64xbf16>, %keys: tensor<?x8x128x64xbf16>,
                %values: tensor<?x8x128x64xbf16>, %out: tensor<?x8x128x64xbf16>)
    -> tensor<?x8x128x64xbf16> {
  %by_keys = shard.sharding @devices split_axes = [[], [], [0]] : !shard.sharding
  %part = shard.shard %keys to %by_keys : tensor<?x8x128x64xbf16>
  %result = fp8attn.attention causal query(%query : tensor<?x8x128x64xbf16>)
      key(%part : tensor<?x8x128x64xbf16>) value(%values : tensor<?x8x128x64xbf16>)
      out(%out : tensor<?x8x128x64xbf16>) -> tensor<?x8x128x64xbf16>
  return %result : tensor<?x8x128x64xbf16>
}

// -----

shard.grid @devices(shape = 4)

// A scale for each row goes where the row goes, one for each head stays whole.
// CHECK-LABEL: func @quantize
// CHECK-SAME: tensor<64x8x128xbf16>, %{{.+}}: tensor<?xf32>, %{{.+}}: tensor<64x8x128xf8E4M3FN>, %{{.+}}: tensor<8xf32>, %{{.+}}: tensor<64x8x128xf32>)
// CHECK-NOT: shard.all
func.func @quantize(%x: tensor<256x8x128xbf16>, %scale: tensor<?xf32>,
                    %codes: tensor<256x8x128xf8E4M3FN>, %head_scale: tensor<8xf32>,
                    %y: tensor<256x8x128xf32>) -> tensor<256x8x128xf32> {
  %by_rows = shard.sharding @devices split_axes = [[0]] : !shard.sharding
  %part = shard.shard %x to %by_rows annotate_for_users : tensor<256x8x128xbf16>
  %quantized = fp8attn.quantize %part scale(%scale, affine_map<(t, h, d) -> (t)>) into %codes
      : tensor<256x8x128xbf16>, tensor<?xf32>, tensor<256x8x128xf8E4M3FN> -> tensor<256x8x128xf8E4M3FN>
  %result = fp8attn.dequantize %quantized scale(%head_scale, affine_map<(t, h, d) -> (h)>) into %y
      : tensor<256x8x128xf8E4M3FN>, tensor<8xf32>, tensor<256x8x128xf32> -> tensor<256x8x128xf32>
  return %result : tensor<256x8x128xf32>
}

// Partial results are merged where their rows are.
// CHECK-LABEL: func @merge
// CHECK: fp8attn.merge first(%{{.+}}, %{{.+}} : tensor<?x8x128xf32>, tensor<?x8xf32>)
func.func @merge(%first: tensor<?x32x128xf32>, %first_lse: tensor<?x32xf32>,
                 %second: tensor<?x32x128xf32>, %second_lse: tensor<?x32xf32>,
                 %out: tensor<?x32x128xbf16>, %lse: tensor<?x32xf32>)
    -> (tensor<?x32x128xbf16>, tensor<?x32xf32>) {
  %by_heads = shard.sharding @devices split_axes = [[], [0]] : !shard.sharding
  %part = shard.shard %first to %by_heads annotate_for_users : tensor<?x32x128xf32>
  %result:2 = fp8attn.merge first(%part, %first_lse : tensor<?x32x128xf32>, tensor<?x32xf32>)
      second(%second, %second_lse : tensor<?x32x128xf32>, tensor<?x32xf32>)
      into(%out, %lse : tensor<?x32x128xbf16>, tensor<?x32xf32>)
      -> (tensor<?x32x128xbf16>, tensor<?x32xf32>)
  return %result#0, %result#1 : tensor<?x32x128xbf16>, tensor<?x32xf32>
}
