// RUN: fp8attn-opt %s --fp8attn-split-module | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-split-module --fp8attn-split-module | FileCheck %s

// Functions of others stay where they are, as they are.
// CHECK-LABEL: module attributes {llvm.target = #llvm.target
// CHECK:       func.func private @my_gemm(memref<?x64xf32>)
// CHECK:       memref.global "private" @counter : memref<1xi32> = dense<0>
// CHECK:       func.func @sum(%{{.*}}: memref<?xf32>) -> f32
// CHECK:         scf.for
// CHECK:       func.func @layer(%[[CONTEXT:.*]]: !fp8attn.context,
// CHECK:         call @my_gemm
// CHECK:         fp8attn.call @quantize(%[[CONTEXT]], {{.*}})
// CHECK:       func.func private @twice(%{{.*}}: f32) -> f32
// CHECK-NEXT:    arith.addf
// CHECK:       memref.global "private" constant @table

// The model has its own functions, and what it uses of others: a declaration
// of a function with a body, a copy of a constant.
// CHECK:       module @fp8attn.model attributes {llvm.target = #llvm.target
// CHECK:         func.func @quantize(
// CHECK-NOT:       fp8attn.entry
// CHECK:           call @twice
// CHECK:           memref.get_global @table
// CHECK:           call @part
// CHECK:         func.func private @part(
// CHECK:           fp8attn.quantize
// CHECK:         func.func private @twice(f32) -> f32{{$}}
// CHECK:         memref.global "private" constant @table
// CHECK-NOT:   @unused
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "znver3">} {
  func.func private @my_gemm(memref<?x64xf32>)
  memref.global "private" @counter : memref<1xi32> = dense<0>
  func.func @sum(%x: memref<?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %n = memref.dim %x, %c0 : memref<?xf32>
    %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> f32 {
      %e = memref.load %x[%i] : memref<?xf32>
      %next = arith.addf %s, %e : f32
      scf.yield %next : f32
    }
    return %sum : f32
  }
  func.func @quantize(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>)
      attributes {fp8attn.entry} {
    %s = memref.load %scale[] : memref<f32>
    %t = call @twice(%s) : (f32) -> f32
    %table = memref.get_global @table : memref<2xf32>
    memref.store %t, %scale[] : memref<f32>
    call @part(%x, %scale, %y) : (memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>) -> ()
    return
  }
  func.func private @part(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
        : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
    return
  }
  func.func @layer(%context: !fp8attn.context, %x: memref<?x64xf32>, %scale: memref<f32>,
                   %y: memref<?x64xf8E4M3FN>) -> i32 {
    call @my_gemm(%x) : (memref<?x64xf32>) -> ()
    %status = fp8attn.call @quantize(%context, %x, %scale, %y)
        : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
    return %status : i32
  }
  func.func private @twice(%x: f32) -> f32 {
    %y = arith.addf %x, %x : f32
    return %y : f32
  }
  memref.global "private" constant @table : memref<2xf32> = dense<1.0>
}
