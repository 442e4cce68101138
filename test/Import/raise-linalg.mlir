// RUN: fp8attn-opt %s --fp8attn-raise-linalg --split-input-file | FileCheck %s

// Named operations on batch and heads as one dimension, which are heads, and a
// scale that is a tensor of one number. Nothing of it is left.
// CHECK-LABEL: func @named(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<12x?x64xf32>, %[[K:[^:]+]]: tensor<12x64x?xf32>, %[[V:[^:]+]]: tensor<12x?x64xf32>, {{.+}}, %[[O:[^:]+]]: tensor<12x?x64xf32>)
// CHECK-NOT:   linalg.batch_matmul
// CHECK:       %[[QUERY:.+]] = tensor.expand_shape %[[Q]] {{\[\[}}0, 1], [2], [3]] {{.*}} into tensor<1x12x?x64xf32>
// CHECK:       %[[T:.+]] = linalg.transpose ins(%[[K]] : {{.+}}) outs({{.+}}) permutation = [0, 2, 1]
// CHECK:       %[[KEY:.+]] = tensor.expand_shape %[[T]] {{.*}} into tensor<1x12x?x64xf32>
// CHECK:       %[[VALUE:.+]] = tensor.expand_shape %[[V]]
// CHECK:       %[[PLACE:.+]] = tensor.expand_shape %[[O]]
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[QUERY]] : {{.+}}) key(%[[KEY]] : {{.+}}) value(%[[VALUE]] : {{.+}}) out(%[[PLACE]] : {{.+}}) {softmax_scale = 1.250000e-01 : f32} -> tensor<1x12x?x64xf32>
// CHECK:       %[[RESULT:.+]] = tensor.collapse_shape %[[OUT]] {{\[\[}}0, 1], [2], [3]] : tensor<1x12x?x64xf32> into tensor<12x?x64xf32>
// CHECK-NEXT:  return %[[RESULT]]
!q = tensor<12x?x64xf32>
!s = tensor<12x?x?xf32>
func.func @named(%q: !q, %k: tensor<12x64x?xf32>, %v: !q, %s: !s, %o: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %eighth = arith.constant 0.125 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, tensor<12x64x?xf32>) outs(%s0 : !s) -> !s
  %scales = linalg.fill ins(%eighth : f32) outs(%s : !s) -> !s
  %s2 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%s1, %scales : !s, !s) outs(%s : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !q) outs(%o0 : !q) -> !q
  return %o1 : !q
}

// -----

// Without a factor the scale is 1; loops over batch entries whose number is not
// known are the batch.
// CHECK-LABEL: func @batch(
// CHECK:       fp8attn.attention query(%{{.+}} : tensor<?x1x?x64xf32>) {{.*}} {softmax_scale = 1.000000e+00 : f32} -> tensor<?x1x?x64xf32>
!q = tensor<?x?x64xf32>
!s = tensor<?x?x?xf32>
func.func @batch(%q: !q, %k: tensor<?x64x?xf32>, %v: !q, %s: !s, %o: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, tensor<?x64x?xf32>) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !q) outs(%o0 : !q) -> !q
  return %o1 : !q
}

// -----

