// RUN: rm -f %t.o
// RUN: not fp8attn-capi-compile %s %t.o 0 0 | FileCheck %s
// RUN: not fp8attn-capi-compile %S/compile.mlir %t.o 0 0 avx3 | FileCheck %s --check-prefix=ISA
// RUN: not fp8attn-capi-compile %S/compile.mlir %t.o 0 2 generic | FileCheck %s --check-prefix=FAT
// RUN: not ls %t.o

// What is wrong comes as data, with its place; nothing is written.

// CHECK: {{^}}model:[[# @LINE + 7]]:3: error: 'fp8attn.attention' op expects heads of query (3) to be a multiple of heads of key (2)
// ISA: error: {{.*}}avx3
// FAT: {{^}}:0:0: error: expects one of --fat and --isa, got --fat and --isa=generic

func.func @attend(%query: memref<1x3x?x8xf32>, %key: memref<1x2x?x8xf32>,
                  %out: memref<1x3x?x8xf32>) {
  // The place is that of the operation.
  fp8attn.attention query(%query : memref<1x3x?x8xf32>) key(%key : memref<1x2x?x8xf32>)
      value(%key : memref<1x2x?x8xf32>) out(%out : memref<1x3x?x8xf32>)
  return
}
