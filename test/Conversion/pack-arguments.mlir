// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm --reconcile-unrealized-casts | FileCheck %s

!view = memref<?x32xf32, strided<[?, 1], offset: ?>>

// What the type of a memref says is not handed on: the pointer, the offset, the size and
// the stride that it does not know are.
// CHECK-LABEL: llvm.func internal @callee
// CHECK-SAME:    (%{{.+}}: !llvm.ptr, %[[PACKED:.+]]: !llvm.struct<(ptr, i64, i64, i64)>) -> i32
// CHECK:         %[[POINTER:.+]] = llvm.extractvalue %[[PACKED]][0]
// CHECK:         llvm.insertvalue %[[POINTER]], %{{.+}}[0] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
// CHECK:         llvm.insertvalue %[[POINTER]], %{{.+}}[1]
// CHECK:         %[[OFFSET:.+]] = llvm.extractvalue %[[PACKED]][1]
// CHECK:         llvm.insertvalue %[[OFFSET]], %{{.+}}[2]
// CHECK:         %[[SIZE:.+]] = llvm.extractvalue %[[PACKED]][2]
// CHECK:         llvm.insertvalue %[[SIZE]], %{{.+}}[3, 0]
// CHECK:         %[[STRIDE:.+]] = llvm.extractvalue %[[PACKED]][3]
// CHECK:         llvm.insertvalue %[[STRIDE]], %{{.+}}[4, 0]
// CHECK:         %[[CHANNELS:.+]] = llvm.mlir.constant(32 : index)
// CHECK:         llvm.insertvalue %[[CHANNELS]], %{{.+}}[3, 1]
func.func private @callee(%rows: !view) {
  return
}

// CHECK-LABEL: llvm.func internal @caller
// CHECK:         %[[ARGUMENT:.+]] = llvm.insertvalue %{{.+}}, %{{.+}}[3] : !llvm.struct<(ptr, i64, i64, i64)>
// CHECK:         llvm.call @callee(%{{.+}}, %[[ARGUMENT]])
func.func private @caller(%rows: !view) {
  call @callee(%rows) : (!view) -> ()
  return
}

// So are captures of a loop; one whose type says all is a pointer.
// CHECK-LABEL: llvm.func internal @body
// CHECK-SAME:    %{{.+}}: !llvm.struct<(ptr, i64)>, %{{.+}}: !llvm.struct<(ptr)>, %{{.+}}: f32)
func.func private @body(%begin: index, %end: index, %worker: index, %rows: memref<?x32xf32>, %scale: memref<f32>, %factor: f32) {
  return
}

// CHECK-LABEL: llvm.func internal @loop.impl
// CHECK:         %[[CAPTURES:.+]] = llvm.alloca %{{.+}} x !llvm.struct<(ptr, struct<(ptr, i64)>, struct<(ptr)>, f32)>
// CHECK:         llvm.call @fp8attn_parallel(%{{.+}}, %{{.+}}, %{{.+}}, %[[CAPTURES]])
func.func @loop(%n: index {fp8attn.name = "n"}, %rows: memref<?x32xf32> {fp8attn.name = "rows"},
                %scale: memref<f32> {fp8attn.name = "scale"}, %factor: f32 {fp8attn.name = "factor"}) {
  fp8attn.parallel_for @body count %n captures(%rows, %scale, %factor) : memref<?x32xf32>, memref<f32>, f32
  return
}
