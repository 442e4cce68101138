// Attention as front ends write it; ImportTest.cpp says what each means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch --fp8attn-import-onnx --fp8attn-raise-linalg -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=torch. --implicit-check-not=onnx. --implicit-check-not=linalg.softmax
// CHECK-COUNT-8: fp8attn.attention

!q = tensor<2x4x?x64xf32>
!kv = tensor<2x2x?x64xf32>
!tq = !torch.vtensor<[2,4,?,64],f32>
!tkv = !torch.vtensor<[2,2,?,64],f32>

func.func @torch_causal(%q: !q, %k: !kv, %v: !kv) -> !q {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!kv) -> !tkv
  %tv = "torch_c.from_builtin_tensor"(%v) : (!kv) -> !tkv
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%tq, %tk, %tv, %none, %zero, %true, %none, %true)
      : (!tq, !tkv, !tkv, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !tq
  %r = "torch_c.to_builtin_tensor"(%0) : (!tq) -> !q
  return %r : !q
}

func.func @torch_for_cpu(%q: !q, %k: !q, %v: !q, %mask: tensor<?x?xi1>) -> (!q, tensor<2x4x?xf32>) {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!q) -> !tq
  %tv = "torch_c.from_builtin_tensor"(%v) : (!q) -> !tq
  %tm = "torch_c.from_builtin_tensor"(%mask) : (tensor<?x?xi1>) -> !torch.vtensor<[?,?],i1>
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %scale = "torch.constant.float"() <{value = 0.25 : f64}> : () -> !torch.float
  %0:2 = "torch.operator"(%tq, %tk, %tv, %zero, %false, %tm, %scale) <{name = "torch.aten._scaled_dot_product_flash_attention_for_cpu"}>
      : (!tq, !tq, !tq, !torch.float, !torch.bool, !torch.vtensor<[?,?],i1>, !torch.float) -> (!tq, !torch.vtensor<[2,4,?],f32>)
  %r = "torch_c.to_builtin_tensor"(%0#0) : (!tq) -> !q
  %lse = "torch_c.to_builtin_tensor"(%0#1) : (!torch.vtensor<[2,4,?],f32>) -> tensor<2x4x?xf32>
  return %r, %lse : !q, tensor<2x4x?xf32>
}

func.func @onnx(%q: !q, %k: !kv, %v: !kv, %mask: tensor<?x?xf32>) -> !q {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %v, %mask, %none, %none) {is_causal = 1 : si64, softcap = 2.0 : f32}
      : (!q, !kv, !kv, tensor<?x?xf32>, none, none) -> (!q, none, none, none)
  return %0#0 : !q
}

// Named operations: batch and heads collapsed, keys and values broadcast for the
// heads of a group, a scale, and a mask for all heads.
!flat = tensor<8x?x64xf32>
!scores = tensor<8x?x?xf32>
func.func @linalg_named(%q: !q, %k: !kv, %v: !kv, %mask: tensor<?x?xf32>) -> !q {
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %quarter = arith.constant 0.25 : f32
  %queries = tensor.dim %q, %c2 : !q
  %keys = tensor.dim %k, %c2 : !kv
  %fq = tensor.collapse_shape %q [[0, 1], [2], [3]] : !q into !flat
  %wide = tensor.empty(%keys) : tensor<2x2x2x?x64xf32>
  %wk = linalg.broadcast ins(%k : !kv) outs(%wide : tensor<2x2x2x?x64xf32>) dimensions = [2]
  %fk = tensor.collapse_shape %wk [[0, 1, 2], [3], [4]] : tensor<2x2x2x?x64xf32> into !flat
  %wv = linalg.broadcast ins(%v : !kv) outs(%wide : tensor<2x2x2x?x64xf32>) dimensions = [2]
  %fv = tensor.collapse_shape %wv [[0, 1, 2], [3], [4]] : tensor<2x2x2x?x64xf32> into !flat
  %columns = tensor.empty(%keys) : tensor<8x64x?xf32>
  %tk = linalg.transpose ins(%fk : !flat) outs(%columns : tensor<8x64x?xf32>) permutation = [0, 2, 1]
  %s = tensor.empty(%queries, %keys) : !scores
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !scores) -> !scores
  %s1 = linalg.batch_matmul ins(%fq, %tk : !flat, tensor<8x64x?xf32>) outs(%s0 : !scores) -> !scores
  %scale = linalg.fill ins(%quarter : f32) outs(%s : !scores) -> !scores
  %s2 = linalg.mul ins(%s1, %scale : !scores, !scores) outs(%s : !scores) -> !scores
  %masks = linalg.broadcast ins(%mask : tensor<?x?xf32>) outs(%s : !scores) dimensions = [0]
  %s3 = linalg.add ins(%s2, %masks : !scores, !scores) outs(%s : !scores) -> !scores
  %p = linalg.softmax dimension(2) ins(%s3 : !scores) outs(%s : !scores) -> !scores
  %o = tensor.empty(%queries) : !flat
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !flat) -> !flat
  %o1 = linalg.batch_matmul ins(%p, %fv : !scores, !flat) outs(%o0 : !flat) -> !flat
  %r = tensor.expand_shape %o1 [[0, 1], [2], [3]] output_shape [2, 4, %queries, 64] : !flat into !q
  return %r : !q
}

