// REQUIRES: avx512-bf16
// RUN: not fp8attn-run %s --mcpu=bdver2 --query-len=1 2>&1 | FileCheck %s

// What this machine cannot execute is not run. No CPU with AVX-512 has XOP.

// CHECK: error: cannot run code for bdver2: this machine lacks {{.+}}
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
