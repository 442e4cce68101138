// RUN: fp8attn-opt %s --fp8attn-share-checks | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-share-checks --fp8attn-share-checks | FileCheck %s

// Rows of checks that are equal, but for the values that they take, call one function.
// Constants, and what computes operands of a row and nothing else, go with them.
// CHECK-LABEL: func.func @equal(
// CHECK-SAME:    %[[X:.+]]: memref<?x?xf32>, %[[Y:.+]]: memref<?x?xf32>, %[[SCALE:.+]]: memref<f32>)
// CHECK:         %[[SHARED:.+]] = memref.dim %[[X]]
// CHECK-NOT:     memref.dim
// CHECK-NOT:     fp8attn.check
// CHECK:         call @equal.checks(%[[X]], %[[SHARED]], %[[SCALE]])
// CHECK-NEXT:    call @equal.checks(%[[Y]], %[[SHARED]], %[[SCALE]])
// CHECK-NEXT:    return
!x = memref<?x?xf32>
func.func @equal(%x: !x, %y: !x, %scale: memref<f32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = memref.dim %x, %c0 : !x
  %columns_x = memref.dim %x, %c1 : !x
  fp8attn.check.size "columns", %rows, "rows", %columns_x
  fp8attn.check.scale "scale", %scale : memref<f32>
  %columns_y = memref.dim %y, %c1 : !x
  fp8attn.check.size "columns", %rows, "rows", %columns_y
  fp8attn.check.scale "scale", %scale : memref<f32>
  return
}
// CHECK:       func.func private @equal.checks(%[[X:.+]]: memref<?x?xf32>, %[[ROWS:.+]]: index, %[[SCALE:.+]]: memref<f32>) attributes {no_inline} {
// CHECK:         %[[COLUMNS:.+]] = memref.dim %[[X]]
// CHECK-NEXT:    fp8attn.check.size "columns", %[[ROWS]], "rows", %[[COLUMNS]]
// CHECK-NEXT:    fp8attn.check.scale "scale", %[[SCALE]]
// CHECK-NEXT:    return

// A check alone stays, and so do rows that differ in a name, a type or a constant.
// CHECK-LABEL: func.func @different
// CHECK-NOT:     call
// CHECK:         return
func.func @different(%a: index, %b: index, %scale: memref<f32>, %rows: memref<4xf32>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  fp8attn.check.size "alone", %a, "n", %b
  fp8attn.check.size "alone", %b, "n", %a
  fp8attn.check.scale "one", %scale : memref<f32>
  fp8attn.check.size "alone", %b, "n", %a
  fp8attn.check.scale "two", %scale : memref<f32>
  fp8attn.check.size "alone", %b, "n", %a
  fp8attn.check.scale "one", %rows : memref<4xf32>
  fp8attn.check.size "alone", %b, "n", %c1
  fp8attn.check.scale "one", %scale : memref<f32>
  fp8attn.check.size "alone", %b, "n", %c2
  fp8attn.check.scale "one", %scale : memref<f32>
  return
}

// What is written between two checks ends a row, wherever it stands. The check of the
// whole function is of no row.
// CHECK-LABEL: func.func @between
// CHECK:         fp8attn.check.size
// CHECK-NEXT:    memref.store
// CHECK-NEXT:    fp8attn.check.scale
// CHECK-NEXT:    fp8attn.check.later_reads
// CHECK:         scf.if
// CHECK-NEXT:      func.call @between.checks(%[[A:.+]], %[[B:.+]], %[[SCALE:.+]])
// CHECK-NEXT:      memref.store
// CHECK-NEXT:      func.call @between.checks(%[[B]], %[[A]], %[[SCALE]])
func.func @between(%a: index, %b: index, %scale: memref<f32>, %value: f32, %condition: i1) {
  fp8attn.check.size "alone", %a, "n", %b
  memref.store %value, %scale[] : memref<f32>
  fp8attn.check.scale "scale", %scale : memref<f32>
  fp8attn.check.later_reads "wr" ["scale", "scale"](%scale, %scale) : memref<f32>, memref<f32>
  scf.if %condition {
    fp8attn.check.size "a", %a, "n", %b
    fp8attn.check.scale "scale", %scale : memref<f32>
    memref.store %value, %scale[] : memref<f32>
    fp8attn.check.size "a", %b, "n", %a
    fp8attn.check.scale "scale", %scale : memref<f32>
  }
  return
}
