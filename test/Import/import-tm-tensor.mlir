// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-tm-tensor | FileCheck %s

// Batch and heads in one dimension are the heads of one entry; a mask is added.
// CHECK-LABEL: func @collapsed(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<12x?x64xf32>
// CHECK:         fp8attn.attention query(%{{.+}} : tensor<1x12x?x64xf32>) key(%{{.+}} : tensor<1x12x?x64xf32>) value(%{{.+}} : tensor<1x12x?x32xf32>) {{.*}} mask(%{{.+}} : tensor<1x12x?x?xf32>) {softmax_scale = 5.000000e-01 : f32} -> tensor<1x12x?x32xf32>
func.func @collapsed(%q: tensor<12x?x64xf32>, %k: tensor<12x?x64xf32>, %v: tensor<12x?x32xf32>, %mask: tensor<12x?x?xf32>, %o: tensor<12x?x32xf32>) -> tensor<12x?x32xf32> {
  %0 = "tm_tensor.attention"(%q, %k, %v, %mask, %o) <{operandSegmentSizes = array<i32: 4, 1>, scale = 0.5 : f64}>
      : (tensor<12x?x64xf32>, tensor<12x?x64xf32>, tensor<12x?x32xf32>, tensor<12x?x?xf32>, tensor<12x?x32xf32>) -> tensor<12x?x32xf32>
  return %0 : tensor<12x?x32xf32>
}

// Of no known size, they are batch entries of one head. Without a scale it is that
// of the channels of the key, and a mask of i1 keeps.
// CHECK-LABEL: func @entries(
// CHECK:         fp8attn.attention query(%{{.+}} : tensor<?x1x1x64xf16>) {{.*}} mask(%{{.+}} : tensor<?x1x1x?xi1>) -> tensor<?x1x1x64xf16>
func.func @entries(%q: tensor<?x1x64xf16>, %k: tensor<?x?x64xf16>, %mask: tensor<?x1x?xi1>) -> tensor<?x1x64xf16> {
  %0 = "tm_tensor.attention"(%q, %k, %k, %mask, %q) <{operandSegmentSizes = array<i32: 4, 1>}>
      : (tensor<?x1x64xf16>, tensor<?x?x64xf16>, tensor<?x?x64xf16>, tensor<?x1x?xi1>, tensor<?x1x64xf16>) -> tensor<?x1x64xf16>
  return %0 : tensor<?x1x64xf16>
}

// Batch and heads apart.
// CHECK-LABEL: func @apart(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<5x2x?x64xf32>, %[[K:[^:]+]]: tensor<5x2x?x64xf32>)
// CHECK-NOT:     {{expand|collapse|transpose}}
// CHECK:         fp8attn.attention query(%[[Q]] : {{.+}}) key(%[[K]] : {{.+}}) value(%[[K]] : {{.+}}) out(%[[Q]] : {{.+}}) -> tensor<5x2x?x64xf32>
func.func @apart(%q: tensor<5x2x?x64xf32>, %k: tensor<5x2x?x64xf32>) -> tensor<5x2x?x64xf32> {
  %0 = "tm_tensor.attention"(%q, %k, %k, %q) <{operandSegmentSizes = array<i32: 3, 1>}>
      : (tensor<5x2x?x64xf32>, tensor<5x2x?x64xf32>, tensor<5x2x?x64xf32>, tensor<5x2x?x64xf32>) -> tensor<5x2x?x64xf32>
  return %0 : tensor<5x2x?x64xf32>
}

// Keys that were broadcast for the heads of a group, and collapsed, are taken as
// they were: 8 query heads on 2.
// CHECK-LABEL: func @grouped(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<8x?x64xf32>, %[[K:[^:]+]]: tensor<1x2x?x64xf32>
// CHECK:         fp8attn.attention query(%{{.+}} : tensor<1x8x?x64xf32>) key(%[[K]] : tensor<1x2x?x64xf32>) value(%[[K]] : tensor<1x2x?x64xf32>) {{.*}} -> tensor<1x8x?x64xf32>
func.func @grouped(%q: tensor<8x?x64xf32>, %k: tensor<1x2x?x64xf32>, %wide: tensor<1x2x4x?x64xf32>) -> tensor<8x?x64xf32> {
  %0 = linalg.broadcast ins(%k : tensor<1x2x?x64xf32>) outs(%wide : tensor<1x2x4x?x64xf32>) dimensions = [2]
  %1 = tensor.collapse_shape %0 [[0, 1, 2], [3], [4]] : tensor<1x2x4x?x64xf32> into tensor<8x?x64xf32>
  %2 = "tm_tensor.attention"(%q, %1, %1, %q) <{operandSegmentSizes = array<i32: 3, 1>}>
      : (tensor<8x?x64xf32>, tensor<8x?x64xf32>, tensor<8x?x64xf32>, tensor<8x?x64xf32>) -> tensor<8x?x64xf32>
  return %2 : tensor<8x?x64xf32>
}
