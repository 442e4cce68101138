// Attention as more front ends write it; ImportDialectsTest.cpp says what each means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-iree --fp8attn-import-tm-tensor --fp8attn-import-onnx -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=iree_linalg_ext. --implicit-check-not=tm_tensor. --implicit-check-not=onnx.
// CHECK-COUNT-6: fp8attn.attention

// Heads in groups by maps, keys with tokens before heads, values in columns, a
// region in base 2, a mask for all heads, and a scale of the call.
!q = tensor<2x4x?x64xf32>
!kv = tensor<2x2x?x64xf32>
!grouped = tensor<2x2x2x?x64xf32>
func.func @iree(%given: !q, %k: tensor<2x?x2x64xf32>, %v: tensor<2x2x64x?xf32>, %mask: tensor<?x?xi1>, %scale: f32) -> !q {
  %c2 = arith.constant 2 : index
  %queries = tensor.dim %given, %c2 : !q
  %q = tensor.expand_shape %given [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, %queries, 64] : !q into !grouped
  %o = tensor.empty(%queries) : !grouped
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %mask, %o) <{indexing_maps = [
      affine_map<(b, g, h, m, c, k, n) -> (b, g, h, m, c)>, affine_map<(b, g, h, m, c, k, n) -> (b, k, g, c)>,
      affine_map<(b, g, h, m, c, k, n) -> (b, g, n, k)>, affine_map<(b, g, h, m, c, k, n) -> ()>,
      affine_map<(b, g, h, m, c, k, n) -> (m, k)>, affine_map<(b, g, h, m, c, k, n) -> (b, g, h, m, n)>]}> ({
  ^bb0(%score: f32):
    %two = arith.constant 2.0 : f32
    %tanh = math.tanh %score : f32
    %head = "iree_linalg_ext.index"() <{dim = 2 : i64}> : () -> index
    %number = arith.index_cast %head : index to i32
    %bias = arith.sitofp %number : i32 to f32
    %capped = arith.mulf %tanh, %two : f32
    %new = arith.addf %capped, %bias : f32
    "iree_linalg_ext.yield"(%new) : (f32) -> ()
  }) : (!grouped, tensor<2x?x2x64xf32>, tensor<2x2x64x?xf32>, f32, tensor<?x?xi1>, !grouped) -> !grouped
  %result = tensor.collapse_shape %0 [[0], [1, 2], [3], [4]] : !grouped into !q
  return %result : !q
}

