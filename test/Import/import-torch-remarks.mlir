// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// What cannot be meant exactly stays as it was, and a remark says why.

// Probabilities that are dropped.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects dropout_p 0, got 0.50"
// CHECK-LABEL: func @dropout(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @dropout(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %half, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// An option that is computed.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects is_causal to be a constant
// CHECK-LABEL: func @dynamic_option(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @dynamic_option(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>, %c: !torch.bool) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %c, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A scale that is no number of torch's.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects scale to be a !torch.float, got !torch.number
// CHECK-LABEL: func @scale_of_number(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @scale_of_number(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>, %s: !torch.number) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %s, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.number, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// PyTorch refuses both.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects one of attn_mask and is_causal, got both
// CHECK-LABEL: func @both_masks(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @both_masks(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>, %m: !torch.vtensor<[?,?],i1>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %m, %zero, %true, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[?,?],i1>, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A mask of no dimensions.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects a mask of one to four dimensions, got tensor<f32>
// CHECK-LABEL: func @scalar_mask(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @scalar_mask(%q: !torch.vtensor<[1,4,?,64],f32>, %m: !torch.vtensor<[],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %q, %q, %m, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[],f32>, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// Groups of heads that nobody said there are.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects as many heads of the key as of the query without enable_gqa, got 2 and 4
// CHECK-LABEL: func @groups(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @groups(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,2,?,64],f32>, %v: !torch.vtensor<[1,2,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,2,?,64],f32>, !torch.vtensor<[1,2,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// Neither heads nor a batch.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects query of four dimensions, got tensor<?x64xf32>
// CHECK-LABEL: func @three(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @three(%q: !torch.vtensor<[?,64],f32>, %k: !torch.vtensor<[?,64],f32>, %v: !torch.vtensor<[?,64],f32>) -> !torch.vtensor<[?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>, !torch.vtensor<[?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[?,64],f32>
  return %0 : !torch.vtensor<[?,64],f32>
}

// -----

// A tensor whose sizes are not known.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects a !torch.vtensor with sizes, got !torch.tensor
// CHECK-LABEL: func @no_sizes(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @no_sizes(%q: !torch.tensor, %k: !torch.tensor, %v: !torch.tensor) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.tensor, !torch.tensor, !torch.tensor, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A result whose sizes are not known.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects a result of !torch.vtensor with sizes, got !torch.tensor
// CHECK-LABEL: func @no_result(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @no_result(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> !torch.tensor {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.tensor
  return %0 : !torch.tensor
}

// -----

// A result of another size.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects a result of tensor<1x4x?x64xf32>, got tensor<1x4x?x32xf32>
// CHECK-LABEL: func @other_result(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @other_result(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,32],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,32],f32>
  return %0 : !torch.vtensor<[1,4,?,32],f32>
}

// -----

// Numbers that kernels do not have: what attention itself says.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects query to be a memref or tensor of 4 dimensions and bf16, f16, f32, f8E4M3FN or f8E5M2, got
// CHECK-LABEL: func @double(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @double(%q: !torch.vtensor<[1,4,?,64],f64>, %k: !torch.vtensor<[1,4,?,64],f64>, %v: !torch.vtensor<[1,4,?,64],f64>) -> !torch.vtensor<[1,4,?,64],f64> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f64>, !torch.vtensor<[1,4,?,64],f64>, !torch.vtensor<[1,4,?,64],f64>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f64>
  return %0 : !torch.vtensor<[1,4,?,64],f64>
}

// -----

// Heads that are not known.
// REMARK: Reason="torch.aten.scaled_dot_product_attention is left alone: expects heads of key to be static, got ?
// CHECK-LABEL: func @dynamic_heads(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @dynamic_heads(%q: !torch.vtensor<[1,?,?,64],f32>, %k: !torch.vtensor<[1,?,?,64],f32>, %v: !torch.vtensor<[1,?,?,64],f32>) -> !torch.vtensor<[1,?,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,?,?,64],f32>, !torch.vtensor<[1,?,?,64],f32>, !torch.vtensor<[1,?,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,?,?,64],f32>
  return %0 : !torch.vtensor<[1,?,?,64],f32>
}
