// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-expand-small-floats))' | FileCheck %s

// A value that passes from bits to bits leaves no small float behind.
// CHECK-LABEL: func.func @round
// CHECK-NOT:     {{ext|trunc}}f
// CHECK-NOT:     bf16
// CHECK-NOT:     f16
// CHECK:         arith.select %{{.+}} : vector<16xi1>, vector<16xi32>
// CHECK-NOT:     f16
// CHECK:         return
func.func @round(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  %1 = arith.extf %0 : vector<16xbf16> to vector<16xf32>
  %2 = arith.truncf %x : vector<16xf32> to vector<16xf16>
  %3 = arith.extf %2 : vector<16xf16> to vector<16xf32>
  return %1, %3 : vector<16xf32>, vector<16xf32>
}

// FP8 has the fields of an f16 at other places.
// CHECK-LABEL: func.func @fp8
// CHECK-NOT:     extf
// CHECK:         %[[SHIFTED:.+]] = arith.shli %{{.+}}, %{{.+}} : vector<16xi32>
// CHECK:         arith.sitofp
// CHECK:         arith.addi %[[SHIFTED]]
// CHECK-NOT:     extf
// CHECK:         return
func.func @fp8(%codes: vector<16xi8>) -> (vector<16xf32>, vector<16xf32>) {
  %0 = arith.bitcast %codes : vector<16xi8> to vector<16xf8E4M3FN>
  %1 = arith.extf %0 : vector<16xf8E4M3FN> to vector<16xf32>
  %2 = arith.bitcast %codes : vector<16xi8> to vector<16xf8E5M2>
  %3 = arith.extf %2 : vector<16xf8E5M2> to vector<16xf32>
  return %1, %3 : vector<16xf32>, vector<16xf32>
}

// What would be -0 is NaN.
// CHECK-LABEL: func.func @fnuz
// CHECK-NOT:     extf
// CHECK:         arith.cmpi eq
// CHECK-NOT:     extf
// CHECK:         return
func.func @fnuz(%code: f8E4M3FNUZ) -> f32 {
  %0 = arith.extf %code : f8E4M3FNUZ to f32
  return %0 : f32
}

// A bf16 is the upper half of an f32.
// CHECK-LABEL: func.func @scalar
// CHECK-SAME:    %[[X:.+]]: bf16
// CHECK:         %[[SHIFT:.+]] = arith.constant 16 : i32
// CHECK:         %[[BITS:.+]] = arith.bitcast %[[X]] : bf16 to i16
// CHECK:         %[[WORD:.+]] = arith.extui %[[BITS]] : i16 to i32
// CHECK:         %[[SHIFTED:.+]] = arith.shli %[[WORD]], %[[SHIFT]]
// CHECK:         arith.bitcast %[[SHIFTED]] : i32 to f32
func.func @scalar(%x: bf16) -> f32 {
  %0 = arith.extf %x : bf16 to f32
  return %0 : f32
}

// AVX-512 has instructions for f16; that for bf16 loses subnormal numbers.
// CHECK-LABEL: func.func @avx512
// CHECK:         arith.constant
// CHECK-NOT:     bf16
// CHECK:         %[[F16:.+]] = arith.truncf %{{.+}} : vector<16xf32> to vector<16xf16>
// CHECK:         arith.extf %[[F16]]
// CHECK-NOT:     {{ext|trunc}}f
func.func @avx512(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>)
    attributes {fp8attn.isa = #fp8attn.isa<avx512_bf16>} {
  %0 = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  %1 = arith.extf %0 : vector<16xbf16> to vector<16xf32>
  %2 = arith.truncf %x : vector<16xf32> to vector<16xf16>
  %3 = arith.extf %2 : vector<16xf16> to vector<16xf32>
  return %1, %3 : vector<16xf32>, vector<16xf32>
}

// f64 is not ours, nor is another way of rounding.
// CHECK-LABEL: func.func @other
// CHECK:         arith.extf %{{.+}} : f16 to f64
// CHECK:         arith.truncf %{{.+}} upward : f32 to bf16
func.func @other(%x: f16, %y: f32) -> (f64, bf16) {
  %0 = arith.extf %x : f16 to f64
  %1 = arith.truncf %y upward : f32 to bf16
  return %0, %1 : f64, bf16
}
