// RUN: fp8attn-opt %s --fp8attn-share-bodies | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-share-bodies --fp8attn-share-bodies | FileCheck %s

// Bodies that are equal become one, also those of loops of another function, whose
// values come in the same order.
// CHECK-LABEL: func.func @equal
// CHECK:         fp8attn.parallel_for @body count %{{.+}} captures(%{{.+}})
// CHECK:         fp8attn.parallel_for @body count %{{.+}} captures(%{{.+}})
func.func @equal(%n: index, %a: memref<?xindex>, %b: memref<?xindex>) {
  fp8attn.parallel_for @body count %n captures(%a) : memref<?xindex>
  fp8attn.parallel_for @body_0 count %n captures(%b) : memref<?xindex>
  return
}
// CHECK-LABEL: func.func @elsewhere
// CHECK:         fp8attn.parallel_for @body count
func.func @elsewhere(%n: index, %a: memref<?xindex>) {
  fp8attn.parallel_for @body_1 count %n captures(%a) : memref<?xindex>
  return
}
// CHECK-LABEL: func.func private @body(
func.func private @body(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  memref.store %begin, %m[%end] : memref<?xindex>
  return
}
// CHECK-NOT: @body_0
func.func private @body_0(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  memref.store %begin, %m[%end] : memref<?xindex>
  return
}
// CHECK-NOT: @body_1
func.func private @body_1(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  memref.store %begin, %m[%end] : memref<?xindex>
  return
}

// Not those that differ: by a value, a constant, a type, or the ISA; nor functions that
// are also called, or that hosts see.
// CHECK-LABEL: func.func @different
// CHECK:         fp8attn.parallel_for @value
// CHECK:         fp8attn.parallel_for @five
// CHECK:         fp8attn.parallel_for @six
// CHECK:         fp8attn.parallel_for @type
// CHECK:         fp8attn.parallel_for @isa
// CHECK:         fp8attn.parallel_for @called
func.func @different(%n: index, %m: memref<?xindex>, %t: memref<4xindex>) {
  %c0 = arith.constant 0 : index
  fp8attn.parallel_for @value count %n captures(%m) : memref<?xindex>
  fp8attn.parallel_for @five count %n captures(%m) : memref<?xindex>
  fp8attn.parallel_for @six count %n captures(%m) : memref<?xindex>
  fp8attn.parallel_for @type count %n captures(%t) : memref<4xindex>
  fp8attn.parallel_for @isa count %n captures(%m) : memref<?xindex>
  fp8attn.parallel_for @called count %n captures(%m) : memref<?xindex>
  call @called(%c0, %n, %c0, %m) : (index, index, index, memref<?xindex>) -> ()
  return
}
func.func private @value(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  memref.store %end, %m[%begin] : memref<?xindex>
  return
}
func.func private @five(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  %c = arith.constant 5 : index
  memref.store %c, %m[%c] : memref<?xindex>
  return
}
func.func private @six(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  %c = arith.constant 6 : index
  memref.store %c, %m[%c] : memref<?xindex>
  return
}
func.func private @type(%begin: index, %end: index, %worker: index, %m: memref<4xindex>) {
  memref.store %begin, %m[%end] : memref<4xindex>
  return
}
func.func private @isa(%begin: index, %end: index, %worker: index, %m: memref<?xindex>)
    attributes {fp8attn.isa = #fp8attn.isa<avx2>} {
  memref.store %begin, %m[%end] : memref<?xindex>
  return
}
func.func private @called(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  memref.store %begin, %m[%end] : memref<?xindex>
  return
}

// Sizes of memory that only the call knows make no difference.
// CHECK-LABEL: func.func @already_shared
// CHECK-COUNT-2: fp8attn.parallel_for @body count
func.func @already_shared(%n: index, %m: memref<?xindex>) {
  fp8attn.parallel_for @body_2 count %n captures(%m) : memref<?xindex>
  fp8attn.parallel_for @body_2 count %n captures(%m) : memref<?xindex>
  return
}
func.func private @body_2(%begin: index, %end: index, %worker: index, %m: memref<?xindex>) {
  memref.store %begin, %m[%end] : memref<?xindex>
  return
}
