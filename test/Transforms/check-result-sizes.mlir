// RUN: fp8attn-opt --fp8attn-check-result-sizes --split-input-file %s | FileCheck %s
// RUN: fp8attn-opt --fp8attn-check-result-sizes --fp8attn-check-result-sizes --split-input-file %s | FileCheck %s
// RUN: fp8attn-opt --fp8attn-check-result-sizes --buffer-results-to-out-params="hoist-dynamic-allocs modify-public-functions" --split-input-file %s | FileCheck %s --check-prefix=OUT

// Sizes that a call decides are compared; static ones, and memory that is not
// returned, are not.
// CHECK-LABEL: func @sizes(
// CHECK-SAME: %[[N:[^:]+]]: index, %[[M:[^:]+]]: index)
// CHECK: %[[NEW:.+]] = memref.alloc(%[[N]], %[[M]]) : memref<?x4x?xf32>
// CHECK-DAG: %[[SIZE0:.+]] = memref.dim %[[NEW]], %c0
// CHECK-DAG: fp8attn.check.size "size 0 of result 1", %[[SIZE0]], "that of what is computed", %[[N]]
// CHECK-DAG: %[[SIZE2:.+]] = memref.dim %[[NEW]], %c2
// CHECK-DAG: fp8attn.check.size "size 2 of result 1", %[[SIZE2]], "that of what is computed", %[[M]]
// CHECK: memref.alloc(%[[N]])
// CHECK-NOT: fp8attn.check
// CHECK: return
// OUT-LABEL: func @sizes(
// OUT-SAME: %[[N:[^:]+]]: index, %[[M:[^:]+]]: index, %{{.+}}: memref<4xf32>, %[[OUT:[^:]+]]: memref<?x4x?xf32>) {
// OUT-DAG: %[[SIZE0:.+]] = memref.dim %[[OUT]], %c0
// OUT-DAG: fp8attn.check.size "size 0 of result 1", %[[SIZE0]], "that of what is computed", %[[N]]
func.func @sizes(%n: index, %m: index) -> (memref<4xf32>, memref<?x4x?xf32>) {
  %new = memref.alloc(%n, %m) : memref<?x4x?xf32>
  %four = memref.alloc() : memref<4xf32>
  %other = memref.alloc(%n) : memref<?xf32>
  memref.dealloc %other : memref<?xf32>
  return %four, %new : memref<4xf32>, memref<?x4x?xf32>
}

// -----

// Behind a cast.
// CHECK-LABEL: func @cast(
// CHECK: %[[NEW:.+]] = memref.alloc(%[[N:.+]]) : memref<4x?xf32>
// CHECK: fp8attn.check.size "size 1 of result 0", %{{.+}}, "that of what is computed", %[[N]]
// CHECK: return
func.func @cast(%n: index) -> memref<?x?xf32> {
  %new = memref.alloc(%n) : memref<4x?xf32>
  %cast = memref.cast %new : memref<4x?xf32> to memref<?x?xf32>
  return %cast : memref<?x?xf32>
}

// -----

// An argument that is returned is what a host has already.
// CHECK-LABEL: func @argument(
// CHECK-NOT: fp8attn.check
func.func @argument(%x: memref<?xf32>) -> memref<?xf32> {
  return %x : memref<?xf32>
}
