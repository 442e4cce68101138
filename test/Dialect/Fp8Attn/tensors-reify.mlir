// RUN: fp8attn-opt --resolve-ranked-shaped-type-result-dims %s | FileCheck %s

// The sizes of results are those of what they are written into, in order.
// CHECK-LABEL: func @sizes(
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x2x?x64xf32>, %[[OUT:[^:]+]]: tensor<?x2x?x64xf32>, %[[LSE:[^:]+]]: tensor<?x2x?xf32>
// CHECK-DAG: %[[BATCH:.+]] = tensor.dim %[[OUT]], %c0
// CHECK-DAG: %[[QUERIES:.+]] = tensor.dim %[[LSE]], %c2
// CHECK-DAG: %[[HEADS:.+]] = arith.constant 2 : index
// CHECK: return %[[BATCH]], %[[QUERIES]]
func.func @sizes(%x: tensor<?x2x?x64xf32>, %out: tensor<?x2x?x64xf32>, %lse: tensor<?x2x?xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %result:2 = fp8attn.attention query(%x : tensor<?x2x?x64xf32>) key(%x : tensor<?x2x?x64xf32>) value(%x : tensor<?x2x?x64xf32>)
      out(%out : tensor<?x2x?x64xf32>) lse(%lse : tensor<?x2x?xf32>) -> (tensor<?x2x?x64xf32>, tensor<?x2x?xf32>)
  %batch = tensor.dim %result#0, %c0 : tensor<?x2x?x64xf32>
  %queries = tensor.dim %result#1, %c2 : tensor<?x2x?xf32>
  %heads = tensor.dim %result#1, %c1 : tensor<?x2x?xf32>
  return %batch, %queries, %heads : index, index, index
}