// The steps of a softmax on [batch, KV head, head of the group, query, key], a
// factor on the queries, a softcap, a mask of keys for each head, keys in columns,
// and a division behind the product.
!grouped = tensor<2x2x2x?x64xf32>
!all = tensor<2x2x2x?x?xf32>
!row = tensor<2x2x2x?xf32>
#all = affine_map<(b, g, h, q, k) -> (b, g, h, q, k)>
#row = affine_map<(b, g, h, q, k) -> (b, g, h, q)>
func.func @linalg_steps(%q: !q, %k: tensor<2x2x64x?xf32>, %v: tensor<2x?x2x64xf32>, %mask: tensor<2x2x?xi1>) -> !q {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %two = arith.constant 2.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %queries = tensor.dim %q, %c2 : !q
  %keys = tensor.dim %v, %c1 : tensor<2x?x2x64xf32>
  %gq = tensor.expand_shape %q [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, %queries, 64] : !q into !grouped
  %s = tensor.empty(%queries, %keys) : !all
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !all) -> !all
  %s1 = linalg.generic {
      indexing_maps = [affine_map<(b, g, h, q, k, c) -> (b, g, h, q, c)>, affine_map<(b, g, h, q, k, c) -> (b, g, c, k)>,
                       affine_map<(b, g, h, q, k, c) -> (b, g, h, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%gq, %k : !grouped, tensor<2x2x64x?xf32>) outs(%s0 : !all) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %scaled = arith.mulf %a, %half : f32
    %product = arith.mulf %b, %scaled : f32
    %sum = arith.addf %product, %c : f32
    linalg.yield %sum : f32
  } -> !all
  %s2 = linalg.generic {
      indexing_maps = [#all, affine_map<(b, g, h, q, k) -> (g, h, k)>, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%s1, %mask : !all, tensor<2x2x?xi1>) outs(%s : !all) {
  ^bb0(%a: f32, %keep: i1, %c: f32):
    %less = arith.divf %a, %two : f32
    %tanh = math.tanh %less : f32
    %capped = arith.mulf %tanh, %two : f32
    %score = arith.select %keep, %capped, %least : f32
    linalg.yield %score : f32
  } -> !all
  %r = tensor.empty(%queries) : !row
  %r0 = linalg.fill ins(%least : f32) outs(%r : !row) -> !row
  %max = linalg.reduce { arith.maximumf } ins(%s2 : !all) outs(%r0 : !row) dimensions = [4]
  %e = linalg.generic {
      indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%s2, %max : !all, !row) outs(%s : !all) {
  ^bb0(%a: f32, %m: f32, %c: f32):
    %less = arith.subf %a, %m : f32
    %exp = math.exp %less : f32
    linalg.yield %exp : f32
  } -> !all
  %r1 = linalg.fill ins(%zero : f32) outs(%r : !row) -> !row
  %sum = linalg.reduce { arith.addf } ins(%e : !all) outs(%r1 : !row) dimensions = [4]
  %o = tensor.empty(%queries) : !grouped
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !grouped) -> !grouped
  %o1 = linalg.contract
      indexing_maps = [affine_map<(b, g, h, q, n, k) -> (b, g, h, q, k)>, affine_map<(b, g, h, q, n, k) -> (b, k, g, n)>,
                       affine_map<(b, g, h, q, n, k) -> (b, g, h, q, n)>]
      ins(%e, %v : !all, tensor<2x?x2x64xf32>) outs(%o0 : !grouped) -> !grouped
  %o2 = linalg.generic {
      indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%o1, %sum : !grouped, !row) outs(%o : !grouped) {
  ^bb0(%a: f32, %total: f32, %c: f32):
    %mean = arith.divf %a, %total : f32
    linalg.yield %mean : f32
  } -> !grouped
  %result = tensor.collapse_shape %o2 [[0], [1, 2], [3], [4]] : !grouped into !q
  return %result : !q
}

