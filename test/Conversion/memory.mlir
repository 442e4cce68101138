// RUN: fp8attn-opt %s --convert-fp8attn-to-llvm --split-input-file | FileCheck %s

// The entry point gives back what is left, and hands its memory to functions that
// allocate.
// CHECK-LABEL: llvm.func internal @allocates(%{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: i64) -> !llvm.struct
// CHECK-LABEL: llvm.func internal @f.impl(
// CHECK-SAME:    %[[CONTEXT:.+]]: !llvm.ptr, %[[MEMORY:.+]]: !llvm.ptr, %[[N:.+]]: i64)
// CHECK:         llvm.call @allocates(%[[CONTEXT]], %[[MEMORY]], %[[N]])
// CHECK:         llvm.call @fp8attn_release(%[[MEMORY]],
// CHECK-LABEL: llvm.func @f(
// CHECK:         %[[LINKS:.+]] = llvm.alloca %{{.+}} x !llvm.struct<(ptr, ptr)>
// CHECK:         %[[STATUS:.+]] = llvm.call @f.impl(%{{.+}}, %[[LINKS]], %{{.+}})
// CHECK:         llvm.call @fp8attn_release_all(%[[LINKS]])
// CHECK:         llvm.return %[[STATUS]]
func.func private @allocates(%n: index) -> memref<?x4xf32> {
  %m = memref.alloc(%n) {alignment = 128} : memref<?x4xf32>
  return %m : memref<?x4xf32>
}
func.func @f(%n: index) {
  %m = call @allocates(%n) : (index) -> memref<?x4xf32>
  memref.dealloc %m : memref<?x4xf32>
  return
}

// -----

// A function that does not allocate has no memory.
// CHECK-LABEL: llvm.func internal @nothing.impl(%{{.+}}: !llvm.ptr, %{{.+}}: i64)
// CHECK-NOT:   llvm.call @fp8attn_release_all
func.func @nothing(%n: index) {
  return
}

// -----

// Each range of a loop has its own, and leaves its status behind the captures.
// CHECK-LABEL: llvm.func internal @loop.impl(%{{.+}}: !llvm.ptr, %{{.+}}: i64)
// CHECK:         llvm.call @fp8attn_parallel(
// CHECK:         llvm.call @fp8attn_check_bodies(
// CHECK-LABEL: llvm.func internal @body.range(
// CHECK:         %[[LINKS:.+]] = llvm.alloca %{{.+}} x !llvm.struct<(ptr, ptr)>
// CHECK:         %[[STATUS:.+]] = llvm.call @body(%{{.+}}, %[[LINKS]],
// CHECK:         llvm.call @fp8attn_release_all(%[[LINKS]])
// CHECK:         llvm.atomicrmw umax %{{.+}}, %[[STATUS]] monotonic
func.func @loop(%n: index) {
  fp8attn.parallel_for @body count %n captures(%n) : index
  return
}
func.func private @body(%begin: index, %end: index, %worker: index, %n: index) {
  %m = memref.alloc(%n) : memref<?xf32>
  memref.dealloc %m : memref<?xf32>
  return
}

// -----

// The stack has what is small, once; not what is large, nor what the call decides.
// CHECK-LABEL: llvm.func internal @stack.impl(
// CHECK:         llvm.alloca %{{.+}} x f32 {alignment = 64 : i64}
// CHECK-COUNT-2: llvm.call @fp8attn_allocate(
func.func @stack(%n: index) {
  cf.br ^body
^body:
  %small = memref.alloca() : memref<1024xf32>
  %large = memref.alloca() : memref<1025xf32>
  %unknown = memref.alloca(%n) : memref<?xf32>
  return
}
