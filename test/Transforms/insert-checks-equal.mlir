// RUN: fp8attn-opt %s --fp8attn-insert-checks | FileCheck %s

!rows = memref<?x32xf32>
!codes = memref<?x32xf8E4M3FN>
#tensor = affine_map<(t, c) -> ()>

// Of equal checks at the begin, and of what they compute with, one is made: what has
// passed would pass again.
// CHECK-LABEL: func.func @equal
// CHECK-COUNT-2: memref.dim
// CHECK-NOT:     memref.dim
// CHECK-COUNT-1: fp8attn.check.size
// CHECK-NOT:     fp8attn.check.size
// CHECK-COUNT-1: fp8attn.check.scale
// CHECK-NOT:     fp8attn.check.scale
// CHECK-COUNT-1: fp8attn.check.overlap
// CHECK-NOT:     fp8attn.check
// CHECK-COUNT-3: fp8attn.quantize
// CHECK:         return
func.func @equal(%x: !rows, %scale: memref<f32>, %codes: !codes, %again: i1) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  scf.if %again {
    fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  }
  return
}

// Those that differ are made, by an operand or by the name of one.
// CHECK-LABEL: func.func @different
// CHECK-COUNT-3: fp8attn.check.scale
// CHECK-NOT:     fp8attn.check.scale
// CHECK-COUNT-3: fp8attn.quantize
func.func @different(%x: !rows, %a: memref<f32>, %b: memref<f32>, %c: memref<f32>, %codes: !codes) {
  fp8attn.quantize %x scale(%a, #tensor) into %codes : !rows, memref<f32>, !codes
  fp8attn.quantize %x scale(%b, #tensor) into %codes : !rows, memref<f32>, !codes
  fp8attn.quantize %x scale(%c, #tensor) into %codes : !rows, memref<f32>, !codes
  return
}

// What stays before its operations is checked before each of them: the scale that has
// passed is not the one that is there now.
// CHECK-LABEL: func.func @changed
// CHECK:         memref.store
// CHECK-NEXT:    fp8attn.check.scale
// CHECK-NEXT:    fp8attn.quantize
// CHECK-NEXT:    memref.store
// CHECK-NEXT:    fp8attn.check.scale
// CHECK-NEXT:    fp8attn.quantize
func.func @changed(%x: !rows, %scale: memref<f32>, %codes: !codes, %first: f32, %second: f32) {
  memref.store %first, %scale[] : memref<f32>
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  memref.store %second, %scale[] : memref<f32>
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  return
}

// One that is read before and after a write is compared with the write, though its
// check is made once.
// CHECK-LABEL: func.func @written_between
// CHECK-COUNT-1: fp8attn.check.scale
// CHECK-NOT:     fp8attn.check.scale
// CHECK:         fp8attn.check.later_reads "wr" ["other", "scale"]
// CHECK-NEXT:    fp8attn.quantize
func.func @written_between(%x: !rows, %scale: memref<f32>, %codes: !codes,
                           %other: !rows {fp8attn.name = "other"}, %one: f32, %i: index) {
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  memref.store %one, %other[%i, %i] : !rows
  fp8attn.quantize %x scale(%scale, #tensor) into %codes : !rows, memref<f32>, !codes
  return
}

// All pairs of written and later read memory in one list, as long as the operations
// are many: what is read several times is in it where it is read last.
// CHECK-LABEL: func.func @many
// CHECK-COUNT-3: fp8attn.check.overlap
// CHECK:         fp8attn.check.later_reads "wrwr" ["codes_0", "scale_1", "codes_1", "scale_0"]
// CHECK-NEXT:    fp8attn.quantize
func.func @many(%x: !rows,
    %s0: memref<f32> {fp8attn.name = "scale_0"}, %s1: memref<f32> {fp8attn.name = "scale_1"},
    %c0: !codes {fp8attn.name = "codes_0"}, %c1: !codes {fp8attn.name = "codes_1"}, %c2: !codes) {
  fp8attn.quantize %x scale(%s0, #tensor) into %c0 : !rows, memref<f32>, !codes
  fp8attn.quantize %x scale(%s1, #tensor) into %c1 : !rows, memref<f32>, !codes
  fp8attn.quantize %x scale(%s0, #tensor) into %c2 : !rows, memref<f32>, !codes
  return
}

// A check of a size that is there already stands at the begin, too, if it needs
// nothing but arguments.
// CHECK-LABEL: func.func @given
// CHECK-SAME:    %[[X:[^:]+]]: memref<?xf32>
// CHECK:         %[[SIZE:.+]] = memref.dim %[[X]]
// CHECK:         %[[NEXT:.+]] = arith.addi %[[SIZE]]
// CHECK:         fp8attn.check.size "x", %[[NEXT]], "n", %{{.+}}
// CHECK:         memref.store
// CHECK:         %[[LOADED:.+]] = memref.load
// CHECK:         fp8attn.check.size "loaded", %[[LOADED]], "n", %{{.+}}
func.func @given(%x: memref<?xf32>, %y: memref<1xindex>, %n: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  memref.store %value, %x[%c0] : memref<?xf32>
  %size = memref.dim %x, %c0 : memref<?xf32>
  %next = arith.addi %size, %c1 : index
  fp8attn.check.size "x", %next, "n", %n
  %loaded = memref.load %y[%c0] : memref<1xindex>
  fp8attn.check.size "loaded", %loaded, "n", %n
  return
}

// A copy has the sizes of both.
// CHECK-LABEL: func.func @copy
// CHECK-SAME:    %[[X:[^:]+]]: memref<4x?xf32>, %[[Y:[^:]+]]: memref<?x?xf32>
// CHECK:         fp8attn.check.size "size 0 of the target of a copy", %{{.+}}, "size 0 of the source of a copy", %{{.+}}
// CHECK:         %[[TO:.+]] = memref.dim %[[Y]], %c1
// CHECK:         %[[FROM:.+]] = memref.dim %[[X]], %c1
// CHECK:         fp8attn.check.size "size 1 of the target of a copy", %[[TO]], "size 1 of the source of a copy", %[[FROM]]
// CHECK:         memref.copy
func.func @copy(%x: memref<4x?xf32>, %y: memref<?x?xf32>) {
  memref.copy %x, %y : memref<4x?xf32> to memref<?x?xf32>
  return
}
