// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm --reconcile-unrealized-casts | FileCheck %s

!view = memref<?x32xf32, strided<[?, 1], offset: ?>>
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>

// Functions take their memrefs and caches in memory. What the type of a memref says is
// not there: the pointer, the offset, the size and the stride that it does not know are,
// behind the words of the first argument.
// CHECK-LABEL: llvm.func internal @callee
// CHECK-SAME:    (%[[CONTEXT:[a-z0-9]+]]: !llvm.ptr, %[[FRAME:.+]]: !llvm.ptr, %{{.+}}: f32) -> i32
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[FRAME]][1] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK:         %[[PACKED:.+]] = llvm.load %[[PLACE]] : !llvm.ptr -> !llvm.struct<(ptr, i64, i64, i64)>
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
// CHECK-NOT:     llvm.load
// CHECK:         llvm.call @fp8attn_check_tensor(%[[CONTEXT]],
func.func private @callee(%scale: memref<f32>, %factor: f32, %rows: !view) {
  fp8attn.check.tensor "rows", %rows : !view
  return
}

// A call of the same memrefs and caches hands on the frame, whatever else it has.
// CHECK-LABEL: llvm.func internal @same
// CHECK-SAME:    (%{{.+}}: !llvm.ptr, %[[FRAME:.+]]: !llvm.ptr, %[[FACTOR:.+]]: f32) -> i32
// CHECK-NOT:     llvm.alloca
// CHECK:         llvm.call @callee(%{{.+}}, %[[FRAME]], %[[FACTOR]])
func.func private @same(%factor: f32, %scale: memref<f32>, %rows: !view) {
  call @callee(%scale, %factor, %rows) : (memref<f32>, f32, !view) -> ()
  return
}

// Others have one frame together, as long as the longest of them needs, which they copy
// what is in memory to. One whose operands are there in a row takes their address.
// CHECK-LABEL: llvm.func internal @caller
// CHECK-SAME:    (%{{.+}}: !llvm.ptr, %[[OWN:.+]]: !llvm.ptr, %{{.+}}: f32) -> i32
// CHECK:         %[[WORDS:.+]] = llvm.mlir.constant(5 : i64)
// CHECK:         %[[FRAME:.+]] = llvm.alloca %[[WORDS]] x i64
// CHECK-NOT:     llvm.alloca
// CHECK:         %[[WORD:.+]] = llvm.mlir.constant(8 : i64)
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[FRAME]][0] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK:         %[[SCALE:.+]] = llvm.getelementptr %[[OWN]][4] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK:         "llvm.intr.memcpy"(%[[PLACE]], %[[SCALE]], %[[WORD]])
// CHECK:         %[[WORDS:.+]] = llvm.mlir.constant(32 : i64)
// CHECK:         %[[PLACE:.+]] = llvm.getelementptr %[[FRAME]][1] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK:         "llvm.intr.memcpy"(%[[PLACE]], %[[OWN]], %[[WORDS]])
// CHECK:         llvm.call @callee(%{{.+}}, %[[FRAME]], %{{.+}})
// CHECK:         %[[SCALE:.+]] = llvm.getelementptr %[[OWN]][4] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK:         llvm.call @other(%{{.+}}, %[[SCALE]])
func.func private @caller(%rows: !view, %scale: memref<f32>, %factor: f32) {
  call @callee(%scale, %factor, %rows) : (memref<f32>, f32, !view) -> ()
  call @other(%scale) : (memref<f32>) -> ()
  return
}

// So have those in the body of a loop, which has no frame that it could hand on.
// CHECK-LABEL: llvm.func internal @body_that_calls
// CHECK:         %[[FRAME:.+]] = llvm.alloca %{{.+}} x i64
// CHECK:         llvm.call @pages(%{{.+}}, %[[FRAME]])
func.func private @body_that_calls(%begin: index, %end: index, %worker: index, %cache: !cache) {
  call @pages(%cache) : (!cache) -> ()
  return
}

func.func private @runs(%n: index, %cache: !cache) {
  fp8attn.parallel_for @body_that_calls count %n captures(%cache) : !cache
  return
}

func.func private @pages(%cache: !cache) {
  return
}

func.func private @other(%scale: memref<f32>) {
  return
}

// In a loop nothing is loaded that was there before it.
// CHECK-LABEL: llvm.func internal @sum
// CHECK:         llvm.load %{{.+}} : !llvm.ptr -> !llvm.struct<(ptr, i64)>
// CHECK:         llvm.br ^[[LOOP:bb[0-9]+]]
// CHECK:       ^[[LOOP]](
// CHECK-NOT:     llvm.struct<(ptr, i64)>
// CHECK:         llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK:         llvm.return
func.func private @sum(%rows: memref<?xf32>, %n: index, %step: index) {
  cf.br ^loop(%step : index)
^loop(%i: index):
  %x = memref.load %rows[%i] : memref<?xf32>
  memref.store %x, %rows[%step] : memref<?xf32>
  %next = arith.addi %i, %step : index
  %more = arith.cmpi slt, %next, %n : index
  cf.cond_br %more, ^loop(%next : index), ^end
^end:
  return
}

// Captures of a loop are packed, too, and are values; one whose type says all is a pointer.
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
