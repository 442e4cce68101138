// RUN: fp8attn-opt %s --fp8attn-raise-linalg --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// What cannot be meant exactly stays as it was, and a remark says why: softmax and
// scores.

// A softmax over queries.
// REMARK: Reason="linalg.batch_matmul is left alone: expects a softmax over keys, got one over dimension 1
// CHECK-LABEL: func @queries(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @queries(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(1) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Probabilities that are a result, too.
// REMARK: Reason="linalg.batch_matmul is left alone: expects scores and probabilities that nothing else uses, got func.return
// CHECK-LABEL: func @probabilities(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @probabilities(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> (!o, !s) {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1, %p : !o, !s
}

// -----

// Scores that another operation reads.
// REMARK: Reason="linalg.batch_matmul is left alone: expects scores and probabilities that nothing else uses, got linalg.exp
// CHECK-LABEL: func @scores(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @scores(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> (!o, !s) {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  %e = linalg.exp ins(%s1 : !s) outs(%s : !s) -> !s
  return %o1, %e : !o, !s
}

// -----

// Scores that are added to something.
// REMARK: Reason="linalg.batch_matmul is left alone: expects scores that are sums from 0 of a query times a key, got linalg.batch_matmul
// CHECK-LABEL: func @initial(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @initial(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Scores that nobody computes here.
// REMARK: Reason="linalg.batch_matmul is left alone: expects scores that are products of queries and keys, got an argument
// CHECK-LABEL: func @argument(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @argument(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %p = linalg.softmax dimension(2) ins(%s : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Exponentials that nobody divides.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials to be divided by their sum over keys, got math.exp
// CHECK-LABEL: func @undivided(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @undivided(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %e = linalg.exp ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%e, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A maximum of something else.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials of scores less their maximum over keys, got those of arith.subf
// CHECK-LABEL: func @maximum(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
!r = tensor<4x?xf32>
func.func @maximum(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %r: !r) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%least : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s : !s) outs(%r0 : !r) dimensions = [2]
  %maxes = linalg.broadcast ins(%max : !r) outs(%s : !s) dimensions = [2]
  %d = linalg.sub ins(%s1, %maxes : !s, !s) outs(%s : !s) -> !s
  %e = linalg.exp ins(%d : !s) outs(%s : !s) -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%e : !s) outs(%r1 : !r) dimensions = [2]
  %sums = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [2]
  %p = linalg.div ins(%e, %sums : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A maximum that is at least 0.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials of scores less their maximum over keys, got those of arith.subf
// CHECK-LABEL: func @at_least_0(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
!r = tensor<4x?xf32>
func.func @at_least_0(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %r: !r) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s1 : !s) outs(%r0 : !r) dimensions = [2]
  %maxes = linalg.broadcast ins(%max : !r) outs(%s : !s) dimensions = [2]
  %d = linalg.sub ins(%s1, %maxes : !s, !s) outs(%s : !s) -> !s
  %e = linalg.exp ins(%d : !s) outs(%s : !s) -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%e : !s) outs(%r1 : !r) dimensions = [2]
  %sums = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [2]
  %p = linalg.div ins(%e, %sums : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A sum that begins at 1, as one with a sink would.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials to be divided by their sum over keys, got math.exp and linalg.reduce
// CHECK-LABEL: func @sum_from_1(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
!r = tensor<4x?xf32>
func.func @sum_from_1(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %r: !r) -> !o {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%least : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s1 : !s) outs(%r0 : !r) dimensions = [2]
  %maxes = linalg.broadcast ins(%max : !r) outs(%s : !s) dimensions = [2]
  %d = linalg.sub ins(%s1, %maxes : !s, !s) outs(%s : !s) -> !s
  %e = linalg.exp ins(%d : !s) outs(%s : !s) -> !s
  %r1 = linalg.fill ins(%one : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%e : !s) outs(%r1 : !r) dimensions = [2]
  %sums = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [2]
  %p = linalg.div ins(%e, %sums : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A sum over queries.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials to be divided by their sum over keys, got math.exp and linalg.reduce
// CHECK-LABEL: func @sum_of_queries(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
!r = tensor<4x?xf32>
func.func @sum_of_queries(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %r: !r) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%least : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s1 : !s) outs(%r0 : !r) dimensions = [2]
  %maxes = linalg.broadcast ins(%max : !r) outs(%s : !s) dimensions = [2]
  %d = linalg.sub ins(%s1, %maxes : !s, !s) outs(%s : !s) -> !s
  %e = linalg.exp ins(%d : !s) outs(%s : !s) -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%e : !s) outs(%r1 : !r) dimensions = [1]
  %sums = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [1]
  %p = linalg.div ins(%e, %sums : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A sum of something else.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials to be divided by their sum over keys, got math.exp and linalg.reduce
// CHECK-LABEL: func @other_sum(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
!r = tensor<4x?xf32>
func.func @other_sum(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %r: !r) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%least : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s1 : !s) outs(%r0 : !r) dimensions = [2]
  %maxes = linalg.broadcast ins(%max : !r) outs(%s : !s) dimensions = [2]
  %d = linalg.sub ins(%s1, %maxes : !s, !s) outs(%s : !s) -> !s
  %e = linalg.exp ins(%d : !s) outs(%s : !s) -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.addf } ins(%d : !s) outs(%r1 : !r) dimensions = [2]
  %sums = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [2]
  %p = linalg.div ins(%e, %sums : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A product in place of a sum.
// REMARK: Reason="linalg.batch_matmul is left alone: expects exponentials to be divided by their sum over keys, got math.exp and linalg.reduce
// CHECK-LABEL: func @product(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
!r = tensor<4x?xf32>
func.func @product(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %r: !r) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %r0 = linalg.fill ins(%least : f32) outs(%r : !r) -> !r
  %max = linalg.reduce { arith.maximumf } ins(%s1 : !s) outs(%r0 : !r) dimensions = [2]
  %maxes = linalg.broadcast ins(%max : !r) outs(%s : !s) dimensions = [2]
  %d = linalg.sub ins(%s1, %maxes : !s, !s) outs(%s : !s) -> !s
  %e = linalg.exp ins(%d : !s) outs(%s : !s) -> !s
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !r) -> !r
  %sum = linalg.reduce { arith.mulf } ins(%e : !s) outs(%r1 : !r) dimensions = [2]
  %sums = linalg.broadcast ins(%sum : !r) outs(%s : !s) dimensions = [2]
  %p = linalg.div ins(%e, %sums : !s, !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A scale below 0: what attention itself says.
// REMARK: Reason="linalg.batch_matmul is left alone: expects softmax_scale to be finite and greater than 0, got -2
// CHECK-LABEL: func @negative(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @negative(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1 : !s) outs(%s : !s) {
  ^bb0(%a: f32, %c: f32):
    %two = arith.constant -2.0 : f32
    %r = arith.mulf %a, %two : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Scores of two products.
// REMARK: Reason="linalg.batch_matmul is left alone: expects one product of queries and keys, got a sum of two
// CHECK-LABEL: func @products(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @products(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s3 = linalg.add ins(%s1, %s2 : !s, !s) outs(%s : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s3 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}
