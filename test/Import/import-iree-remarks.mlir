// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-iree --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=LEFT

// None of these is attention as fp8attn has it; each stays as it is.
// LEFT-NOT: fp8attn
// LEFT-COUNT-12: iree_linalg_ext.{{(online_)?}}attention"
// LEFT-NOT: fp8attn

#q = affine_map<(b, m, c, k, n) -> (b, m, c)>
#k = affine_map<(b, m, c, k, n) -> (b, k, c)>
#v = affine_map<(b, m, c, k, n) -> (b, k, n)>
#s = affine_map<(b, m, c, k, n) -> ()>
#mask = affine_map<(b, m, c, k, n) -> (b, m, k)>
#o = affine_map<(b, m, c, k, n) -> (b, m, n)>
#row = affine_map<(b, m, c, k, n) -> (b, m)>
!t = tensor<12x?x64xf32>
!r = tensor<12x?xf32>

// CHECK: [[@LINE+2]]:{{.*}}iree_linalg_ext.attention is left alone: expects indexing_maps, a map for each operand
func.func @maps(%q: !t, %k: !t, %o: !t, %scale: f32) -> !t {
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %o) <{indexing_maps = [#q, #k, #v, #s]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t) -> !t
  return %0 : !t
}

// Bits of a mask that are packed are no bytes, and a byte is not what IREE takes
// it for.
// CHECK: left alone: expects a mask that is a plain tensor with a loop for each dimension, got tensor<12x?x?xi1, "packed">
// CHECK: left alone: expects a mask of i1 or of numbers, got tensor<12x?x?xi8>
func.func @masks(%q: !t, %k: !t, %o: !t, %scale: f32, %packed: tensor<12x?x?xi1, "packed">, %bytes: tensor<12x?x?xi8>) -> (!t, !t) {
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %packed, %o) <{indexing_maps = [#q, #k, #v, #s, #mask, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, tensor<12x?x?xi1, "packed">, !t) -> !t
  %1 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %bytes, %o) <{indexing_maps = [#q, #k, #v, #s, #mask, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, tensor<12x?x?xi8>, !t) -> !t
  return %0, %1 : !t, !t
}

// Keys in pages, two loops.
// CHECK: left alone: expects one loop over keys and one over channels, got 2 and 1
func.func @pages(%q: tensor<4x1x1x128xf16>, %k: tensor<4x?x1x32x128xf16>, %o: tensor<4x1x1x128xf32>, %scale: f16) -> tensor<4x1x1x128xf32> {
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %o) <{indexing_maps = [
      affine_map<(b, h, m, n, c, p, k) -> (b, h, m, c)>, affine_map<(b, h, m, n, c, p, k) -> (b, p, h, k, c)>,
      affine_map<(b, h, m, n, c, p, k) -> (b, p, h, k, n)>, affine_map<(b, h, m, n, c, p, k) -> ()>,
      affine_map<(b, h, m, n, c, p, k) -> (b, h, m, n)>]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (tensor<4x1x1x128xf16>, tensor<4x?x1x32x128xf16>, tensor<4x?x1x32x128xf16>, f16, tensor<4x1x1x128xf32>) -> tensor<4x1x1x128xf32>
  return %0 : tensor<4x1x1x128xf32>
}

// A scale that is no number of the score's, one that is not greater than 0, and
// heads of a size that no kernel has.
// CHECK: left alone: expects a scale of f32, bf16 or f16, got f64
// CHECK: left alone: expects softmax_scale {{.*}}
// CHECK: left alone: expects {{.*}}channels{{.*}}
func.func @numbers(%q: !t, %k: !t, %o: !t, %scale: f64, %four: tensor<1x3x4xf32>) -> (!t, !t, tensor<1x3x4xf32>) {
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %o) <{indexing_maps = [#q, #k, #v, #s, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f64, !t) -> !t
  %minus = arith.constant -1.0 : f32
  %1 = "iree_linalg_ext.attention"(%q, %k, %k, %minus, %o) <{indexing_maps = [#q, #k, #v, #s, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t) -> !t
  %half = arith.constant 0.5 : f32
  %2 = "iree_linalg_ext.attention"(%four, %four, %four, %half, %four) <{indexing_maps = [#q, #k, #v, #s, #o]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (tensor<1x3x4xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>, f32, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %0, %1, %2 : !t, !t, tensor<1x3x4xf32>
}

// A region of what is not known to be elementwise.
// CHECK: left alone: expects no torch.aten.tanh in a score region
func.func @region(%q: !t, %k: !t, %o: !t, %scale: f32) -> !t {
  %0 = "iree_linalg_ext.attention"(%q, %k, %k, %scale, %o) <{indexing_maps = [#q, #k, #v, #s, #o]}> ({
  ^bb0(%score: f32):
    %new = "torch.aten.tanh"(%score) : (f32) -> f32
    "iree_linalg_ext.yield"(%new) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t) -> !t
  return %0 : !t
}

#abc = affine_map<(b, m, n) -> (b, m, n)>
#abx = affine_map<(b, m, n) -> (b, m)>
#ab = affine_map<(b, m) -> (b, m)>

// Nothing is divided; what a region sees depends on a base that is not said; the
// sum is used otherwise; a log-sum-exp of base 2, and one of a base not said.
// CHECK: online_attention is left alone: expects the first result to be divided by the sum
// CHECK: online_attention is left alone: expects decomposition_config to say use_exp2 where a region modifies scores
// CHECK: online_attention is left alone: expects nothing else of the results to be used, got func.return
// CHECK: online_attention is left alone: expects the maximum to become a log-sum-exp, of base e
func.func @undivided(%q: !t, %k: !t, %a: !t, %m: !r, %scale: f32) -> !t {
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %k, %scale, %a, %m, %m) <{indexing_maps = [#q, #k, #v, #s, #o, #row, #row]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t, !r, !r) -> (!t, !r, !r)
  return %0#0 : !t
}
func.func @base(%q: !t, %k: !t, %a: !t, %m: !r, %scale: f32) -> !t {
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %k, %scale, %a, %m, %m) <{indexing_maps = [#q, #k, #v, #s, #o, #row, #row]}> ({
  ^bb0(%score: f32):
    %new = math.tanh %score : f32
    "iree_linalg_ext.yield"(%new) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t, !r, !r) -> (!t, !r, !r)
  %1 = linalg.generic {indexing_maps = [#abx, #abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0#2, %0#0 : !r, !t) outs(%a : !t) {
  ^bb0(%sum: f32, %value: f32, %old: f32):
    %mean = arith.divf %value, %sum : f32
    linalg.yield %mean : f32
  } -> !t
  return %1 : !t
}
func.func @sum(%q: !t, %k: !t, %a: !t, %m: !r, %scale: f32) -> (!t, !r) {
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %k, %scale, %a, %m, %m) <{indexing_maps = [#q, #k, #v, #s, #o, #row, #row]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t, !r, !r) -> (!t, !r, !r)
  %1 = linalg.generic {indexing_maps = [#abx, #abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0#2, %0#0 : !r, !t) outs(%a : !t) {
  ^bb0(%sum: f32, %value: f32, %old: f32):
    %mean = arith.divf %value, %sum : f32
    linalg.yield %mean : f32
  } -> !t
  return %1, %0#2 : !t, !r
}
func.func @lse(%q: !t, %k: !t, %a: !t, %m: !r, %scale: f32) -> (!t, !r) {
  %0:3 = "iree_linalg_ext.online_attention"(%q, %k, %k, %scale, %a, %m, %m) <{decomposition_config = {use_exp2 = true}, indexing_maps = [#q, #k, #v, #s, #o, #row, #row]}> ({
  ^bb0(%score: f32):
    "iree_linalg_ext.yield"(%score) : (f32) -> ()
  }) : (!t, !t, !t, f32, !t, !r, !r) -> (!t, !r, !r)
  %1 = linalg.generic {indexing_maps = [#abx, #abc, #abc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0#2, %0#0 : !r, !t) outs(%a : !t) {
  ^bb0(%sum: f32, %value: f32, %old: f32):
    %mean = arith.divf %value, %sum : f32
    linalg.yield %mean : f32
  } -> !t
  %2 = linalg.generic {indexing_maps = [#ab, #ab, #ab], iterator_types = ["parallel", "parallel"]}
      ins(%0#1, %0#2 : !r, !r) outs(%m : !r) {
  ^bb0(%max: f32, %sum: f32, %old: f32):
    %log = math.log %sum : f32
    %total = arith.addf %max, %log : f32
    linalg.yield %total : f32
  } -> !r
  return %1, %2 : !t, !r
}
