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

// Neighbours run one after the other: a group is an iteration of the threads.
// CHECK-LABEL: func.func @groups
// CHECK-SAME:    %[[N:[a-z0-9]+]]: index, %[[FEW:[a-z0-9]+]]: index, %[[M:[a-z0-9]+]]: memref<?xindex>
// CHECK:         %[[SUM:.+]] = arith.addi %[[N]], %[[FEW]]
// CHECK:         %[[PADDED:.+]] = arith.subi %[[SUM]], %{{.+}}
// CHECK:         %[[COUNT:.+]] = arith.divui %[[PADDED]], %[[FEW]]
// CHECK:         fp8attn.parallel_for @groups.body count %[[COUNT]] captures(%[[M]], %[[N]], %[[FEW]])
// CHECK-NOT:     tile.grouped
// CHECK-LABEL: func.func private @groups.body(
// CHECK-SAME:    %[[BEGIN:.+]]: index, %[[END:.+]]: index, %{{.+}}: index, %{{.+}}: memref<?xindex>, %[[N:.+]]: index, %[[FEW:.+]]: index
// CHECK:         %[[LAST:.+]] = arith.muli %[[END]], %[[FEW]]
// CHECK-DAG:     %[[FROM:.+]] = arith.muli %[[BEGIN]], %[[FEW]]
// CHECK-DAG:     %[[TO:.+]] = arith.minui %[[LAST]], %[[N]]
// CHECK:         scf.for %{{.+}} = %[[FROM]] to %[[TO]]
func.func @groups(%n: index, %few: index, %m: memref<?xindex>) {
  %groups = fp8attn.tile.grouped %n by %few
  scf.forall (%i) in (%groups) {
    memref.store %i, %m[%i] : memref<?xindex>
  }
  return
}
