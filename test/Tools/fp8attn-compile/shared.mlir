// REQUIRES: x86-64
// RUN: fp8attn-compile %s -o %t.so --mcpu=x86-64
// RUN: llvm-nm --dynamic --defined-only --just-symbol-name %t.so | FileCheck %s --check-prefix=EXPORTS
// RUN: llvm-readelf --dynamic %t.so | FileCheck %s --check-prefix=DYNAMIC
// RUN: fp8attn-compile %s -o - --emit=shared --mcpu=x86-64 | llvm-nm --dynamic --defined-only --just-symbol-name - | FileCheck %s --check-prefix=EXPORTS
// RUN: env PATH=%t.nowhere %fp8attn_compile %s -o %t.none.so > %t.log 2>&1; FileCheck %s --input-file=%t.log --check-prefix=LINKER
// RUN: not ls %t.none.so
// RUN: not fp8attn-compile %s -o %t.none.so --mtriple=aarch64-linux-gnu --mcpu=generic 2>&1 | FileCheck %s --check-prefix=OTHER

// A shared library exports the entry points and nothing else, and needs no
// other library but what every process has.
// EXPORTS-NOT:  {{.}}
// EXPORTS:      {{^}}quantize{{$}}
// EXPORTS-NEXT: {{^}}quantize_describe{{$}}
// EXPORTS-NEXT: {{^}}quantize_workspace_bytes{{$}}
// EXPORTS-NOT:  {{.}}
// DYNAMIC-NOT:  NEEDED
// DYNAMIC:      (SONAME) {{.*}}.so
// DYNAMIC-NOT:  TEXTREL

// LINKER: error: a shared library needs a linker: expects ld.lld-22 or ld.lld in the PATH (package lld-22)
// OTHER: error: cannot embed kernels for "aarch64-unknown-linux-gnu"
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
