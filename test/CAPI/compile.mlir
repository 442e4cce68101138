// The C API makes of a model, in a program in C, what fp8attn-compile makes of it:
// the object links and gives the right numbers.

// RUN: fp8attn-capi-compile %s %t.o 0 1
// RUN: ld.lld -shared %t.o -o %t.so
// RUN: fp8attn-capi-call %t.so | FileCheck %s --check-prefix=NUMBERS
// NUMBERS: mean 3.00, selected 6.00

// RUN: fp8attn-compile %s --embed-kernels -o %t.tool.o
// RUN: cmp %t.o %t.tool.o

// RUN: fp8attn-capi-compile %s %t.fat.o 0 18 && fp8attn-compile %s --fat -g -o %t.tool.o
// RUN: llvm-nm %t.fat.o > %t.symbols && llvm-nm %t.tool.o | diff %t.symbols -

// RUN: fp8attn-capi-compile %s %t.s 2 0 generic && fp8attn-compile %s --isa=generic -o %t.tool.s
// RUN: diff %t.s %t.tool.s
// RUN: fp8attn-capi-compile %s %t.ll 3 4 generic
// RUN: fp8attn-compile %s --isa=generic --no-runtime-checks -o %t.tool.ll && diff %t.ll %t.tool.ll
// RUN: fp8attn-capi-compile %s %t.bc 4 0 generic && llvm-dis %t.bc -o - | FileCheck %s --check-prefix=BITCODE
// BITCODE: define {{.*}}@attend(

// The header's guard is named after the input, which is "model" here.
// RUN: fp8attn-capi-compile %s %t.h 1 0 && fp8attn-compile %s --emit=header > %t.tool.h
// RUN: FileCheck %s --check-prefix=GUARD < %t.h
// GUARD: #ifndef FP8ATTN_GENERATED_MODEL_H
// RUN: grep -v MODEL_ %t.h > %t.rest && grep -v COMPILE_ %t.tool.h | diff %t.rest -

// What the model says of itself does not depend on who asks.
// RUN: fp8attn-capi-compile %s %t.json 5 0 && fp8attn-compile %s --emit=json | diff %t.json -

// Remarks are diagnostics like others, with places.
// RUN: fp8attn-capi-compile %s %t.o 0 32 generic | FileCheck %s --check-prefix=REMARKS
// REMARKS: model:[[# @LINE + 4]]:3: remark: {{.*}}SelectKernels

func.func @attend(%query: memref<1x1x?x8xf32>, %key: memref<1x1x?x8xf32>, %value: memref<1x1x?x8xf32>,
                  %out: memref<1x1x?x8xf32>) {
  fp8attn.attention query(%query : memref<1x1x?x8xf32>) key(%key : memref<1x1x?x8xf32>)
      value(%value : memref<1x1x?x8xf32>) out(%out : memref<1x1x?x8xf32>)
  return
}
