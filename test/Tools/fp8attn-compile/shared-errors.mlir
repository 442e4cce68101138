// REQUIRES: x86-64
// RUN: rm -rf %t && mkdir -p %t/broken %t/vain %t/idle
// RUN: env TMPDIR=%t/nowhere not fp8attn-compile %s -o %t/a.so --mcpu=x86-64 2>&1 | FileCheck %s --check-prefix=TEMPORARY
// RUN: echo > %t/broken/ld.lld-22 && chmod +x %t/broken/ld.lld-22
// RUN: env PATH=%t/broken not %fp8attn_compile %s -o %t/a.so --mcpu=x86-64 2>&1 | FileCheck %s --check-prefix=FAILED
// RUN: echo '#!/bin/sh' > %t/vain/ld.lld-22 && echo 'rm "$(readlink /proc/$$/fd/1)"' >> %t/vain/ld.lld-22 && chmod +x %t/vain/ld.lld-22
// RUN: env PATH=%t/vain:/usr/bin:/bin not %fp8attn_compile %s -o %t/a.so --mcpu=x86-64 2>&1 | FileCheck %s --check-prefix=VAIN
// RUN: echo '#!/bin/sh' > %t/idle/ld.lld-22 && chmod +x %t/idle/ld.lld-22
// RUN: env PATH=%t/idle:/usr/bin:/bin not %fp8attn_compile %s -o %t/a.so --mcpu=x86-64 2>&1 | FileCheck %s --check-prefix=IDLE
// RUN: not ls %t/a.so

// What making a shared library needs is named when it is missing, with the reason: a
// folder for temporary files, a linker that starts, and the linker's output, which one
// that removes what it writes to does not leave, nor one that does nothing. Nothing is
// written.

// TEMPORARY: error: cannot make a temporary file: No such file or directory
// FAILED: error: "{{.*}}/broken/ld.lld-22" failed: {{.+}}
// VAIN: error: cannot read "{{.*}}fp8attn{{.*}}.so": No such file or directory
// IDLE: error: "{{.*}}/idle/ld.lld-22" succeeded, but wrote no shared library
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
