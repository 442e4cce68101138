// RUN: split-file %s %t
// RUN: not fp8attn-compile %t/remainder.mlir -o %t/a.o --mcpu=x86-64 --mtriple=x86_64-linux-gnu 2>&1 | FileCheck %s --check-prefix=REMAINDER
// RUN: not fp8attn-compile %t/remainder.mlir -o %t/a.o --mcpu=generic --mtriple=aarch64-linux-gnu 2>&1 | FileCheck %s --check-prefix=REMAINDER
// RUN: not fp8attn-compile %t/sine.mlir -o %t/a.so 2>&1 | FileCheck %s --check-prefix=SINE
// RUN: not fp8attn-compile %t/copy.mlir -o %t/a.o 2>&1 | FileCheck %s --check-prefix=COPY
// RUN: not ls %t/a.o %t/a.so

// Objects need no library that docs/Runtime.md does not name.

//--- remainder.mlir
// REMAINDER: error: the code calls "fmodf", of a library that objects do not need; expects a model without the function that becomes this
func.func @f(%x: memref<f32>, %y: memref<f32>) {
  %a = memref.load %x[] : memref<f32>
  %b = memref.load %y[] : memref<f32>
  %c = arith.remf %a, %b : f32
  memref.store %c, %x[] : memref<f32>
  return
}

//--- sine.mlir
// SINE: error: the code calls "sinf", of a library that objects do not need
func.func @f(%x: memref<f32>) {
  %a = memref.load %x[] : memref<f32>
  %b = math.sin %a : f32
  memref.store %b, %x[] : memref<f32>
  return
}

//--- copy.mlir
// COPY: error: the code calls "memrefCopy", of a library that objects do not need
func.func @f(%x: memref<4x4xf32, strided<[?, ?]>>, %y: memref<4x4xf32, strided<[?, ?]>>) {
  memref.copy %x, %y : memref<4x4xf32, strided<[?, ?]>> to memref<4x4xf32, strided<[?, ?]>>
  return
}