// The steps of a softmax, scores in f32 of f16, probabilities that are rounded in
// the product, and a result that is rounded behind it: one attention in f16.
// CHECK-LABEL: func @steps(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x?x64xf16>, %[[K:[^:]+]]: tensor<2x8x?x64xf16>, %[[V:[^:]+]]: tensor<2x8x?x64xf16>, {{.+}}, %[[O:[^:]+]]: tensor<2x8x?x64xf16>)
// CHECK-NOT:   linalg
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[Q]] : {{.+}}) key(%[[K]] : {{.+}}) value(%[[V]] : {{.+}}) out(%[[O]] : {{.+}}) {softmax_scale = 1.250000e-01 : f32} -> tensor<2x8x?x64xf16>
// CHECK-NEXT:  return %[[OUT]]
!q = tensor<2x8x?x64xf16>
!s = tensor<2x8x?x?xf32>
!r = tensor<2x8x?xf32>
!o = tensor<2x8x?x64xf32>
#all = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
func.func @steps(%q: !q, %k: !q, %v: !q, %s: !s, %r: !r, %o: !o, %out: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %eight = arith.constant 8.0 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.generic {
      indexing_maps = [affine_map<(b, h, q, k, c) -> (b, h, q, c)>, affine_map<(b, h, q, k, c) -> (b, h, k, c)>,
                       affine_map<(b, h, q, k, c) -> (b, h, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : !q, !q) outs(%s0 : !s) {
  ^bb0(%a: f16, %b: f16, %c: f32):
    %wideA = arith.extf %a : f16 to f32
    %wideB = arith.extf %b : f16 to f32
    %product = arith.mulf %wideA, %wideB : f32
    %sum = arith.addf %c, %product : f32
    linalg.yield %sum : f32
  } -> !s
  %s2 = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s1 : !s) outs(%s : !s) {
  ^bb0(%a: f32, %c: f32):
    %scaled = arith.divf %a, %eight : f32
    linalg.yield %scaled : f32
  } -> !s
  %r0 = linalg.fill ins(%least : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s2 : !s) outs(%r0 : !r) dimensions = [3]
  %e = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s2, %max : !s, !r) outs(%s : !s) {
  ^bb0(%a: f32, %m: f32, %c: f32):
    %less = arith.subf %a, %m : f32
    %exp = math.exp %less : f32
    linalg.yield %exp : f32
  } -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%e : !s) outs(%r1 : !r) dimensions = [3]
  %many = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [3]
  %p = linalg.div ins(%e, %many : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.generic {
      indexing_maps = [affine_map<(b, h, q, n, k) -> (b, h, q, k)>, affine_map<(b, h, q, n, k) -> (b, h, k, n)>,
                       affine_map<(b, h, q, n, k) -> (b, h, q, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : !s, !q) outs(%o0 : !o) {
  ^bb0(%a: f32, %b: f16, %c: f32):
    %narrow = arith.truncf %a : f32 to f16
    %wideA = arith.extf %narrow : f16 to f32
    %wideB = arith.extf %b : f16 to f32
    %product = arith.mulf %wideA, %wideB : f32
    %total = arith.addf %product, %c : f32
    linalg.yield %total : f32
  } -> !o
  %o2 = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%o1 : !o) outs(%out : !q) {
  ^bb0(%a: f32, %c: f16):
    %narrow = arith.truncf %a : f32 to f16
    linalg.yield %narrow : f16
  } -> !q
  return %o2 : !q
}

// -----

// Keys and values of 2 heads that are broadcast for 3 heads each, and batch and
// heads that are collapsed for the products: all are taken as they were. The mask
// is one of all heads, added in the collapsed dimensions.
// CHECK-LABEL: func @groups(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<?x6x?x64xbf16>, %[[K:[^:]+]]: tensor<?x2x?x64xbf16>, %[[V:[^:]+]]: tensor<?x2x?x64xbf16>, %[[M:[^:]+]]: tensor<?x?xf32>
// CHECK-NOT:   linalg
// CHECK:       %[[MASK:.+]] = tensor.expand_shape %[[M]] {{\[\[}}0, 1, 2], [3]] {{.*}} into tensor<1x1x?x?xf32>
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[Q]] : {{.+}}) key(%[[K]] : {{.+}}) value(%[[V]] : {{.+}}) out({{.+}}) mask(%[[MASK]] : tensor<1x1x?x?xf32>) {softmax_scale = 2.500000e-01 : f32} -> tensor<?x6x?x64xf32>
// CHECK:       tensor.collapse_shape %[[OUT]] {{\[\[}}0, 1], [2], [3]] : tensor<?x6x?x64xf32> into tensor<?x?x64xf32>
!q = tensor<?x6x?x64xbf16>
!kv = tensor<?x2x?x64xbf16>
!wide = tensor<?x2x3x?x64xbf16>
!flat = tensor<?x?x64xbf16>
!s = tensor<?x?x?xf32>
!o = tensor<?x?x64xf32>
func.func @groups(%q: !q, %k: !kv, %v: !kv, %m: tensor<?x?xf32>, %wide: !wide, %t: tensor<?x64x?xbf16>, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %quarter = arith.constant 0.25 : f32
  %fq = tensor.collapse_shape %q [[0, 1], [2], [3]] : !q into !flat
  %wk = linalg.broadcast ins(%k : !kv) outs(%wide : !wide) dimensions = [2]
  %fk = tensor.collapse_shape %wk [[0, 1, 2], [3], [4]] : !wide into !flat
  %wv = linalg.broadcast ins(%v : !kv) outs(%wide : !wide) dimensions = [2]
  %hv = tensor.collapse_shape %wv [[0], [1, 2], [3], [4]] : !wide into !q
  %fv = tensor.collapse_shape %hv [[0, 1], [2], [3]] : !q into !flat
  %tk = linalg.transpose ins(%fk : !flat) outs(%t : tensor<?x64x?xbf16>) permutation = [0, 2, 1]
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%fq, %tk : !flat, tensor<?x64x?xbf16>) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(n, q, k) -> (n, q, k)>, affine_map<(n, q, k) -> (q, k)>, affine_map<(n, q, k) -> (n, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<?x?xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %scaled = arith.mulf %a, %quarter : f32
    %masked = arith.addf %scaled, %b : f32
    linalg.yield %masked : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %fv : !s, !flat) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Groups as loops of their own, and a division by the sum behind the product: the
