// RUN: fp8attn-compile %s -o %t.o --mcpu=x86-64 --mtriple=x86_64-linux-gnu -g
// RUN: llvm-dwarfdump --verify %t.o
// RUN: llvm-dwarfdump --debug-info %t.o | FileCheck %s --check-prefix=INFO
// RUN: llvm-symbolizer --obj=%t.o quantize quantize.impl | FileCheck %s --check-prefix=LINES
// RUN: fp8attn-compile %s -o %t.plain.o --mcpu=x86-64 --mtriple=x86_64-linux-gnu
// RUN: llvm-readelf --sections %t.plain.o | FileCheck %s --check-prefix=PLAIN
// RUN: llvm-objdump --disassemble --no-show-raw-insn %t.o | tail -n +3 > %t.g.s
// RUN: llvm-objdump --disassemble --no-show-raw-insn %t.plain.o | tail -n +3 > %t.plain.s
// RUN: cmp %t.g.s %t.plain.s

// With -g, code knows the lines of this file; the instructions are the same.
// INFO:     DW_AT_name ("debug-info.mlir")
// INFO:     DW_TAG_subprogram
// INFO:     DW_AT_name ("quantize.generic.body.range")
// PLAIN:     .text
// PLAIN-NOT: .debug

// LINES:      quantize
// LINES-NEXT: debug-info.mlir:[[@LINE+1]]:
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
