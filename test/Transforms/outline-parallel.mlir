// RUN: fp8attn-opt %s --fp8attn-outline-parallel | FileCheck %s

// Constants are cloned into the body, other values are captured.
// CHECK-LABEL: func.func @two_loops
// CHECK-SAME:    %[[N:[a-z0-9]+]]: index, %[[M:[a-z0-9]+]]: memref<?xindex>
// CHECK:         fp8attn.parallel_for @two_loops.body count %[[N]] captures(%[[M]])
// CHECK:         fp8attn.parallel_for @two_loops.body_0 count
// CHECK-NOT:     scf.forall
func.func @two_loops(%n: index, %m: memref<?xindex>) {
  %c7 = arith.constant 7 : index
  scf.forall (%i) in (%n) {
    memref.store %c7, %m[%i] : memref<?xindex>
  }
  scf.forall (%i) in (%n) {
    memref.store %i, %m[%i] : memref<?xindex>
  }
  return
}
// CHECK-LABEL: func.func private @two_loops.body(
// CHECK-SAME:    %[[BEGIN:.+]]: index, %[[END:.+]]: index, %{{.+}}: index, %[[CAPTURE:.+]]: memref<?xindex>
// CHECK:         scf.for %[[I:.+]] = %[[BEGIN]] to %[[END]]
// CHECK:           %[[C7:.+]] = arith.constant 7
// CHECK:           memref.store %[[C7]], %[[CAPTURE]][%[[I]]]
