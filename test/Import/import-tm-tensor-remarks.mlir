// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-tm-tensor --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=LEFT

// None of these is attention as fp8attn has it; each stays as it is.
// LEFT-NOT: fp8attn
// LEFT-COUNT-4: tm_tensor.attention"
// LEFT-NOT: fp8attn

!t = tensor<12x?x64xf32>
// CHECK: left alone: expects operandSegmentSizes of query, key, value, perhaps a mask, and one tensor that is written
func.func @segments(%q: !t) -> !t {
  %0 = "tm_tensor.attention"(%q, %q, %q, %q) <{operandSegmentSizes = array<i32: 2, 2>}> : (!t, !t, !t, !t) -> !t
  return %0 : !t
}

// CHECK: left alone: expects tensors of three dimensions or more, got tensor<?x64xf32>
func.func @rank(%q: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = "tm_tensor.attention"(%q, %q, %q, %q) <{operandSegmentSizes = array<i32: 3, 1>}>
      : (tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// Sizes that differ, and heads of a size that no kernel has.
// CHECK: left alone: expects loops of one size, got 12 and 4 in a key
// CHECK: left alone: expects {{.*}}channels{{.*}}
func.func @sizes(%q: !t, %k: tensor<4x?x64xf32>, %small: tensor<12x?x4xf32>) -> (!t, tensor<12x?x4xf32>) {
  %0 = "tm_tensor.attention"(%q, %k, %k, %q) <{operandSegmentSizes = array<i32: 3, 1>}>
      : (!t, tensor<4x?x64xf32>, tensor<4x?x64xf32>, !t) -> !t
  %1 = "tm_tensor.attention"(%small, %small, %small, %small) <{operandSegmentSizes = array<i32: 3, 1>}>
      : (tensor<12x?x4xf32>, tensor<12x?x4xf32>, tensor<12x?x4xf32>, tensor<12x?x4xf32>) -> tensor<12x?x4xf32>
  return %0, %1 : !t, tensor<12x?x4xf32>
}
