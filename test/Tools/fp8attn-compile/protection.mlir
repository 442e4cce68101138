// REQUIRES: x86-64
// RUN: fp8attn-compile %s -o %t.o --mcpu=x86-64 --fat
// RUN: fp8attn-compile %s -o %t.embedded.o --mcpu=x86-64 --fat --embed-kernels
// RUN: fp8attn-compile %s -o %t.so --mcpu=x86-64 --fat
// RUN: llvm-readelf -n %t.o | FileCheck %s --check-prefix=NOTE
// RUN: llvm-readelf -n %t.embedded.o | FileCheck %s --check-prefix=NOTE
// RUN: llvm-readelf -n %t.so | FileCheck %s --check-prefix=NOTE
// RUN: llvm-objdump -d --no-show-raw-insn --no-leading-addr %t.embedded.o | FileCheck %s --check-prefix=CODE
// RUN: fp8attn-compile %s -o %t.arm.o --mtriple=aarch64-linux-gnu --mcpu=generic
// RUN: llvm-readelf -n %t.arm.o | FileCheck %s --allow-empty --check-prefix=OTHER

// A host that is protected against wrong targets of indirect calls stays so. What hosts
// call, and what their loops call, begins with endbr64.
// NOTE: x86 feature: IBT, SHSTK
// OTHER-NOT: IBT
// CODE-DAG: <quantize>:{{[[:space:]]+}}endbr64
// CODE-DAG: <quantize_workspace_bytes>:{{[[:space:]]+}}endbr64
// CODE-DAG: <quantize.generic.body.range>:{{[[:space:]]+}}endbr64
// CODE-DAG: <quantize.avx512.body.range>:{{[[:space:]]+}}endbr64
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