// heads of a group are those of the query that come before the queries.
// CHECK-LABEL: func @five(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x4x3x?x64xf32>, %[[K:[^:]+]]: tensor<2x4x?x64xf32>, %[[V:[^:]+]]: tensor<2x?x4x32xf32>,
// CHECK:       %[[QUERY:.+]] = tensor.collapse_shape %[[Q]] {{\[\[}}0], [1, 2], [3], [4]] : {{.+}} into tensor<2x12x?x64xf32>
// CHECK:       %[[VALUE:.+]] = linalg.transpose ins(%[[V]] : {{.+}}) outs({{.+}} : tensor<2x4x?x32xf32>) permutation = [0, 2, 1, 3]
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[QUERY]] : {{.+}}) key(%[[K]] : {{.+}}) value(%[[VALUE]] : {{.+}}) out({{.+}}) {softmax_scale = 1.000000e+00 : f32} -> tensor<2x12x?x32xf32>
// CHECK:       tensor.expand_shape %[[OUT]] {{\[\[}}0], [1, 2], [3], [4]] {{.*}} into tensor<2x4x3x?x32xf32>
!q = tensor<2x4x3x?x64xf32>
!k = tensor<2x4x?x64xf32>
!v = tensor<2x?x4x32xf32>
!s = tensor<2x4x3x?x?xf32>
!r = tensor<2x4x3x?xf32>
!o = tensor<2x4x3x?x32xf32>
#all = affine_map<(b, g, r, q, k) -> (b, g, r, q, k)>
#row = affine_map<(b, g, r, q, k) -> (b, g, r, q)>
func.func @five(%q: !q, %k: !k, %v: !v, %s: !s, %r: !r, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %nothing = arith.constant 0xFFC00000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.contract
      indexing_maps = [affine_map<(b, g, r, q, k, c) -> (b, g, r, q, c)>, affine_map<(b, g, r, q, k, c) -> (b, g, k, c)>,
                       affine_map<(b, g, r, q, k, c) -> (b, g, r, q, k)>]
      ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%nothing : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maxnumf } ins(%s1 : !s) outs(%r0 : !r) dimensions = [4]
  %e = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%s1, %max : !s, !r) outs(%s : !s) {
  ^bb0(%a: f32, %m: f32, %c: f32):
    %less = arith.subf %a, %m : f32
    %exp = math.exp %less : f32
    linalg.yield %exp : f32
  } -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%e : !s) outs(%r1 : !r) dimensions = [4]
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.contract
      indexing_maps = [affine_map<(b, g, r, q, n, k) -> (b, g, r, q, k)>, affine_map<(b, g, r, q, n, k) -> (b, k, g, n)>,
                       affine_map<(b, g, r, q, n, k) -> (b, g, r, q, n)>]
      ins(%e, %v : !s, !v) outs(%o0 : !o) -> !o
  %o2 = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%o1, %sum : !o, !r) outs(%o : !o) {
  ^bb0(%a: f32, %d: f32, %c: f32):
    %mean = arith.divf %a, %d : f32
    linalg.yield %mean : f32
  } -> !o
  return %o2 : !o
}

