// RUN: fp8attn-opt %s --fp8attn-fold-scales --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// A value scale that differs from step to step cannot leave the loop: it stays,
// and a remark says so. The accumulators' own scale stays too: it is used by an
// operation that is not linear.
// REMARK: Missed{{.*}}FoldScales{{.*}}the scale is another one in each step of the loop over keys
// CHECK-LABEL: func.func @per_step
// CHECK:         scf.for
// CHECK:           %[[SCALE:.+]] = memref.load
// CHECK:           %[[V:.+]] = fp8attn.tile.scale %{{.+}}, %[[SCALE]]
// CHECK:           fp8attn.tile.pv %{{.+}}, %[[V]]
// CHECK:         fp8attn.tile.finish
// CHECK-NOT:     factor
func.func @per_step(%item: !fp8attn.work_item, %run: !fp8attn.key_run, %s: tensor<16x256xf32>,
    %scales: memref<?xf32>, %n: index, %out: memref<?x4x64xbf16>) {
  %c0 = arith.constant 0 : index
  %c256 = arith.constant 256 : index
  %max, %sum, %acc = fp8attn.tile.init : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  %r:3 = scf.for %k = %c0 to %n step %c256 iter_args(%m = %max, %l = %sum, %o = %acc)
      -> (tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>) {
    %p, %m1, %l1, %o1 = fp8attn.tile.softmax %s, %m, %l, %o
        : tensor<16x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<16x256xbf16>
    %v = fp8attn.tile.load_value %run[%k] : tensor<256x64xbf16>
    %vs = memref.load %scales[%k] : memref<?xf32>
    %vx = fp8attn.tile.scale %v, %vs : tensor<256x64xbf16>, f32
    %o2 = fp8attn.tile.pv %p, %vx, %o1 : tensor<16x256xbf16>, tensor<256x64xbf16>, tensor<16x64xf32>
    scf.yield %m1, %l1, %o2 : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
  }
  fp8attn.tile.finish %item, %r#0, %r#1, %r#2 into %out
      : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x4x64xbf16>
  return
}

// REMARK: Missed{{.*}}FoldScales{{.*}}its result is used by fp8attn.tile.mask
// CHECK-LABEL: func.func @masked
// CHECK:         fp8attn.tile.scale
func.func @masked(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index, %a: f32) -> tensor<16x256xf32> {
  %0 = fp8attn.tile.scale %s, %a : tensor<16x256xf32>, f32
  %1 = fp8attn.tile.mask %0, %item[%k] : tensor<16x256xf32>
  return %1 : tensor<16x256xf32>
}
