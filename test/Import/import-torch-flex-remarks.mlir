// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-flex --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// What cannot be meant exactly stays as it was, with its functions, and a remark says why.

// The logarithm to base 2 that the operation has in PyTorch, as it is.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects each use of the log-sum-exp, whose base is 2, to be torch.aten.mul.Scalar by ln 2, got func.return
// CHECK-LABEL: func @base_two(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @base_two(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>, !torch.none)
  return %0#0, %0#1 : !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>
}

// -----

// Another factor of the logarithm.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects each use of the log-sum-exp, whose base is 2, to be torch.aten.mul.Scalar by ln 2, got torch.aten.mul.Scalar
// CHECK-LABEL: func @other_factor(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @other_factor(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>, !torch.none)
  %two = "torch.constant.float"() <{value = 2.0 : f64}> : () -> !torch.float
  %1 = "torch.aten.mul.Scalar"(%0#1, %two) : (!torch.vtensor<[1,4,?],f32>, !torch.float) -> !torch.vtensor<[1,4,?],f32>
  return %0#0, %1 : !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>
}

// -----

// The greatest score of each row.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects no use of the greatest scores
// CHECK-LABEL: func @greatest(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @greatest(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>, !torch.vtensor<[1,4,?],f32>)
  return %0#0, %0#2 : !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>
}

// -----

// Heads that are said not to be groups.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects as many heads of the key as of the query without enable_gqa, got 2 and 4
// CHECK-LABEL: func @groups(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @groups(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,2,?,64],f32>, %v: !torch.vtensor<[1,2,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{enable_gqa = false}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,2,?,64],f32>, !torch.vtensor<[1,2,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// An operation that a score region has not.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects operations on scalars that a score region has in @erf, got torch.aten.erf
// CHECK-LABEL: func @unknown(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @erf(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %0 = "torch.aten.erf"(%s) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  return %0 : !torch.vtensor<[],f32>
}
func.func @unknown(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @erf}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A table that is looked up.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects operations on scalars that a score region has in @look_up, got torch.vtensor.literal
// CHECK-LABEL: func @table(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @look_up(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %0 = "torch.vtensor.literal"() <{value = dense<[1.0, 2.0]> : tensor<2xf32>}> : () -> !torch.vtensor<[2],f32>
  %1 = "torch.aten.index_select"(%0, %h) : (!torch.vtensor<[2],f32>, !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32>
  return %1 : !torch.vtensor<[],f32>
}
func.func @table(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @look_up}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A division of integers by what is not a constant.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects the divisor to be a constant greater than 0 in torch.aten.floor_divide of @divide
// CHECK-LABEL: func @divisor(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @divide(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %0 = "torch.aten.floor_divide"(%q, %k) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>) -> !torch.vtensor<[],si32>
  %1 = "torch.prims.convert_element_type"(%0, %0) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32>
  return %1 : !torch.vtensor<[],f32>
}
func.func @divisor(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @divide}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A float that becomes an integer.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects operand 0 to be a number that i32 has in torch.aten.to.dtype of @truncate
// CHECK-LABEL: func @truncated(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @truncate(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %0 = "torch.aten.to.dtype"(%s) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],si32>
  %1 = "torch.prims.convert_element_type"(%0, %0) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32>
  return %1 : !torch.vtensor<[],f32>
}
func.func @truncated(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @truncate}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// Numbers of f64.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects score_mod_fn to take a float and four integers and to return a float, each a !torch.vtensor without dimensions, got
// CHECK-LABEL: func @doubles(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @double(%s: !torch.vtensor<[],f64>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f64> {
  return %s : !torch.vtensor<[],f64>
}
func.func @doubles(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @double}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A mask that is none.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects mask_mod_fn to take four integers and to return an i1, each a !torch.vtensor without dimensions, got
// CHECK-LABEL: func @mask_of_floats(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @no_mask(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  return %s : !torch.vtensor<[],f32>
}
func.func @mask_of_floats(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{mask_mod_fn = @no_mask}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A function without a body.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects mask_mod_fn to name a function with a body, got @elsewhere
// CHECK-LABEL: func @declared(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @elsewhere(!torch.vtensor<[],si32>, !torch.vtensor<[],si32>, !torch.vtensor<[],si32>, !torch.vtensor<[],si32>) -> !torch.vtensor<[],i1>
func.func @declared(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{mask_mod_fn = @elsewhere}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A function that is not there.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects score_mod_fn to name a function with a body, got @nowhere
// CHECK-LABEL: func @missing(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func @missing(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @nowhere}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A sum with a factor.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects alpha to be 1 in torch.aten.add.Tensor of @weighted
// CHECK-LABEL: func @alpha(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @weighted(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %three = "torch.constant.int"() <{value = 3 : i64}> : () -> !torch.int
  %0 = "torch.aten.add.Tensor"(%s, %q, %three) : (!torch.vtensor<[],f32>, !torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],f32>
  return %0 : !torch.vtensor<[],f32>
}
func.func @alpha(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @weighted}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A power that has no formula.
// REMARK: Reason="torch.hop_flex_attention is left alone: expects the exponent to be 2 in torch.aten.pow.Tensor_Scalar of @cubed
// CHECK-LABEL: func @exponent(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     torch_c
func.func private @cubed(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %three = "torch.constant.int"() <{value = 3 : i64}> : () -> !torch.int
  %0 = "torch.aten.pow.Tensor_Scalar"(%s, %three) : (!torch.vtensor<[],f32>, !torch.int) -> !torch.vtensor<[],f32>
  return %0 : !torch.vtensor<[],f32>
}
func.func @exponent(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{score_mod_fn = @cubed}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}
