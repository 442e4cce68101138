// RUN: fp8attn-compile %s -o %t.o --mtriple=x86_64-linux-gnu --mcpu=x86-64
// RUN: fp8attn-compile %s -o %t.o --mtriple=x86_64-linux-gnu-elf --mcpu=x86-64
// RUN: rm -f %t.other
// RUN: not fp8attn-compile %s -o %t.other --emit=object --mtriple=x86_64-linux-gnu-wasm --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-unknown-linux-gnu-wasm -DFORMAT=wasm
// RUN: not fp8attn-compile %s -o %t.other --emit=object --mtriple=x86_64-linux-gnu-xcoff --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-unknown-linux-gnu-xcoff -DFORMAT=xcoff
// RUN: not fp8attn-compile %s -o %t.other --emit=object --mtriple=x86_64-linux-gnu-goff --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-unknown-linux-gnu-goff -DFORMAT=goff
// RUN: not fp8attn-compile %s -o %t.other --emit=object --mtriple=x86_64-linux-gnu-coff --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-unknown-linux-gnu-coff -DFORMAT=coff
// RUN: not fp8attn-compile %s -o %t.other --emit=object --mtriple=x86_64-linux-gnu-macho --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-unknown-linux-gnu-macho -DFORMAT=macho
// RUN: not fp8attn-compile %s -o %t.other --emit=assembly --mtriple=x86_64-apple-darwin --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-apple-darwin -DFORMAT=macho
// RUN: not fp8attn-compile %s -o %t.other --emit=llvm-ir --mtriple=x86_64-pc-windows-msvc --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-pc-windows-msvc -DFORMAT=coff
// RUN: not fp8attn-compile %s -o %t.other --emit=shared --mtriple=x86_64-apple-darwin --mcpu=x86-64 2>&1 | FileCheck %s -DTRIPLE=x86_64-apple-darwin -DFORMAT=macho
// RUN: not ls %t.other

// Kernels, runtime and tests are of ELF; a triple that names another format of
// objects is refused, for whatever is to be written.
// CHECK: error: expects a target triple with objects in ELF, got "[[TRIPLE]]", whose format is [[FORMAT]]{{$}}
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