// Exponentials of base e, the log-sum-exp, a division and a result with tokens
// before heads.
#rows = affine_map<(b, h, m, n) -> (b, h, m)>
#all = affine_map<(b, h, m, n) -> (b, h, m, n)>
func.func @iree_online(%q: !q, %k: !q, %v: !q) -> (tensor<2x?x4x64xf32>, tensor<2x4x?xf32>) {
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %least = arith.constant -3.40282347E+38 : f32
  %scale = arith.constant 0.25 : f32
  %queries = tensor.dim %q, %c2 : !q
  %o = tensor.empty(%queries) : !q
  %r = tensor.empty(%queries) : tensor<2x4x?xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %m0 = linalg.fill ins(%least : f32) outs(%r : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%r : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %v, %scale, %o0, %m0, %s0) <{
      decomposition_config = {use_exp2 = false}, indexing_maps = [
      affine_map<(b, h, m, c, k, n) -> (b, h, m, c)>, affine_map<(b, h, m, c, k, n) -> (b, h, k, c)>,
      affine_map<(b, h, m, c, k, n) -> (b, h, k, n)>, affine_map<(b, h, m, c, k, n) -> ()>,
      affine_map<(b, h, m, c, k, n) -> (b, h, m, n)>, affine_map<(b, h, m, c, k, n) -> (b, h, m)>,
      affine_map<(b, h, m, c, k, n) -> (b, h, m)>]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!q, !q, !q, f32, !q, tensor<2x4x?xf32>, tensor<2x4x?xf32>) -> (!q, tensor<2x4x?xf32>, tensor<2x4x?xf32>)
  %t = tensor.empty(%queries) : tensor<2x?x4x64xf32>
  %out = linalg.generic {indexing_maps = [#rows, #all, affine_map<(b, h, m, n) -> (b, m, h, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0#2, %0#0 : tensor<2x4x?xf32>, !q) outs(%t : tensor<2x?x4x64xf32>) {
  ^bb0(%sum: f32, %value: f32, %old: f32):
    %one = arith.constant 1.0 : f32
    %inverse = arith.divf %one, %sum : f32
    %mean = arith.mulf %inverse, %value : f32
    linalg.yield %mean : f32
  } -> tensor<2x?x4x64xf32>
  %lse = linalg.generic {indexing_maps = [affine_map<(b, h, m) -> (b, h, m)>, affine_map<(b, h, m) -> (b, h, m)>, affine_map<(b, h, m) -> (b, h, m)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0#2, %0#1 : tensor<2x4x?xf32>, tensor<2x4x?xf32>) outs(%r : tensor<2x4x?xf32>) {
  ^bb0(%sum: f32, %max: f32, %old: f32):
    %log = math.log %sum : f32
    %total = arith.addf %log, %max : f32
    linalg.yield %total : f32
  } -> tensor<2x4x?xf32>
  return %out, %lse : tensor<2x?x4x64xf32>, tensor<2x4x?xf32>
}

// Batch and heads collapsed, keys and values broadcast for the heads of a group, a
// mask that is added.
!flat = tensor<8x?x64xf32>
func.func @tm_tensor(%q: !flat, %k: !kv, %v: !kv, %mask: tensor<8x?x?xf32>) -> !flat {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %queries = tensor.dim %q, %c1 : !flat
  %keys = tensor.dim %k, %c2 : !kv
  %wide = tensor.empty(%keys) : tensor<2x2x2x?x64xf32>
  %wk = linalg.broadcast ins(%k : !kv) outs(%wide : tensor<2x2x2x?x64xf32>) dimensions = [2]
  %fk = tensor.collapse_shape %wk [[0, 1, 2], [3], [4]] : tensor<2x2x2x?x64xf32> into !flat
  %wv = linalg.broadcast ins(%v : !kv) outs(%wide : tensor<2x2x2x?x64xf32>) dimensions = [2]
  %fv = tensor.collapse_shape %wv [[0, 1, 2], [3], [4]] : tensor<2x2x2x?x64xf32> into !flat
  %o = tensor.empty(%queries) : !flat
  %0 = "tm_tensor.attention"(%q, %fk, %fv, %mask, %o) <{operandSegmentSizes = array<i32: 4, 1>, scale = 0.25 : f64}>
      : (!flat, !flat, !flat, tensor<8x?x?xf32>, !flat) -> !flat
  return %0 : !flat
}

// Keys that are padding behind a length of each batch entry.
func.func @onnx_padded(%q: !q, %k: !kv, %v: !kv, %lengths: tensor<?xi64>) -> !q {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %k, %v, %none, %none, %none, %lengths) {is_causal = 1 : si64}
      : (!q, !kv, !kv, none, none, none, tensor<?xi64>) -> !q
  return %0 : !q
}

// A past with room for what is added, one tensor of queries, keys and values, a
// window, a logit for each head and a softcap.
!room = tensor<2x2x320x64xf32>
func.func @group_query(%packed: tensor<2x?x512xf32>, %pk: !room, %pv: !room, %lengths: tensor<2xi32>, %total: tensor<i32>, %sink: tensor<4xf32>)
    -> (tensor<2x?x256xf32>, !room, !room) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:3 = "onnx.Custom"(%packed, %none, %none, %pk, %pv, %lengths, %total, %none, %none, %none, %none, %sink)
      <{function_name = "GroupQueryAttention"}>
      {domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64, do_rotary = 0 : si64,
       local_window_size = 100 : si64, softcap = 2.0 : f32, scale = 0.0 : f32}
      : (tensor<2x?x512xf32>, none, none, !room, !room, tensor<2xi32>, tensor<i32>, none, none, none, none, tensor<4xf32>)
      -> (tensor<2x?x256xf32>, !room, !room)
  return %0#0, %0#1, %0#2 : tensor<2x?x256xf32>, !room, !room
}

// A past that grows, of sizes that the call says, and a bias.
func.func @group_query_appended(%q: tensor<2x?x256xf32>, %k: tensor<2x?x128xf32>, %v: tensor<2x?x128xf32>, %pk: !kv, %pv: !kv,
                                %lengths: tensor<2x1xi32>, %total: tensor<1xi32>, %bias: tensor<1x1x?x?xf32>)
    -> (tensor<2x?x256xf32>, !kv, !kv) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:3 = "onnx.Custom"(%q, %k, %v, %pk, %pv, %lengths, %total, %none, %none, %none, %bias)
      <{function_name = "GroupQueryAttention"}>
      {domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64, smooth_softmax = 1 : si64}
      : (tensor<2x?x256xf32>, tensor<2x?x128xf32>, tensor<2x?x128xf32>, !kv, !kv, tensor<2x1xi32>, tensor<1xi32>, none, none, none, tensor<1x1x?x?xf32>)
      -> (tensor<2x?x256xf32>, !kv, !kv)
  return %0#0, %0#1, %0#2 : tensor<2x?x256xf32>, !kv, !kv
}
