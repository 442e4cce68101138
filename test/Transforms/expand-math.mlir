// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-expand-math))' | FileCheck %s

// No function is left, of scalars or of vectors.
// CHECK-LABEL: func.func @scalar
// CHECK-NOT:     math.
// CHECK:         return
func.func @scalar(%x: f32) -> (f32, f32, f32, f32, f32) {
  %0 = math.tanh %x : f32
  %1 = math.exp %x : f32
  %2 = math.exp2 %x : f32
  %3 = math.log %x : f32
  %4 = math.log2 %x : f32
  return %0, %1, %2, %3, %4 : f32, f32, f32, f32, f32
}

// CHECK-LABEL: func.func @vector
// CHECK-NOT:     math.
// CHECK:         arith.divf %{{.+}} : vector<16xf32>
// CHECK-NOT:     math.
// CHECK:         return
func.func @vector(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.tanh %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// A square root is an instruction, and f64 is not ours.
// CHECK-LABEL: func.func @other
// CHECK:         math.sqrt
// CHECK:         math.tanh %{{.+}} : f64
func.func @other(%x: f32, %y: f64) -> (f32, f64) {
  %0 = math.sqrt %x : f32
  %1 = math.tanh %y : f64
  return %0, %1 : f32, f64
}