// Seven tokens behind a past, which are given back with it.
!new = tensor<2x2x7x64xf32>
!seven = tensor<2x4x7x64xf32>
func.func @onnx_past(%q: !seven, %k: !new, %v: !new, %pk: !kv, %pv: !kv) -> (!seven, !kv, !kv) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %v, %none, %pk, %pv) {is_causal = 1 : si64}
      : (!seven, !new, !new, none, !kv, !kv) -> (!seven, !kv, !kv, none)
  return %0#0, %0#1, %0#2 : !seven, !kv, !kv
}

// Keys of four heads and values of two.
func.func @torch_heads(%q: !q, %k: !q, %v: !kv) -> !q {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!q) -> !tq
  %tv = "torch_c.from_builtin_tensor"(%v) : (!kv) -> !tkv
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%tq, %tk, %tv, %none, %zero, %true, %none, %true)
      : (!tq, !tq, !tkv, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !tq
  %r = "torch_c.to_builtin_tensor"(%0) : (!tq) -> !q
  return %r : !q
}

// A window of places, a mask for each KV head, and a scale of the call.
func.func @linalg_places(%q: !q, %k: !kv, %v: !kv, %mask: tensor<2x2x?x?xi1>, %scale: f32) -> !q {
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %hundred = arith.constant 100 : index
  %queries = tensor.dim %q, %c2 : !q
  %keys = tensor.dim %k, %c2 : !kv
  %gq = tensor.expand_shape %q [[0], [1, 2], [3], [4]] output_shape [2, 2, 2, %queries, 64] : !q into !grouped
  %s = tensor.empty(%queries, %keys) : !all
  %s0 = linalg.fill ins(%zero : f32) outs(%s : !all) -> !all
  %s1 = linalg.contract
      indexing_maps = [affine_map<(b, g, h, q, k, c) -> (b, g, h, q, c)>, affine_map<(b, g, h, q, k, c) -> (b, g, k, c)>,
                       affine_map<(b, g, h, q, k, c) -> (b, g, h, q, k)>]
      ins(%gq, %k : !grouped, !kv) outs(%s0 : !all) -> !all
  %s2 = linalg.generic {
      indexing_maps = [#all, affine_map<(b, g, h, q, k) -> (b, g, q, k)>, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%s1, %mask : !all, tensor<2x2x?x?xi1>) outs(%s : !all) {
  ^bb0(%a: f32, %keep: i1, %c: f32):
    %scaled = arith.mulf %a, %scale : f32
    %kept = arith.select %keep, %scaled, %least : f32
    %i = linalg.index 3 : index
    %j = linalg.index 4 : index
    %last = arith.addi %i, %hundred : index
    %seen = arith.cmpi slt, %j, %last : index
    %score = arith.select %seen, %kept, %least : f32
    linalg.yield %score : f32
  } -> !all
  %p = linalg.softmax dimension(4) ins(%s2 : !all) outs(%s : !all) -> !all
  %o = tensor.empty(%queries) : !grouped
  %o0 = linalg.fill ins(%zero : f32) outs(%o : !grouped) -> !grouped
  %o1 = linalg.contract
      indexing_maps = [affine_map<(b, g, h, q, n, k) -> (b, g, h, q, k)>, affine_map<(b, g, h, q, n, k) -> (b, g, k, n)>,
                       affine_map<(b, g, h, q, n, k) -> (b, g, h, q, n)>]
      ins(%p, %v : !all, !kv) outs(%o0 : !grouped) -> !grouped
  %result = tensor.collapse_shape %o1 [[0], [1, 2], [3], [4]] : !grouped into !q
  return %result : !q
}
