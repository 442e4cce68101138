// RUN: split-file %s %t
// RUN: fp8attn-compile %t/lowered.mlir -o %t/x.o --mcpu=x86-64
// RUN: llvm-nm --defined-only --extern-only %t/x.o | FileCheck %s --check-prefix=SYMBOLS
// RUN: fp8attn-compile %t/lowered.mlir -o %t/x.h && FileCheck %s --check-prefix=HEADER --input-file=%t/x.h
// RUN: not fp8attn-compile %t/not-lowered.mlir -o %t/y.o 2>&1 | FileCheck %s --check-prefix=REFUSED

// What is not of the model is in the object as it is, and in no header.
// SYMBOLS:      T fill
// SYMBOLS-NEXT: T fill_describe
// SYMBOLS-NEXT: T fill_workspace_bytes
// SYMBOLS-NEXT: T one
// HEADER-NOT:   one(
// HEADER:       fp8attn_status fill(
// HEADER-NOT:   one(
//--- lowered.mlir
llvm.func @one() -> i32 {
  %0 = llvm.mlir.constant(1 : i32) : i32
  llvm.return %0 : i32
}
func.func @fill(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>)
    attributes {fp8attn.entry} {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
  return
}

// REFUSED: not-lowered.mlir:2:1: error: expects code beside the model to be of the LLVM dialect, got func.func; fp8attn-opt runs its conversions behind fp8attn-to-llvm
//--- not-lowered.mlir
func.func @fill(%x: memref<?x64xf32>) attributes {fp8attn.entry} { return }
func.func @one() -> i32 {
  %0 = arith.constant 1 : i32
  return %0 : i32
}
