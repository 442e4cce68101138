// RUN: fp8attn-run %s --entry=quantize --check --query-len=100 | FileCheck %s
// RUN: fp8attn-run %s --entry=quantize --check --query-len=100 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=dequantize --check --query-len=100 | FileCheck %s
// RUN: fp8attn-run %s --entry=quantize_f16 --check --query-len=1000 | FileCheck %s
// RUN: fp8attn-run %s --entry=quantize_f16 --check --query-len=1000 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=quantize_f32 --check --query-len=1000 | FileCheck %s
// RUN: fp8attn-run %s --entry=dequantize_f16 --check --query-len=100 | FileCheck %s
// RUN: fp8attn-run %s --entry=quantize_rows --check --query-len=100 | FileCheck %s
// RUN: not fp8attn-run %s 2>&1 | FileCheck %s --check-prefix=WHICH
// RUN: not fp8attn-run %s --entry=nothing 2>&1 | FileCheck %s --check-prefix=NOTHING

// Conversions must agree code by code, special values included.

// CHECK: check of y passed: relative L2 error 0,
// WHICH: error: expects --entry to name one of: quantize, dequantize, quantize_f16, quantize_f32, dequantize_f16, quantize_rows
// NOTHING: error: no entry point "nothing"; there is: quantize, dequantize, quantize_f16, quantize_f32, dequantize_f16, quantize_rows
func.func @quantize(%x: memref<?x8x128xbf16>, %scale: memref<8xf32>, %y: memref<?x8x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> (h)>) into %y
      : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
  return
}
func.func @dequantize(%x: memref<?x128xf8E5M2>, %scale: memref<f32>, %y: memref<?x128xbf16>) {
  fp8attn.dequantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xf8E5M2>, memref<f32>, memref<?x128xbf16>
  return
}
func.func @quantize_f16(%x: memref<?x72xf16>, %scale: memref<f32>, %y: memref<?x72xf8E5M2>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x72xf16>, memref<f32>, memref<?x72xf8E5M2>
  return
}
func.func @quantize_f32(%x: memref<?x72xf32>, %scale: memref<f32>, %y: memref<?x72xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x72xf32>, memref<f32>, memref<?x72xf8E4M3FN>
  return
}
func.func @dequantize_f16(%x: memref<?x72xf8E5M2>, %scale: memref<f32>, %y: memref<?x72xf16>) {
  fp8attn.dequantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x72xf8E5M2>, memref<f32>, memref<?x72xf16>
  return
}
func.func @quantize_rows(%x: memref<?x8x72xf32>, %scale: memref<8x?xf32>, %y: memref<?x8x72xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> (h, t)>) into %y
      : memref<?x8x72xf32>, memref<8x?xf32>, memref<?x8x72xf8E4M3FN>
  return
}
