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

// REFUSED: not-lowered.mlir:3:8: error: cannot lower arith.addf beside the model to the LLVM dialect; expects operations of affine, arith, cf, func, llvm, math, memref, scf and vector, on types that LLVM has; fp8attn-opt runs other conversions behind fp8attn-to-llvm
//--- not-lowered.mlir
func.func @fill(%x: memref<?x64xf32>) attributes {fp8attn.entry} { return }
func.func @twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.addf %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Nor does it become a module within the module, or two functions of a name.
// RUN: not fp8attn-compile %t/inner.mlir -o %t/y.o 2>&1 | FileCheck %s --check-prefix=INNER
// RUN: not fp8attn-compile %t/twice.mlir -o %t/y.o 2>&1 | FileCheck %s --check-prefix=TWICE
// INNER: inner.mlir:2:1: error: cannot lower builtin.module beside the model
//--- inner.mlir
func.func @fill(%x: memref<?x64xf32>) attributes {fp8attn.entry} { return }
module @inner {}

// TWICE: twice.mlir:3:1: error: cannot lower the code beside the model: redefinition of symbol named '_mlir_ciface_one'
//--- twice.mlir
func.func @fill(%x: memref<?x64xf32>) attributes {fp8attn.entry} { return }
func.func @one() attributes {llvm.emit_c_interface} { return }
func.func @_mlir_ciface_one() { return }

// What MLIR's conversions lower is lowered: private functions are local, and
// what they call of others is imported if somebody says so.
// RUN: fp8attn-compile %t/mixed.mlir -o %t/z.o --mcpu=x86-64 --allow-imports=my_gemm,sinf
// RUN: llvm-nm %t/z.o | FileCheck %s --check-prefix=MIXED
// RUN: fp8attn-compile %t/mixed.mlir -o %t/z.so --mcpu=x86-64 -g --allow-imports=my_gemm,sinf
// RUN: llvm-nm --dynamic %t/z.so | FileCheck %s --check-prefix=MIXED
// RUN: not fp8attn-compile %t/mixed.mlir -o %t/w.o --mcpu=x86-64 --allow-imports=sinf 2>&1 | FileCheck %s --check-prefix=GEMM
// RUN: not fp8attn-compile %t/mixed.mlir -o %t/w.so --mcpu=x86-64 --allow-imports=my_gemm 2>&1 | FileCheck %s --check-prefix=SINE
// RUN: not ls %t/w.o
// RUN: not ls %t/w.so
// MIXED-NOT: T {{helper|fill.call}}
// MIXED-DAG: T fill
// MIXED-DAG: T layer
// MIXED-DAG: U my_gemm
// MIXED-DAG: U sinf
// MIXED-NOT: T {{helper|fill.call}}
// GEMM: error: the code calls "my_gemm", of a library that objects do not need; expects a model without the function that becomes this, or --allow-imports=my_gemm
// SINE: error: the code calls "sinf", {{.*}}, or --allow-imports=sinf
//--- mixed.mlir
memref.global "private" constant @table : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
func.func private @my_gemm(f32)
func.func @fill(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>)
    attributes {fp8attn.entry} {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
  return
}
func.func @layer(%context: !fp8attn.context, %x: memref<?x64xf32>, %scale: memref<f32>,
                 %y: memref<?x64xf8E4M3FN>) -> i32 {
  %c0 = arith.constant 0 : index
  %rows = memref.dim %x, %c0 : memref<?x64xf32>
  affine.for %i = 0 to 64 {
    %e = affine.load %x[0, %i] : memref<?x64xf32>
    %f = func.call @helper(%e, %rows) : (f32, index) -> f32
    affine.store %f, %x[0, %i] : memref<?x64xf32>
  }
  %v = vector.load %x[%c0, %c0] : memref<?x64xf32>, vector<4xf32>
  %sum = vector.reduction <add>, %v : vector<4xf32> into f32
  call @my_gemm(%sum) : (f32) -> ()
  %status = fp8attn.call @fill(%context, %x, %scale, %y)
      : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
  return %status : i32
}
func.func private @helper(%x: f32, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %table = memref.get_global @table : memref<4xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> f32 {
    %j = arith.remui %i, %c4 : index
    %t = memref.load %table[%j] : memref<4xf32>
    %s = math.sin %t : f32
    %b = arith.addf %a, %s : f32
    scf.yield %b : f32
  }
  return %r : f32
}