// -----

// One query, as when decoding, factors on both sides, a softcap, and a mask of i1.
// CHECK-LABEL: func @capped(
// CHECK:       fp8attn.attention query(%{{.+}} : tensor<1x8x1x64xf32>) key(%{{.+}} : tensor<1x2x?x64xf32>) value(%{{.+}} : tensor<1x2x?x64xf32>) out({{.+}}) mask(%{{.+}} : tensor<1x1x1x?xi1>) {softcap = 3.000000e+01 : f32, softmax_scale = 2.500000e-01 : f32} -> tensor<1x8x1x64xf32>
!q = tensor<1x8x1x64xf32>
!kv = tensor<1x2x?x64xf32>
!wide = tensor<1x2x4x?x64xf32>
!all = tensor<1x8x?x64xf32>
!s = tensor<1x8x1x?xf32>
#same = affine_map<(b, h, q, k) -> (b, h, q, k)>
func.func @capped(%q: !q, %k: !kv, %v: !kv, %m: tensor<1x1x1x?xi1>, %wide: !wide, %all: !all, %s: !s, %o: !q) -> !q {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %cap = arith.constant 30.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %wk = linalg.broadcast ins(%k : !kv) outs(%wide : !wide) dimensions = [2]
  %fk = tensor.collapse_shape %wk [[0], [1, 2], [3], [4]] : !wide into !all
  %halves = arith.constant dense<0.5> : !q
  %hq = linalg.mul ins(%q, %halves : !q, !q) outs(%o : !q) -> !q
  %hk = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%fk : !all) outs(%all : !all) {
  ^bb0(%a: f32, %c: f32):
    %scaled = arith.mulf %a, %half : f32
    linalg.yield %scaled : f32
  } -> !all
  %wv = linalg.broadcast ins(%v : !kv) outs(%wide : !wide) dimensions = [2]
  %fv = tensor.collapse_shape %wv [[0], [1, 2], [3], [4]] : !wide into !all
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.contract
      indexing_maps = [affine_map<(b, h, q, k, c) -> (b, h, q, c)>, affine_map<(b, h, q, k, c) -> (b, h, k, c)>,
                       affine_map<(b, h, q, k, c) -> (b, h, q, k)>]
      ins(%hq, %hk : !q, !all) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {indexing_maps = [#same, affine_map<(b, h, q, k) -> (0, 0, 0, k)>, #same], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<1x1x1x?xi1>) outs(%s : !s) {
  ^bb0(%a: f32, %keep: i1, %c: f32):
    %less = arith.divf %a, %cap : f32
    %tanh = math.tanh %less : f32
    %capped = arith.mulf %cap, %tanh : f32
    %masked = arith.select %keep, %capped, %least : f32
    linalg.yield %masked : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.contract
      indexing_maps = [affine_map<(b, h, q, n, k) -> (b, h, q, k)>, affine_map<(b, h, q, n, k) -> (b, h, k, n)>,
                       affine_map<(b, h, q, n, k) -> (b, h, q, n)>]
      ins(%p, %fv : !s, !all) outs(%o0 : !q) -> !q
  return %o1 : !q
}

// -----

// Products without a softmax between are none of attention.
// CHECK-LABEL: func @other(
// CHECK-COUNT-2: linalg.batch_matmul
!q = tensor<4x8x8xf32>
func.func @other(%q: !q, %o: !q) -> !q {
  %0 = linalg.batch_matmul ins(%q, %q : !q, !q) outs(%o : !q) -> !q
  %1 = linalg.batch_matmul ins(%0, %q : !q, !q) outs(%o : !q) -> !q
  return %1 : !q
}
