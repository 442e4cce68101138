// RUN: not fp8attn-opt %s --fp8attn-to-llvm 2>&1 | FileCheck %s

// Passes read the target from the module, with LLVM's own table of CPUs.

// CHECK: error: expects the chip of llvm.target to be a CPU of x86_64, got "sapphirerabbits"
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "sapphirerabbits">} {
  func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
    fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
        : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
    return
  }
}
