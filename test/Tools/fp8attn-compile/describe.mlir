// RUN: rm -rf %t && split-file %s %t && cd %t
// RUN: fp8attn-compile model.mlir --isa=generic --embed-kernels -o model.o
// RUN: fp8attn-compile model.mlir --isa=generic --embed-kernels -o model.h
// RUN: fp8attn-compile model.mlir --isa=generic -o model.json
// RUN: clang -std=c11 -Wall -Wextra -Werror -I. -I%source_dir/include host.c model.o -o host
// RUN: ./host > host.json && diff model.json host.json
// RUN: FileCheck model.mlir --input-file=model.json
// RUN: %python -m json.tool model.json > /dev/null

// What an object says of itself is what the compiler says of it.

// A module that is mostly somebody else's, which need not be lowered for it.
// RUN: fp8attn-compile mixed.mlir --emit=json --mtriple=x86_64-linux-gnu --mcpu=x86-64-v3 | FileCheck mixed.mlir

// Options that change the object change its text.
// RUN: fp8attn-compile model.mlir --emit=json --fat --no-runtime-checks --mtriple=x86_64-linux-gnu | FileCheck model.mlir --check-prefix=FAT

// Names that would need an escape in JSON are none of C's.
// RUN: not fp8attn-compile hostile.mlir --emit=json 2>&1 | FileCheck hostile.mlir
// RUN: not fp8attn-compile hostile-argument.mlir --emit=json 2>&1 | FileCheck hostile-argument.mlir

//--- model.mlir
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN>

// CHECK:      {{^}}[{{$}}
// CHECK-NEXT: {"schema":1,"name":"quantize_rows","abi_version":{{[0-9]+}},"isas":["generic"],"workspace":{"bytes_per_worker":{{[0-9]+}},"alignment":64},"runtime_checks":true,
// CHECK-SAME: "arguments":[{"name":"x","role":"source",{{.*}}],"operations":[{"operation":"quantize",{{.*}}}]},{{$}}
// FAT:        "name":"quantize_rows",{{.*}}"isas":["amx_bf16","avx512_bf16","avx512","avx2","generic"],{{.*}}"runtime_checks":false
func.func @quantize_rows(%x: memref<?x64xf32>, %scale: memref<f32>, %y: memref<?x64xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x64xf32>, memref<f32>, memref<?x64xf8E4M3FN>
  return
}

// A copy of pages has no kernels, and the layout that was chosen.
// CHECK-NEXT: "name":"move",{{.*}}"isas":[],{{.*}}"role":"source",{{.*}}"layout":"pairs"{{.*}}{"operation":"repack","operands":{"source":"from","destination":"to"}}]},{{$}}
func.func @move(%from: !kv, %to: !kv) {
  fp8attn.repack %from into %to : !kv, !kv
  return
}

// CHECK-NEXT: "name":"nothing",{{.*}},"arguments":[],"operations":[]}{{$}}
// CHECK-NEXT: {{^}}]{{$}}
func.func @nothing() {
  return
}

//--- host.c
#include "model.h"

#include <stdio.h>

int main(void) {
  printf("[\n%s,\n%s,\n%s\n]\n", quantize_rows_describe(), move_describe(),
         nothing_describe());
  return quantize_rows_describe() != quantize_rows_describe();
}

//--- mixed.mlir
// CHECK-NOT: layer
// CHECK:     "name":"attend","abi_version":{{[0-9]+}},"isas":["avx2","generic"]
// CHECK-NOT: layer
func.func @attend(%query: memref<1x1x?x8xf32>, %out: memref<1x1x?x8xf32>) attributes {fp8attn.entry} {
  fp8attn.attention query(%query : memref<1x1x?x8xf32>) key(%query : memref<1x1x?x8xf32>)
      value(%query : memref<1x1x?x8xf32>) out(%out : memref<1x1x?x8xf32>)
  return
}
func.func @layer(%x: memref<4xf32>) -> memref<4xf32> {
  return %x : memref<4xf32>
}

//--- hostile.mlir
// CHECK: error: expects the name of an entry point to be a C identifier, got "f","name":"g"
func.func @"f\22,\22name\22:\22g"(%x: index) {
  return
}

//--- hostile-argument.mlir
// CHECK: error: 'func.func' op expects 'fp8attn.name' of argument 0 to be a C identifier, got "x\22}]"
func.func @f(%x: index {fp8attn.name = "x\22}]"}) {
  return
}
