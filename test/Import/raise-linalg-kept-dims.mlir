// RUN: fp8attn-opt %s --fp8attn-raise-linalg | FileCheck %s

// Dimensions of size 1 where others reduce to rows, a maximum beside its place, a
// factor in f64, and products with batch and heads collapsed.
// CHECK-LABEL: func @kept(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x8x16x64xf32>, %[[K:[^:]+]]: tensor<1x8x32x64xf32>, %[[V:[^:]+]]: tensor<1x8x32x64xf32>, %[[M:[^:]+]]: tensor<1x1x16x32xf32>)
// CHECK-NOT:   linalg
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[Q]] : {{.+}}) key(%[[K]] : {{.+}}) value(%[[V]] : {{.+}}) out({{.+}}) mask(%[[M]] : tensor<1x1x16x32xf32>) {softmax_scale = 1.250000e-01 : f32}
!q = tensor<1x8x16x64xf32>
!k = tensor<1x8x32x64xf32>
!s = tensor<1x8x16x32xf32>
!row = tensor<1x8x16x1xf32>
!place = tensor<1x8x16x1xi64>
#all = affine_map<(b, h, q, k) -> (b, h, q, k)>
#one = affine_map<(b, h, q, k) -> (0, h, q, k)>
#kept = affine_map<(b, h, q, k) -> (b, h, q, 0)>
#row = affine_map<(b, h, q, k) -> (0, h, q, 0)>
func.func @kept(%q: !q, %k: !k, %v: !k, %m: tensor<1x1x16x32xf32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %eight = arith.constant 8.0 : f64
  %first = arith.constant 0 : i64
  %least = arith.constant 0xFF800000 : f32
  %columns = tensor.empty() : tensor<1x8x64x32xf32>
  %t = linalg.transpose ins(%k : !k) outs(%columns : tensor<1x8x64x32xf32>) permutation = [0, 1, 3, 2]
  %fq = tensor.collapse_shape %q [[0, 1], [2], [3]] : !q into tensor<8x16x64xf32>
  %fk = tensor.collapse_shape %t [[0, 1], [2], [3]] : tensor<1x8x64x32xf32> into tensor<8x64x32xf32>
  %flat = tensor.empty() : tensor<8x16x32xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%flat : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  %s1 = linalg.batch_matmul ins(%fq, %fk : tensor<8x16x64xf32>, tensor<8x64x32xf32>) outs(%s0 : tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  %s2 = tensor.expand_shape %s1 [[0, 1], [2], [3]] output_shape [1, 8, 16, 32] : tensor<8x16x32xf32> into !s
  %s = tensor.empty() : !s
  %s3 = linalg.generic {indexing_maps = [#one, affine_map<(b, h, q, k) -> (0, 0, q, k)>, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s2, %m : !s, tensor<1x1x16x32xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %divisor = arith.truncf %eight : f64 to f32
    %scaled = arith.divf %a, %divisor : f32
    %masked = arith.addf %scaled, %b : f32
    linalg.yield %masked : f32
  } -> !s
  %place = tensor.empty() : !place
  %places = linalg.fill ins(%first : i64) outs(%place : !place) -> !place
  %r = tensor.empty() : !row
  %r0 = linalg.fill ins(%least : f32) outs(%r : !row) -> !row
  %max:2 = linalg.generic {indexing_maps = [#all, #kept, #kept], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%s3 : !s) outs(%r0, %places : !row, !place) {
  ^bb0(%a: f32, %c: f32, %p: i64):
    %i = linalg.index 3 : index
    %here = arith.index_cast %i : index to i64
    %m0 = arith.maximumf %a, %c : f32
    %greater = arith.cmpf ogt, %a, %c : f32
    %next = arith.select %greater, %here, %p : i64
    linalg.yield %m0, %next : f32, i64
  } -> (!row, !place)
  %d = linalg.generic {indexing_maps = [#one, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s3, %max#0 : !s, !row) outs(%s : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %less = arith.subf %a, %b : f32
    linalg.yield %less : f32
  } -> !s
  %e = linalg.generic {indexing_maps = [#one, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%d : !s) outs(%s : !s) {
  ^bb0(%a: f32, %c: f32):
    %exp = math.exp %a : f32
    linalg.yield %exp : f32
  } -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !row) -> !row
  %sum = linalg.generic {indexing_maps = [#all, #kept], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%e : !s) outs(%r1 : !row) {
  ^bb0(%a: f32, %c: f32):
    %total = arith.addf %a, %c : f32
    linalg.yield %total : f32
  } -> !row
  %p = linalg.generic {indexing_maps = [#one, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%e, %sum : !s, !row) outs(%s : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %prob = arith.divf %a, %b : f32
    linalg.yield %prob : f32
  } -> !s
  %fp = tensor.collapse_shape %p [[0, 1], [2], [3]] : !s into tensor<8x16x32xf32>
  %fv = tensor.collapse_shape %v [[0, 1], [2], [3]] : !k into tensor<8x32x64xf32>
  %o = tensor.empty() : tensor<8x16x64xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%o : tensor<8x16x64xf32>) -> tensor<8x16x64xf32>
  %o1 = linalg.batch_matmul ins(%fp, %fv : tensor<8x16x32xf32>, tensor<8x32x64xf32>) outs(%o0 : tensor<8x16x64xf32>) -> tensor<8x16x64xf32>
  %result = tensor.expand_shape %o1 [[0, 1], [2], [3]] output_shape [1, 8, 16, 64] : tensor<8x16x64xf32> into !q
  return %result : !q
}
