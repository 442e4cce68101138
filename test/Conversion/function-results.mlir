// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm | FileCheck %s

// Results of a private function stand behind the status; a failure has none.
// CHECK-LABEL: llvm.func internal @results
// CHECK-SAME:    -> !llvm.struct<(i32, i64, f32)>
// CHECK:         %[[BAD:.+]] = llvm.call @fp8attn_check_scale
// CHECK:         llvm.cond_br %{{.+}}, ^[[EXIT:bb[0-9]+]](%[[BAD]] : i32)
// CHECK:         %[[OK:.+]] = llvm.mlir.constant(0 : i32)
// CHECK:         %[[NONE:.+]] = llvm.mlir.poison : !llvm.struct<(i32, i64, f32)>
// CHECK:         %[[STATUS:.+]] = llvm.insertvalue %[[OK]], %[[NONE]][0]
// CHECK:         %[[FIRST:.+]] = llvm.insertvalue %{{.+}}, %[[STATUS]][1]
// CHECK:         %[[BOTH:.+]] = llvm.insertvalue %{{.+}}, %[[FIRST]][2]
// CHECK:         llvm.return %[[BOTH]]
// CHECK:       ^[[EXIT]](%[[STATUS:.+]]: i32):
// CHECK:         %[[FAILED:.+]] = llvm.insertvalue %[[STATUS]], %{{.+}}[0]
// CHECK:         llvm.return %[[FAILED]]
func.func private @results(%scale: memref<8xf32>, %n: index, %x: f32) -> (index, f32) {
  fp8attn.check.scale "scale", %scale : memref<8xf32>
  return %n, %x : index, f32
}

// CHECK-LABEL: llvm.func internal @caller.impl
// CHECK:         %[[ALL:.+]] = llvm.call @results
// CHECK:         %[[CALLED:.+]] = llvm.extractvalue %[[ALL]][0]
// CHECK:         %[[N:.+]] = llvm.extractvalue %[[ALL]][1]
// CHECK:         llvm.icmp "ne" %[[CALLED]]
// CHECK:         %[[BODY:.+]] = llvm.mlir.addressof @body.range
// CHECK:         llvm.call @fp8attn_parallel(%{{.+}}, %[[N]], %[[BODY]],
// CHECK:         llvm.mlir.addressof @body.range
func.func @caller(%scale: memref<8xf32>, %n: index, %x: f32) {
  %m, %y = call @results(%scale, %n, %x) : (memref<8xf32>, index, f32) -> (index, f32)
  fp8attn.parallel_for @body count %m captures()
  fp8attn.parallel_for @body count %n captures()
  return
}

// CHECK-LABEL: llvm.func internal @body(
// Two loops share what calls their body.
// CHECK:       llvm.func internal @body.range(
// CHECK-NOT:   llvm.func internal @body
func.func private @body(%begin: index, %end: index, %worker: index) {
  return
}
