// RUN: fp8attn-opt %s --fp8attn-to-llvm | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-to-llvm | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVMIR
// RUN: fp8attn-opt %s --fp8attn-to-llvm > %t.1
// RUN: fp8attn-opt %s --fp8attn-to-llvm > %t.2
// RUN: cmp %t.1 %t.2
// RUN: not fp8attn-opt %s --fp8attn-to-llvm=isa=amx_bf16 2>&1 | FileCheck %s --check-prefix=REFUSED

// The whole way: all bodies are functions of the LLVM dialect, and the target
// decides which there are.
// CHECK-NOT:   fp8attn.tile
// CHECK:       llvm.func internal @attend.avx512_bf16
// CHECK:       llvm.func @attend(
// CHECK-NOT:   amx_bf16
// LLVMIR:      define i32 @attend(ptr
// LLVMIR:      define i64 @attend_workspace_bytes(i32
// REFUSED:     the target 'znver4' cannot run amx_bf16: it lacks amx-tile, amx-bf16
module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "znver4">} {
  func.func @attend(%query: memref<?x8x64xbf16>,
      %cache: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
      %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
    fp8attn.paged_attention query(%query : memref<?x8x64xbf16>)
        cache(%cache : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
        batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
        out(%out : memref<?x8x64xbf16>)
    return
  }
}
