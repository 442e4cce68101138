// RUN: fp8attn-opt %s --fp8attn-fold-scales --split-input-file | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-fold-scales --fp8attn-fold-scales --split-input-file | FileCheck %s

// Scales of keys and of scores join the factor of the GEMM.
// CHECK-LABEL: func.func @key_and_scores
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<16x64xbf16>, %[[K:[a-z0-9]+]]: tensor<256x64xbf16>
// CHECK-SAME:    %[[A:[a-z0-9]+]]: f32, %[[B:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32
// CHECK-NOT:     fp8attn.tile.scale
// CHECK-DAG:     arith.mulf
// CHECK-DAG:     %[[ABC:.+]] = arith.mulf
// CHECK:         %[[S:.+]] = fp8attn.tile.qk %[[Q]], %[[K]] factor %[[ABC]]
// CHECK-NEXT:    return %[[S]]
func.func @key_and_scores(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %a: f32, %b: f32, %c: f32)
    -> tensor<16x256xf32> {
  %0 = fp8attn.tile.scale %k, %a : tensor<256x64xbf16>, f32
  %1 = fp8attn.tile.qk %q, %0 : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  %2 = fp8attn.tile.scale %1, %b : tensor<16x256xf32>, f32
  %3 = fp8attn.tile.scale %2, %c : tensor<16x256xf32>, f32
  return %3 : tensor<16x256xf32>
}

// -----

// A scale of scores that are used elsewhere too must stay.
// CHECK-LABEL: func.func @two_uses
// CHECK:         %[[S:.+]] = fp8attn.tile.qk %{{.+}}, %{{.+}} : tensor
// CHECK:         %[[T:.+]] = fp8attn.tile.scale %[[S]]
// CHECK:         return %[[S]], %[[T]]
func.func @two_uses(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %a: f32)
    -> (tensor<16x256xf32>, tensor<16x256xf32>) {
  %0 = fp8attn.tile.qk %q, %k : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  %1 = fp8attn.tile.scale %0, %a : tensor<16x256xf32>, f32
  return %0, %1 : tensor<16x256xf32>, tensor<16x256xf32>
}

// -----

// The scale of values leaves the loop over keys; the product of the score
// factors is computed before the loop.
// CHECK-LABEL: func.func @value
// CHECK-SAME:    %[[KS:[a-z0-9]+]]: f32, %[[VS:[a-z0-9]+]]: f32
// CHECK:         %[[FACTOR:.+]] = arith.mulf
// CHECK:         scf.for
// CHECK-NOT:       fp8attn.tile.scale
// CHECK:           fp8attn.tile.qk {{.*}} factor %[[FACTOR]]
// CHECK-NOT:       fp8attn.tile.scale
// CHECK:           fp8attn.tile.pv
// CHECK:         fp8attn.tile.finish {{.*}} factor %[[VS]] into
func.func @value(%item: !fp8attn.work_item, %run: !fp8attn.key_run, %q: tensor<16x64xbf16>,
    %ks: f32, %vs: f32, %n: index, %out: memref<?x4x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  %log2e = arith.constant 1.44269502 : f32
  %max, %sum, %acc = fp8attn.tile.init : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  %r:3 = scf.for %k = %c0 to %n step %c256 iter_args(%m = %max, %l = %sum, %o = %acc)
      -> (tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>) {
    %kc = fp8attn.tile.load_key %run[%k] : tensor<256x64xf8E4M3FN>
    %kd = fp8attn.tile.decode %kc : tensor<256x64xf8E4M3FN> -> tensor<256x64xbf16>
    %kx = fp8attn.tile.scale %kd, %ks : tensor<256x64xbf16>, f32
    %s = fp8attn.tile.qk %q, %kx : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
    %t = fp8attn.tile.scale %s, %log2e : tensor<16x256xf32>, f32
    %p, %m1, %l1, %o1 = fp8attn.tile.softmax %t, %m, %l, %o
        : tensor<16x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<16x256xbf16>
    %vc = fp8attn.tile.load_value %run[%k] : tensor<256x64xf8E4M3FN>
    %vd = fp8attn.tile.decode %vc : tensor<256x64xf8E4M3FN> -> tensor<256x64xbf16>
    %vx = fp8attn.tile.scale %vd, %vs : tensor<256x64xbf16>, f32
    %o2 = fp8attn.tile.pv %p, %vx, %o1 : tensor<16x256xbf16>, tensor<256x64xbf16>, tensor<16x64xf32>
    scf.yield %m1, %l1, %o2 : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  }
  fp8attn.tile.finish %item, %r#0, %r#1, %r#2 into %out
      : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x4x64xbf16>
  return
}

// -----

// Nothing to fold.
// CHECK-LABEL: func.func @none
// CHECK:         fp8attn.tile.qk %{{.+}}, %{{.+}} : tensor
func.func @none(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>) -> tensor<16x256xf32> {
  %0 = fp8attn.tile.qk %q, %k : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  return %0 : tensor<16x256xf32>
}
