// RUN: fp8attn-opt --fp8attn-drop-returned-arguments %s | FileCheck %s
// RUN: fp8attn-opt --fp8attn-drop-returned-arguments --fp8attn-drop-returned-arguments %s | FileCheck %s

// An argument is dropped, also if it is cast; what was made here is not.
// CHECK-LABEL: func @mixed(
// CHECK-SAME: %[[N:[^:]+]]: index, %{{[^:]+}}: memref<?xf32, strided<[?]>>) -> memref<?xf32> {
// CHECK: %[[NEW:.+]] = memref.alloc(%[[N]])
// CHECK: return %[[NEW]] : memref<?xf32>
func.func @mixed(%n: index, %out: memref<?xf32, strided<[?]>>) -> (memref<?xf32, strided<[?], offset: ?>>, memref<?xf32>) {
  %cast = memref.cast %out : memref<?xf32, strided<[?]>> to memref<?xf32, strided<[?], offset: ?>>
  %new = memref.alloc(%n) : memref<?xf32>
  return %cast, %new : memref<?xf32, strided<[?], offset: ?>>, memref<?xf32>
}

// A caller has it.
// CHECK-LABEL: func @caller(
// CHECK-SAME: %[[N:[^:]+]]: index, %[[OUT:[^:]+]]: memref<?xf32, strided<[?]>>) -> memref<?xf32> {
// CHECK: %[[RESULT:.+]] = call @mixed(%[[N]], %[[OUT]]) : (index, memref<?xf32, strided<[?]>>) -> memref<?xf32>
// CHECK: %[[CAST:.+]] = memref.cast %[[OUT]] : {{.+}} to memref<?xf32, strided<[?], offset: ?>>
// CHECK: memref.store %{{.+}}, %[[CAST]]
// CHECK: return %[[RESULT]]
func.func @caller(%n: index, %out: memref<?xf32, strided<[?]>>) -> memref<?xf32> {
  %0:2 = call @mixed(%n, %out) : (index, memref<?xf32, strided<[?]>>) -> (memref<?xf32, strided<[?], offset: ?>>, memref<?xf32>)
  %one = arith.constant 1.0 : f32
  %c0 = arith.constant 0 : index
  memref.store %one, %0#0[%c0] : memref<?xf32, strided<[?], offset: ?>>
  return %0#1 : memref<?xf32>
}

// One of two arguments, a number, and a declaration stay.
// CHECK-LABEL: func @either(
// CHECK-SAME: -> (memref<4xf32>, index)
func.func @either(%a: memref<4xf32>, %b: memref<4xf32>, %first: i1, %n: index) -> (memref<4xf32>, index) {
  cf.cond_br %first, ^a, ^b
^a:
  return %a, %n : memref<4xf32>, index
^b:
  return %b, %n : memref<4xf32>, index
}
// CHECK: func private @declared(memref<4xf32>) -> memref<4xf32>
func.func private @declared(memref<4xf32>) -> memref<4xf32>

// A function whose address is taken keeps its type.
// CHECK-LABEL: func private @callback(
// CHECK-SAME: -> memref<4xf32>
func.func private @callback(%a: memref<4xf32>) -> memref<4xf32> {
  return %a : memref<4xf32>
}
func.func @takes_address(%a: memref<4xf32>) {
  %f = func.constant @callback : (memref<4xf32>) -> memref<4xf32>
  %0 = func.call_indirect %f(%a) : (memref<4xf32>) -> memref<4xf32>
  return
}
