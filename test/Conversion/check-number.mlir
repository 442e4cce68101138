// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s

// A number is checked as a scale without dimensions, in a place on the stack.
// CHECK-LABEL: llvm.func internal @f.impl
// CHECK-SAME:    (%[[CONTEXT:.+]]: !llvm.ptr, %[[NUMBER:.+]]: f32)
// CHECK:         %[[PLACE:.+]] = llvm.alloca %{{.+}} x f32
// CHECK:         llvm.store %[[NUMBER]], %[[PLACE]]
// CHECK:         %[[NONE:.+]] = llvm.mlir.zero : !llvm.ptr
// CHECK:         %[[TYPE:.+]] = llvm.mlir.constant({{[0-9]+}} : i32) : i32
// CHECK:         %[[RANK:.+]] = llvm.mlir.constant(0 : i32) : i32
// CHECK:         llvm.call @fp8attn_check_scale(%[[CONTEXT]], %{{.+}}, %[[PLACE]], %[[TYPE]], %[[RANK]], %[[NONE]], %[[NONE]])
func.func @f(%number: f32) {
  fp8attn.check.scale "softmax_scale", %number : f32
  return
}
