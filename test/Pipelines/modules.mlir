// RUN: fp8attn-opt %s --fp8attn-to-llvm | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-to-llvm > %t.1
// RUN: fp8attn-opt %s --fp8attn-to-llvm > %t.2
// RUN: cmp %t.1 %t.2
// RUN: fp8attn-opt %s --fp8attn-to-llvm --allow-unregistered-dialect | FileCheck %s

// Code beside the model is what it was: nothing is folded, named or removed.
// CHECK-LABEL: module attributes {llvm.target =
// CHECK-NEXT:    func.func private @my_gemm(memref<?x64xf32>) attributes {llvm.emit_c_interface}
// CHECK-NEXT:    memref.global "private" @counter : memref<1xi32> = dense<0>
// CHECK-NEXT:    func.func @six() -> index {
// CHECK-NEXT:      %[[UNUSED:.*]] = arith.constant 7 : index
// CHECK-NEXT:      %[[TWO:.*]] = arith.constant 2 : index
// CHECK-NEXT:      %[[THREE:.*]] = arith.constant 3 : index
// CHECK-NEXT:      %[[SIX:.*]] = arith.muli %[[TWO]], %[[THREE]] : index
// CHECK-NEXT:      return %[[SIX]] : index
// CHECK-NEXT:    }
// CHECK-NEXT:    func.func @in_parallel(%[[X:.*]]: memref<8x8xf32>) {
// CHECK-NEXT:      scf.forall (%{{.*}}, %{{.*}}) in (8, 8) {
// CHECK-NEXT:        %[[ONE:.*]] = arith.constant
// CHECK-NEXT:        %[[SINE:.*]] = math.sin %[[ONE]] : f32
// CHECK-NEXT:        memref.store %[[SINE]], %[[X]]
// CHECK:         func.func private @own(%{{.*}}: tensor<4xf32>) -> tensor<4xf32> {
// CHECK:         module @theirs {
// CHECK-NEXT:      func.func private @inner(%{{.*}}: i32) -> (i32, i32) {
// CHECK-NEXT:        return
// CHECK-NEXT:      }
// CHECK-NEXT:    }

// A call of others is left where the model has it, on the memref.
// CHECK:       llvm.func internal @quantize.impl(
// CHECK:         %[[MEMREF:.*]] = builtin.unrealized_conversion_cast %{{.*}} : !llvm.struct<{{.*}}> to memref<?x64xf32>
// CHECK:         func.call @my_gemm(%[[MEMREF]]) : (memref<?x64xf32>) -> ()
// CHECK:       llvm.func @quantize(
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "x86-64">} {
  func.func private @my_gemm(memref<?x64xf32>) attributes {llvm.emit_c_interface}
  memref.global "private" @counter : memref<1xi32> = dense<0>
  func.func @six() -> index {
    %unused = arith.constant 7 : index
    %two = arith.constant 2 : index
    %three = arith.constant 3 : index
    %six = arith.muli %two, %three : index
    return %six : index
  }
  func.func @in_parallel(%x: memref<8x8xf32>) {
    scf.forall (%i, %j) in (8, 8) {
      %one = arith.constant 1.0 : f32
      %sine = math.sin %one : f32
      memref.store %sine, %x[%i, %j] : memref<8x8xf32>
    }
    return
  }
  func.func private @own(%x: tensor<4xf32>) -> tensor<4xf32> {
    %y = arith.addf %x, %x : tensor<4xf32>
    return %y : tensor<4xf32>
  }
  module @theirs {
    func.func private @inner(%x: i32) -> (i32, i32) {
      return %x, %x : i32, i32
    }
  }
  func.func @quantize(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>)
      attributes {fp8attn.entry} {
    call @my_gemm(%x) : (memref<?x64xf32>) -> ()
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
        : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
    return
  }
}
