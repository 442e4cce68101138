// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-iree | FileCheck %s

#q = affine_map<(b, m, c, k, n) -> (b, m, c)>
#k = affine_map<(b, m, c, k, n) -> (b, k, c)>
#v = affine_map<(b, m, c, k, n) -> (b, k, n)>
#s = affine_map<(b, m, c, k, n) -> ()>
#mask = affine_map<(b, m, c, k, n) -> (b, m, k)>
#o = affine_map<(b, m, c, k, n) -> (b, m, n)>
#row = affine_map<(b, m, c, k, n) -> (b, m)>

// A loop in common of a known size is the heads; the result is written where it
// goes.
// CHECK-LABEL: func @heads(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<12x?x64xf16>, %[[K:[^:]+]]: tensor<12x?x64xf16>, %[[V:[^:]+]]: tensor<12x?x32xf16>, %[[O:[^:]+]]: tensor<12x?x32xf32>)
// CHECK-DAG:     %[[QUERY:.+]] = tensor.expand_shape %[[Q]] {{.*}} into tensor<1x12x?x64xf16>
// CHECK-DAG:     %[[OUT:.+]] = tensor.expand_shape %[[O]] {{.*}} into tensor<1x12x?x32xf32>
// CHECK:         %[[R:.+]] = fp8attn.attention query(%[[QUERY]] : {{.+}}) key(%{{.+}} : tensor<1x12x?x64xf16>) value(%{{.+}} : tensor<1x12x?x32xf16>) out(%[[OUT]] : {{.+}}) {softmax_scale = 1.250000e-01 : f32} -> tensor<1x12x?x32xf32>
// CHECK:         tensor.collapse_shape %[[R]]
func.func @heads(%q: tensor<12x?x64xf16>, %k: tensor<12x?x64xf16>, %v: tensor<12x?x32xf16>, %o: tensor<12x?x32xf32>) -> tensor<12x?x32xf32> {
  %scale = arith.constant 0.125 : f16
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) <{indexing_maps = [#q, #k, #v, #s, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (tensor<12x?x64xf16>, tensor<12x?x64xf16>, tensor<12x?x32xf16>, f16, tensor<12x?x32xf32>) -> tensor<12x?x32xf32>
  return %0 : tensor<12x?x32xf32>
}

// One of no known size is the batch; a scale of the call, and a mask that is
// added.
!t = tensor<?x?x64xf32>
// CHECK-LABEL: func @batch(
// CHECK:         %[[SCALE:.+]] = arith.extf %{{.+}} : bf16 to f32
// CHECK:         fp8attn.attention query(%{{.+}} : tensor<?x1x?x64xf32>) key(%{{.+}} : tensor<?x1x?x64xf32>) {{.*}} mask(%{{.+}} : tensor<?x1x?x?xf16>) softmax_scale(%[[SCALE]] : f32) -> tensor<?x1x?x64xf32>
func.func @batch(%q: !t, %k: !t, %o: !t, %scale: bf16, %mask: tensor<?x?x?xf16>) -> !t {
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %mask, %o) <{indexing_maps = [#q, #k, #v, #s, #mask, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, bf16, tensor<?x?x?xf16>, !t) -> !t
  return %0 : !t
}

// Heads in groups, keys with tokens first, values in columns, loops of one step.
// CHECK-LABEL: func @grouped(
// CHECK:         %[[KEYS:.+]] = linalg.transpose ins(%{{.+}} : tensor<?x4x32xf16>) outs(%{{.+}} : tensor<4x?x32xf16>) permutation = [1, 0, 2]
// CHECK:         %[[VALUES:.+]] = linalg.transpose ins(%{{.+}} : tensor<4x32x?xf16>) outs(%{{.+}} : tensor<4x?x32xf16>) permutation = [0, 2, 1]
// CHECK:         fp8attn.attention query(%{{.+}} : tensor<1x8x?x32xf16>) key(%{{.+}} : tensor<1x4x?x32xf16>) value(%{{.+}} : tensor<1x4x?x32xf16>) {{.*}} mask(%{{.+}} : tensor<1x1x?x?xi1>)
func.func @grouped(%q: tensor<4x2x?x32xf16>, %k: tensor<?x4x1x32xf16>, %v: tensor<4x32x?xf16>, %mask: tensor<?x?xi1>, %o: tensor<4x2x?x32xf16>) -> tensor<4x2x?x32xf16> {
  %scale = arith.constant 0.25 : f16
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %mask, %o) <{indexing_maps = [
      affine_map<(g, h, m, c, k, l, n) -> (g, h, m, c)>, affine_map<(g, h, m, c, k, l, n) -> (k, g, l, c)>,
      affine_map<(g, h, m, c, k, l, n) -> (g, n, k)>, affine_map<(g, h, m, c, k, l, n) -> ()>,
      affine_map<(g, h, m, c, k, l, n) -> (m, k)>, affine_map<(g, h, m, c, k, l, n) -> (g, h, m, n)>]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (tensor<4x2x?x32xf16>, tensor<?x4x1x32xf16>, tensor<4x32x?xf16>, f16, tensor<?x?xi1>, tensor<4x2x?x32xf16>) -> tensor<4x2x?x32xf16>
  return %0 : tensor<4x2x?x32xf16>
}

// A region sees scores times log2(e), and gives exponents of base 2.
// CHECK-LABEL: func @region(
// CHECK:         fp8attn.attention alignment = top_left {{.*}} score {
// CHECK:         ^bb0(%[[SCORE:[^:]+]]: f32, %{{[^:]+}}: index, %[[HEAD:[^:]+]]: index, %{{[^:]+}}: index, %[[KEY:[^:]+]]: index):
// CHECK:           %[[LOG2E:.+]] = arith.constant 1.44269502 : f32
// CHECK:           %[[SCALED:.+]] = arith.mulf %[[SCORE]], %[[LOG2E]] : f32
// CHECK:           %[[TANH:.+]] = math.tanh %[[SCALED]] : f32
// CHECK:           %[[SUM:.+]] = arith.addi %[[HEAD]], %[[KEY]] : index
// CHECK:           %[[LN2:.+]] = arith.constant 0.693147182 : f32
// CHECK:           %[[NEW:.+]] = arith.mulf %{{.+}}, %[[LN2]] : f32
// CHECK:           fp8attn.yield %[[NEW]] : f32
func.func @region(%q: tensor<12x?x64xf32>, %k: tensor<12x?x64xf32>, %o: tensor<12x?x64xf32>) -> tensor<12x?x64xf32> {
  %scale = arith.constant 1.0 : f32
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %o) <{indexing_maps = [#q, #k, #v, #s, #o]}> ({
  ^bb0(%score: f32):
    %tanh = math.tanh %score : f32
    %head = "iree_linalg_ext.index"() <{dim = 0 : i64}> : () -> index
    %key = "iree_linalg_ext.index"() <{dim = 3 : i64}> : () -> index
    %sum = arith.addi %head, %key : index
    %number = arith.index_cast %sum : index to i32
    %bias = arith.sitofp %number : i32 to f32
    %new = arith.addf %tanh, %bias : f32
    "iree_linalg_ext.yield"(%new) : (f32) -> ()
  }) : (tensor<12x?x64xf32>, tensor<12x?x64xf32>, tensor<12x?x64xf32>, f32, tensor<12x?x64xf32>) -> tensor<12x?x64xf32>
  return %0 : tensor<12x?x64xf32>
}

// Online attention and its division, in two operations, which is all that is used;
// nothing of it stays.
// CHECK-LABEL: func @online(
// CHECK-NOT:     iree_linalg_ext
// CHECK-NOT:     arith.divf
// CHECK:         %[[R:.+]] = fp8attn.attention {{.*}} -> tensor<1x12x?x64xf16>
// CHECK:         %[[C:.+]] = tensor.collapse_shape %[[R]]
// CHECK-NEXT:    return %[[C]] : tensor<12x?x64xf16>
#ab = affine_map<(b, m) -> (b, m)>
#abc = affine_map<(b, m, n) -> (b, m, n)>
#abx = affine_map<(b, m, n) -> (b, m)>
func.func @online(%q: tensor<12x?x64xf16>, %k: tensor<12x?x64xf16>, %a: tensor<12x?x64xf32>, %m: tensor<12x?xf32>, %r: tensor<12x?x64xf16>) -> tensor<12x?x64xf16> {
  %scale = arith.constant 1.0 : f16
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %k, %scale, %a, %m, %m) <{decomposition_config = {use_exp2 = true}, indexing_maps = [#q, #k, #v, #s, #o, #row, #row]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (tensor<12x?x64xf16>, tensor<12x?x64xf16>, tensor<12x?x64xf16>, f16, tensor<12x?x64xf32>, tensor<12x?xf32>, tensor<12x?xf32>) -> (tensor<12x?x64xf32>, tensor<12x?xf32>, tensor<12x?xf32>)
  %1 = linalg.generic {indexing_maps = [#abx, #abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0#2, %0#0 : tensor<12x?xf32>, tensor<12x?x64xf32>) outs(%a : tensor<12x?x64xf32>) {
  ^bb0(%sum: f32, %value: f32, %old: f32):
    %mean = arith.divf %value, %sum : f32
    linalg.yield %mean : f32
  } -> tensor<12x?x64xf32>
  %2 = linalg.generic {indexing_maps = [#abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%1 : tensor<12x?x64xf32>) outs(%r : tensor<12x?x64xf16>) {
  ^bb0(%value: f32, %old: f16):
    %less = arith.truncf %value : f32 to f16
    linalg.yield %less : f16
  } -> tensor<12x?x64xf16>
  return %2 : tensor<12x?x64xf16>
}

// A maximum of base 2 becomes a log-sum-exp of base e.
// CHECK-LABEL: func @lse(
// CHECK:         %[[R:.+]]:2 = fp8attn.attention {{.*}} lse({{.+}}) {{.*}} -> (tensor<1x12x?x64xf32>, tensor<1x12x?xf32>)
// CHECK:         return
func.func @lse(%q: tensor<12x?x64xf32>, %k: tensor<12x?x64xf32>, %a: tensor<12x?x64xf32>, %m: tensor<12x?xf32>) -> (tensor<12x?x64xf32>, tensor<12x?xf32>) {
  %scale = arith.constant 1.0 : f32
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %k, %scale, %a, %m, %m) <{decomposition_config = {use_exp2 = true}, indexing_maps = [#q, #k, #v, #s, #o, #row, #row]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (tensor<12x?x64xf32>, tensor<12x?x64xf32>, tensor<12x?x64xf32>, f32, tensor<12x?x64xf32>, tensor<12x?xf32>, tensor<12x?xf32>) -> (tensor<12x?x64xf32>, tensor<12x?xf32>, tensor<12x?xf32>)
  %1 = linalg.generic {indexing_maps = [#abx, #abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0#2, %0#0 : tensor<12x?xf32>, tensor<12x?x64xf32>) outs(%a : tensor<12x?x64xf32>) {
  ^bb0(%sum: f32, %value: f32, %old: f32):
    %mean = arith.divf %value, %sum : f32
    linalg.yield %mean : f32
  } -> tensor<12x?x64xf32>
  %2 = linalg.generic {indexing_maps = [#ab, #ab, #ab], iterator_types = ["parallel", "parallel"]}
      ins(%0#1, %0#2 : tensor<12x?xf32>, tensor<12x?xf32>) outs(%m : tensor<12x?xf32>) {
  ^bb0(%max: f32, %sum: f32, %old: f32):
    %ln2 = arith.constant 0.693147182 : f32
    %natural = arith.mulf %max, %ln2 : f32
    %log = math.log %sum : f32
    %total = arith.addf %natural, %log : f32
    linalg.yield %total : f32
  } -> tensor<12x?xf32>
  return %1, %2 : tensor<12x?x64xf32>, tensor<12x?xf32>
}
