// RUN: fp8attn-opt %s --fp8attn-raise-linalg --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// What cannot be meant exactly stays as it was, and a remark says why: masks,
// heads and types.

// A mask that is a number where it hides: not even the least hides all of a row.
// REMARK: Reason="linalg.batch_matmul is left alone: expects a mask that makes scores -inf where it is false, got -10000.00
// CHECK-LABEL: func @finite(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @finite(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %m: tensor<?x?xi1>) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<?x?xi1>) outs(%s : !s) {
  ^bb0(%a: f32, %h: i1, %c: f32):
    %low = arith.constant -10000.0 : f32
    %r = arith.select %h, %a, %low : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Two masks.
// REMARK: Reason="linalg.batch_matmul is left alone: expects one mask, got two
// CHECK-LABEL: func @masks(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @masks(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %m: tensor<?x?xf32>, %m2: tensor<4x?x?xf32>) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (q, k)>, affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %m, %m2 : !s, tensor<?x?xf32>, tensor<4x?x?xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %h: f32, %n: f32, %c: f32):
    %x = arith.addf %a, %h : f32
    %r = arith.addf %x, %n : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A mask that is computed where it is added.
// REMARK: Reason="linalg.batch_matmul is left alone: expects a mask that is a tensor, got arith.mulf
// CHECK-LABEL: func @computed_mask(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @computed_mask(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %m: tensor<?x?xf32>) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<?x?xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %h: f32, %c: f32):
    %x = arith.mulf %h, %h : f32
    %r = arith.addf %a, %x : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A mask behind which there is a scale.
// REMARK: Reason="linalg.batch_matmul is left alone: expects scores that are products of queries and keys, got arith.addf
// CHECK-LABEL: func @scaled_mask(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @scaled_mask(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %m: tensor<?x?xf32>) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<?x?xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %h: f32, %c: f32):
    %x = arith.addf %a, %h : f32
    %half = arith.constant 0.5 : f32
    %r = arith.mulf %x, %half : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A mask of the place that is no window: sums of the two.
// REMARK: Reason="linalg.batch_matmul is left alone: expects a mask that is a tensor, got arith.cmpi
// CHECK-LABEL: func @places(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @places(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1 : !s) outs(%s : !s) {
  ^bb0(%a: f32, %c: f32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %sum = arith.addi %i, %j : index
    %keep = arith.cmpi sge, %sum, %j : index
    %r = arith.select %keep, %a, %least : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Keys of their own for each head, and values of one for all.
// REMARK: Reason="linalg.batch_matmul is left alone: expects keys and values of the same batch and heads
// CHECK-LABEL: func @heads(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @heads(%q: !q, %k: !k, %v: tensor<?x64xf32>, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %vs = linalg.broadcast ins(%v : tensor<?x64xf32>) outs(%o : !o) dimensions = [0]
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %vs : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Queries that are the same for all batch entries.
// REMARK: Reason="linalg.batch_matmul is left alone: expects queries of all batch entries and heads of the result
// CHECK-LABEL: func @query(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @query(%q: tensor<?x64xf32>, %k: !k, %v: !o, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %qs = linalg.broadcast ins(%q : tensor<?x64xf32>) outs(%o : !o) dimensions = [0]
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%qs, %k : !q, !k) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A sum in f64: attention has none.
// REMARK: Reason="linalg.batch_matmul is left alone: expects sums of f32 or less, got f64
// CHECK-LABEL: func @double(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf64>
!o = tensor<4x?x64xf64>
func.func @double(%q: !q, %k: !k, %v: !q, %s: !s, %o: !o) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %z = arith.constant 0.0 : f64
  %s0 = linalg.fill ins(%z : f64) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%z : f64) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !q) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// A mask for the heads of a group that is not for each KV head.
// REMARK: Reason="linalg.contract is left alone: expects a mask with all loops over heads or with none, got tensor<3x?x?xf32>
// CHECK-LABEL: func @part_of_heads(
// CHECK-NOT:     fp8attn
!q = tensor<4x3x?x64xf32>
!k = tensor<4x?x64xf32>
!s = tensor<4x3x?x?xf32>
#all = affine_map<(g, h, q, k) -> (g, h, q, k)>
func.func @part_of_heads(%q: !q, %k: !k, %s: !s, %o: !q, %m: tensor<3x?x?xf32>) -> !q {
  %zero = arith.constant 0.0 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.contract
      indexing_maps = [affine_map<(g, h, q, k, c) -> (g, h, q, c)>, affine_map<(g, h, q, k, c) -> (g, k, c)>,
                       affine_map<(g, h, q, k, c) -> (g, h, q, k)>]
      ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {indexing_maps = [#all, affine_map<(g, h, q, k) -> (h, q, k)>, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<3x?x?xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(3) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !q) -> !q
  %o1 = linalg.contract
      indexing_maps = [affine_map<(g, h, q, n, k) -> (g, h, q, k)>, affine_map<(g, h, q, n, k) -> (g, k, n)>,
                       affine_map<(g, h, q, n, k) -> (g, h, q, n)>]
      ins(%p, %k : !s, !k) outs(%o0 : !q) -> !q
  return %o1 : !q
}

// -----

// A mask of which one row of several is read for all.
// REMARK: Reason="linalg.batch_matmul is left alone: expects scores that are products of queries and keys, got linalg.generic
// CHECK-LABEL: func @first_mask(
// CHECK-NOT:     fp8attn
!q = tensor<4x?x64xf32>
!k = tensor<4x64x?xf32>
!s = tensor<4x?x?xf32>
!o = tensor<4x?x64xf32>
func.func @first_mask(%q: !q, %k: !k, %v: !o, %s: !s, %o: !o, %m: tensor<3x?x?xf32>) -> !o {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.batch_matmul ins(%q, %k : !q, !k) outs(%s0 : !s) -> !s
  %s2 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k) -> (b, q, k)>, affine_map<(b, q, k) -> (0, q, k)>, affine_map<(b, q, k) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s1, %m : !s, tensor<3x?x?xf32>) outs(%s : !s) {
  ^bb0(%a: f32, %h: f32, %c: f32):
    %r = arith.addf %a, %h : f32
    linalg.yield %r : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s2 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !o) -> !o
  %o1 = linalg.batch_matmul ins(%p, %v : !s, !o) outs(%o0 : !o) -> !o
  return %o1 : !o
}

// -----

// Queries that are the diagonal of a tensor.
// REMARK: Reason="linalg.batch_matmul is left alone: expects each dimension of queries, keys and values to be a loop of its own
// CHECK-LABEL: func @diagonal(
// CHECK-NOT:     fp8attn
!k = tensor<4x?x64xf32>
!s = tensor<4x?x?xf32>
func.func @diagonal(%q: tensor<4x4x?x64xf32>, %k: !k, %s: !s, %o: !k) -> !k {
  %zero = arith.constant 0.0 : f32
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !s) -> !s
  %s1 = linalg.generic {
      indexing_maps = [affine_map<(b, q, k, c) -> (b, b, q, c)>, affine_map<(b, q, k, c) -> (b, k, c)>,
                       affine_map<(b, q, k, c) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<4x4x?x64xf32>, !k) outs(%s0 : !s) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %product = arith.mulf %a, %b : f32
    %sum = arith.addf %product, %c : f32
    linalg.yield %sum : f32
  } -> !s
  %p = linalg.softmax dimension(2) ins(%s1 : !s) outs(%s : !s) -> !s
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !k) -> !k
  %o1 = linalg.batch_matmul ins(%p, %k : !s, !k) outs(%o0 : !k) -> !k
  return %o1 : !k
}
