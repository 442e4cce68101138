// RUN: fp8attn-opt %s --split-input-file --fp8attn-specialize-isas=fat | FileCheck %s

// All ISAs of the architecture, whatever the chip has.
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "x86-64">} {
  // CHECK-LABEL: func.func @f(
  // CHECK:         fp8attn.select_isa [#fp8attn.isa<amx_bf16>, {{.*}}#fp8attn.isa<avx512_bf16>, {{.*}}#fp8attn.isa<generic>]
  func.func @f(%x: memref<8xbf16>, %s: memref<f32>, %y: memref<8xf8E5M2>) {
    %scale = memref.load %s[] : memref<f32>
    fp8attn.tile.quantize %x, %scale into %y : memref<8xbf16>, memref<8xf8E5M2>
    return
  }
}

// -----

// Other architectures have the generic one.
module attributes {llvm.target = #llvm.target<triple = "aarch64-unknown-linux-gnu", chip = "neoverse-v2">} {
  // CHECK-LABEL: func.func @g(
  // CHECK:         fp8attn.select_isa [#fp8attn.isa<generic>]
  func.func @g(%x: memref<8xbf16>, %s: memref<f32>, %y: memref<8xf8E5M2>) {
    %scale = memref.load %s[] : memref<f32>
    fp8attn.tile.quantize %x, %scale into %y : memref<8xbf16>, memref<8xf8E5M2>
    return
  }
}
