// RUN: fp8attn-opt %s --fp8attn-raise-linalg --split-input-file | FileCheck %s

// Scores that are selected where a key is not behind its query: the first query
// stands at the first key. The scale is an argument, of the operation and behind a
// constant.
// CHECK-LABEL: func @causal(
// CHECK-SAME:    %[[FACTOR:[^:]+]]: f32
// CHECK:         %[[HALF:.+]] = arith.constant 5.000000e-01 : f32
// CHECK:         %[[SCALE:.+]] = arith.mulf %[[HALF]], %[[FACTOR]] : f32
// CHECK:         fp8attn.attention causal alignment = top_left {{.*}} softmax_scale(%[[SCALE]] : f32)
// CHECK-NOT:     linalg.softmax
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
#s = affine_map<(b, q, k) -> (b, q, k)>
func.func @causal(%factor: f32, %q: !q, %k: !k, %v: !q, %s: !s, %o: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {indexing_maps = [#s, affine_map<(b, q, k) -> ()>, #s], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %factor : !s, f32) outs(%s : !s) {
  ^bb0(%a: f32, %f: f32, %c: f32):
    %half = arith.constant 0.5 : f32
    %x = arith.mulf %a, %f : f32
    %y = arith.mulf %x, %half : f32
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %keep = arith.cmpi sge, %i, %j : index
    %r = arith.select %keep, %y, %least : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !q) outs(%o0 : !q) -> !q
  return %o1 : !q
}

// -----

// A mask of 0 and -inf of its own, of both sides of a window, in i64, and a scale
// that divides.
// CHECK-LABEL: func @window(
// CHECK-SAME:    %[[DIVISOR:[^:]+]]: tensor<f16>
// CHECK:         %[[EXTRACTED:.+]] = tensor.extract %[[DIVISOR]][] : tensor<f16>
// CHECK:         %[[WIDE:.+]] = arith.extf %[[EXTRACTED]] : f16 to f32
// CHECK:         %[[SCALE:.+]] = arith.divf %{{.+}}, %[[WIDE]] : f32
// CHECK:         fp8attn.attention window_left = 9 window_right = 2 alignment = top_left {{.*}} softmax_scale(%[[SCALE]] : f32)
// CHECK-NOT:     linalg.softmax
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
#s = affine_map<(b, q, k) -> (b, q, k)>
func.func @window(%divisor: tensor<f16>, %q: !q, %k: !k, %v: !q, %s: !s, %o: !q, %m: tensor<?x?xf32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %ten = arith.constant 10 : i64
  %mask = linalg.generic {indexing_maps = [affine_map<(q, k) -> (q, k)>], iterator_types = ["parallel", "parallel"]}
      outs(%m : tensor<?x?xf32>) {
  ^bb0(%c: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %qi = arith.index_cast %i : index to i64
    %ki = arith.index_cast %j : index to i64
    %first = arith.subi %qi, %ki : i64
    %left = arith.cmpi slt, %first, %ten : i64
    %two = arith.constant 2 : i64
    %last = arith.addi %qi, %two : i64
    %right = arith.cmpi sle, %ki, %last : i64
    %keep = arith.andi %left, %right : i1
    %r = arith.select %keep, %zero, %least : f32
    linalg.yield %r : f32
  } -> tensor<?x?xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {indexing_maps = [#s, affine_map<(b, q, k) -> ()>, #s], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %divisor : !s, tensor<f16>) outs(%s : !s) {
  ^bb0(%a: f32, %f: f16, %c: f32):
    %wide = arith.extf %f : f16 to f32
    %x = arith.divf %a, %wide : f32
    linalg.yield %x : f32
  } -> !s
  %masks = linalg.broadcast ins(%mask : tensor<?x?xf32>) outs(%s : !s) dimensions = [0]
  %s3 = linalg.add ins(%s2, %masks : !s, !s) outs(%s : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s3 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !q) outs(%o0 : !q) -> !q
  return %o1 : !q
}

// -----

// A mask for each KV head, of which a group of heads shares one: read where it is,
// its sizes are checked.
// CHECK-LABEL: func @kv_heads(
// CHECK-SAME:    %[[M:[^:]+]]: tensor<2x?x?xi1>
// CHECK:         %[[MASK:.+]] = tensor.expand_shape %[[M]] {{.*}} into tensor<1x2x?x?xi1>
// CHECK:         fp8attn.check.size "queries of mask"
// CHECK:         fp8attn.check.size "keys of mask"
// CHECK:         fp8attn.attention alignment = top_left {{.*}} score {
// CHECK:         ^bb0(%[[SCORE:[^:]+]]: f32, %{{[^:]+}}: index, %[[H:[^:]+]]: index, %[[QI:[^:]+]]: index, %[[KI:[^:]+]]: index):
// CHECK:           %[[HEAD:.+]] = arith.divui %[[H]], %{{.+}} : index
// CHECK:           %[[KEEP:.+]] = tensor.extract %[[MASK]][%{{.+}}, %[[HEAD]], %[[QI]], %[[KI]]]
// CHECK:           arith.select %[[KEEP]], %[[SCORE]], %{{.+}} : f32
!q = tensor<2x3x?x64xf32>
!k = tensor<2x?x64xf32>
!s = tensor<2x3x?x?xf32>
#s = affine_map<(g, h, q, k) -> (g, h, q, k)>
func.func @kv_heads(%m: tensor<2x?x?xi1>, %q: !q, %k: !k, %v: !k, %s: !s, %o: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.contract indexing_maps = [affine_map<(g, h, q, k, c) -> (g, h, q, c)>, affine_map<(g, h, q, k, c) -> (g, k, c)>,
                                         affine_map<(g, h, q, k, c) -> (g, h, q, k)>]
      ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {indexing_maps = [#s, affine_map<(g, h, q, k) -> (g, q, k)>, #s], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<2x?x?xi1>) outs(%s : !s) {
  ^bb0(%a: f32, %keep: i1, %c: f32):
    %r = arith.select %keep, %a, %least : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.contract indexing_maps = [affine_map<(g, h, q, c, k) -> (g, h, q, k)>, affine_map<(g, h, q, c, k) -> (g, k, c)>,
                                         affine_map<(g, h, q, c, k) -> (g, h, q, c)>]
      ins(%p, %v : !s, !k) outs(%o0 : !q) -> !q
  return %o1 : !q
}
