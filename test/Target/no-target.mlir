// RUN: not fp8attn-opt %s --fp8attn-to-llvm 2>&1 | FileCheck %s

// Any attribute may have the name; only one kind is a target.

// CHECK: error: expects llvm.target to be a #llvm.target, got 7 : i32
module attributes {llvm.target = 7 : i32} {
  func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
        : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
    return
  }
}
