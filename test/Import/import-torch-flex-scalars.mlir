// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-flex --split-input-file | FileCheck %s

// What functions of torch on scalars become in a score region.

// A bias by distance: an integer becomes a float as PyTorch promotes it.
// CHECK-LABEL: func @alibi(
// CHECK:       ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK:       %[[D:.+]] = arith.subi %{{.+}}, %{{.+}} : i32
// CHECK:       %[[F:.+]] = arith.sitofp %[[D]] : i32 to f32
// CHECK:       %[[SLOPE:.+]] = arith.constant 5.000000e-01 : f32
// CHECK:       %[[BIAS:.+]] = arith.mulf %[[F]], %[[SLOPE]] : f32
// CHECK:       %[[NEW:.+]] = arith.addf %[[S]], %[[BIAS]] : f32
// CHECK:       fp8attn.yield %[[NEW]] : f32
func.func private @alibi_mod(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %one = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0 = "torch.aten.sub.Tensor"(%k, %q, %one) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],si32>
  %1 = "torch.aten.mul.Scalar"(%0, %half) : (!torch.vtensor<[],si32>, !torch.float) -> !torch.vtensor<[],f32>
  %2 = "torch.aten.add.Tensor"(%s, %1, %one) : (!torch.vtensor<[],f32>, !torch.vtensor<[],f32>, !torch.int) -> !torch.vtensor<[],f32>
  return %2 : !torch.vtensor<[],f32>
}
func.func @alibi(%x: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%x, %x, %x, %none, %false, %false) <{score_mod_fn = @alibi_mod}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A score of f16 is rounded to it, and so is each result; a number of Python's is not.
// CHECK-LABEL: func @half(
// CHECK:       ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK:       %[[SCORE:.+]] = arith.truncf %[[S]] : f32 to f16
// CHECK:       %[[WIDE:.+]] = arith.extf %[[SCORE]] : f16 to f32
// CHECK:       %[[FACTOR:.+]] = arith.constant 1.000000e-01 : f32
// CHECK:       %[[PRODUCT:.+]] = arith.mulf %[[WIDE]], %[[FACTOR]] : f32
// CHECK:       %[[ROUNDED:.+]] = arith.truncf %[[PRODUCT]] : f32 to f16
// CHECK:       %[[NEW:.+]] = arith.extf %[[ROUNDED]] : f16 to f32
// CHECK:       fp8attn.yield %[[NEW]] : f32
func.func private @half_mod(%s: !torch.vtensor<[],f16>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f16> {
  %tenth = "torch.constant.float"() <{value = 0.1 : f64}> : () -> !torch.float
  %0 = "torch.aten.mul.Scalar"(%s, %tenth) : (!torch.vtensor<[],f16>, !torch.float) -> !torch.vtensor<[],f16>
  return %0 : !torch.vtensor<[],f16>
}
func.func @half(%x: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%x, %x, %x, %none, %false, %false) <{score_mod_fn = @half_mod}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// Integers are divided down, not toward zero, and a remainder has the sign of the divisor.
// CHECK-LABEL: func @documents(
// CHECK:       ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK:       %[[QUOTIENT:.+]] = arith.divsi %[[D:.+]], %[[EIGHT:.+]] : i32
// CHECK:       %[[REST:.+]] = arith.remsi %[[D]], %[[EIGHT]] : i32
// CHECK:       %[[LESS:.+]] = arith.cmpi slt, %[[REST]], %{{.+}} : i32
// CHECK:       %[[ONE:.+]] = arith.extui %[[LESS]] : i1 to i32
// CHECK:       %[[DOWN:.+]] = arith.subi %[[QUOTIENT]], %[[ONE]] : i32
// CHECK:       %[[OTHER:.+]] = arith.remsi %[[D]], %[[EIGHT2:.+]] : i32
// CHECK:       %[[MORE:.+]] = arith.addi %[[OTHER]], %[[EIGHT2]] : i32
// CHECK:       %[[MOD:.+]] = arith.select %{{.+}}, %[[MORE]], %[[OTHER]] : i32
// CHECK:       %[[SAME:.+]] = arith.cmpi eq, %[[DOWN]], %[[MOD]] : i32
// CHECK:       %[[HIDDEN:.+]] = arith.constant 0xFF800000 : f32
// CHECK:       %[[NEW:.+]] = arith.select %[[SAME]], %[[S]], %[[HIDDEN]] : f32
// CHECK:       fp8attn.yield %[[NEW]] : f32
func.func private @documents_mod(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %one = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %eight = "torch.constant.int"() <{value = 8 : i64}> : () -> !torch.int
  %floor = "torch.constant.str"() <{value = "floor"}> : () -> !torch.str
  %infinity = "torch.constant.float"() <{value = 0xFFF0000000000000 : f64}> : () -> !torch.float
  %0 = "torch.aten.sub.Tensor"(%q, %k, %one) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],si32>
  %1 = "torch.aten.div.Scalar_mode"(%0, %eight, %floor) : (!torch.vtensor<[],si32>, !torch.int, !torch.str) -> !torch.vtensor<[],si32>
  %2 = "torch.aten.remainder.Scalar"(%0, %eight) : (!torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],si32>
  %3 = "torch.aten.eq.Tensor"(%1, %2) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>) -> !torch.vtensor<[],i1>
  %4 = "torch.aten.where.ScalarOther"(%3, %s, %infinity) : (!torch.vtensor<[],i1>, !torch.vtensor<[],f32>, !torch.float) -> !torch.vtensor<[],f32>
  return %4 : !torch.vtensor<[],f32>
}
func.func @documents(%x: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%x, %x, %x, %none, %false, %false) <{score_mod_fn = @documents_mod}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// A cap, with a literal of one number.
// CHECK-LABEL: func @softcap(
// CHECK:       ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK:       %[[CAP:.+]] = arith.constant 3.000000e+01 : f32
// CHECK:       %[[PART:.+]] = arith.divf %[[S]], %[[CAP]] : f32
// CHECK:       %[[BENT:.+]] = math.tanh %[[PART]] : f32
// CHECK:       %[[NEW:.+]] = arith.mulf %[[BENT]], %[[CAP]] : f32
// CHECK:       fp8attn.yield %[[NEW]] : f32
func.func private @softcap_mod(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %cap = "torch.vtensor.literal"() <{value = dense<30.0> : tensor<f32>}> : () -> !torch.vtensor<[],f32>
  %0 = "torch.aten.div.Tensor"(%s, %cap) : (!torch.vtensor<[],f32>, !torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  %1 = "torch.aten.tanh"(%0) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  %2 = "torch.aten.mul.Tensor"(%1, %cap) : (!torch.vtensor<[],f32>, !torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  return %2 : !torch.vtensor<[],f32>
}
func.func @softcap(%x: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%x, %x, %x, %none, %false, %false) <{score_mod_fn = @softcap_mod}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// An integer is compared with a float as a float, and a wide one with a narrow one as a wide one.
// CHECK-LABEL: func @compared(
// CHECK:       ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK:       %[[QF:.+]] = arith.sitofp %{{.+}} : i32 to f32
// CHECK:       arith.cmpf oge, %[[QF]], %{{.+}} : f32
// CHECK:       %[[WIDE:.+]] = arith.extsi %{{.+}} : i32 to i64
// CHECK:       arith.cmpi slt, %[[WIDE]], %{{.+}} : i64
// CHECK:       arith.andi %{{.+}}, %{{.+}} : i1
// CHECK:       arith.xori %{{.+}}, %{{.+}} : i1
// CHECK:       arith.select
func.func private @compared_mod(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %one = "torch.constant.float"() <{value = 1.5 : f64}> : () -> !torch.float
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %long = "torch.vtensor.literal"() <{value = dense<5000000000> : tensor<si64>}> : () -> !torch.vtensor<[],si64>
  %0 = "torch.aten.ge.Scalar"(%q, %one) : (!torch.vtensor<[],si32>, !torch.float) -> !torch.vtensor<[],i1>
  %1 = "torch.aten.lt.Tensor"(%k, %long) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si64>) -> !torch.vtensor<[],i1>
  %2 = "torch.aten.bitwise_and.Tensor"(%0, %1) : (!torch.vtensor<[],i1>, !torch.vtensor<[],i1>) -> !torch.vtensor<[],i1>
  %3 = "torch.aten.logical_not"(%2) : (!torch.vtensor<[],i1>) -> !torch.vtensor<[],i1>
  %4 = "torch.aten.masked_fill.Scalar"(%s, %3, %zero) : (!torch.vtensor<[],f32>, !torch.vtensor<[],i1>, !torch.float) -> !torch.vtensor<[],f32>
  return %4 : !torch.vtensor<[],f32>
}
func.func @compared(%x: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%x, %x, %x, %none, %false, %false) <{score_mod_fn = @compared_mod}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// Bounds, converted types, and what has a formula.
// CHECK-LABEL: func @others(
// CHECK:       ^bb0(%[[S:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[Q:.+]]: index, %[[K:.+]]: index):
// CHECK:       arith.maximumf %[[S]], %{{.+}} : f32
// CHECK:       arith.minimumf %{{.+}}, %{{.+}} : f32
// CHECK:       arith.maxsi %{{.+}}, %{{.+}} : i32
// CHECK:       arith.sitofp %{{.+}} : i32 to f32
// CHECK:       math.sqrt
// CHECK:       %[[NEG:.+]] = arith.negf
// CHECK:       %[[EXP:.+]] = math.exp %[[NEG]]
// CHECK:       %[[SUM:.+]] = arith.addf %{{.+}}, %[[EXP]]
// CHECK:       arith.divf %{{.+}}, %[[SUM]]
// CHECK:       arith.subf %{{.+}}, %{{.+}} : f32
// CHECK:       arith.mulf %[[X:.+]], %[[X]] : f32
func.func private @others_mod(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %six = "torch.constant.int"() <{value = 6 : i64}> : () -> !torch.int
  %one = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %two = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
  %0 = "torch.aten.clamp"(%s, %one, %six) : (!torch.vtensor<[],f32>, !torch.int, !torch.int) -> !torch.vtensor<[],f32>
  %1 = "torch.aten.abs"(%k) : (!torch.vtensor<[],si32>) -> !torch.vtensor<[],si32>
  %2 = "torch.prims.convert_element_type"(%1, %six) : (!torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],f32>
  %3 = "torch.aten.sqrt"(%2) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  %4 = "torch.aten.sigmoid"(%3) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  %5 = "torch.aten.rsub.Scalar"(%4, %one, %one) : (!torch.vtensor<[],f32>, !torch.int, !torch.int) -> !torch.vtensor<[],f32>
  %6 = "torch.aten.pow.Tensor_Scalar"(%5, %two) : (!torch.vtensor<[],f32>, !torch.int) -> !torch.vtensor<[],f32>
  %7 = "torch.aten.maximum"(%0, %6) : (!torch.vtensor<[],f32>, !torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  return %7 : !torch.vtensor<[],f32>
}
func.func @others(%x: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%x, %x, %x, %none, %false, %false) <{score_mod_fn = @others_mod}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}
