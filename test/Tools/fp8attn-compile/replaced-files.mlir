// RUN: rm -rf %t && mkdir %t

// Output is replaced, not written over: who has the old file open reads on in it.
// RUN: echo old > %t/a.so
// RUN: bash -c 'exec 3< %t/a.so; fp8attn-compile %s -o %t/a.so; cat <&3' | FileCheck %s --check-prefix=OLD
// RUN: llvm-nm -D %t/a.so | FileCheck %s --check-prefix=NEW
// OLD: old
// NEW: T quantize

// The old file stays if the new one cannot be written, by an error or by a signal in the
// middle of it; nothing else is left.
// RUN: echo old > %t/b.o
// RUN: not bash -c 'ulimit -f 1; trap "" XFSZ; exec fp8attn-compile %s -o %t/b.o' 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: error: cannot write "{{.*}}b.o": File too large
// RUN: FileCheck %s --check-prefix=OLD --input-file=%t/b.o
// RUN: not --crash bash -c 'ulimit -c 0 -f 1; exec fp8attn-compile %s -o %t/b.o'
// RUN: FileCheck %s --check-prefix=OLD --input-file=%t/b.o
// RUN: ls -A %t | FileCheck %s --check-prefix=FILES
// FILES: a.so
// FILES-NEXT: b.o
// FILES-NOT: {{.}}

// Nor does a signal leave anything while a shared library is made, which is when the
// linker runs: this one has its parent end.
// RUN: mkdir %t/bin %t/tmp
// RUN: echo '#!/bin/sh' > %t/bin/ld.lld-22 && echo 'kill -TERM $PPID; sleep 1; echo late' >> %t/bin/ld.lld-22 && chmod +x %t/bin/ld.lld-22
// RUN: not --crash bash -c 'export TMPDIR=%t/tmp PATH=%t/bin:/usr/bin:/bin; exec %fp8attn_compile %s -o %t/a.so'
// RUN: sleep 2
// RUN: ls -A %t/tmp | count 0
// RUN: llvm-nm -D %t/a.so | FileCheck %s --check-prefix=NEW

// Permissions are those of the old file, or what the user's mask leaves of 666.
// RUN: touch %t/c.s && chmod 640 %t/c.s && fp8attn-compile %s -o %t/c.s
// RUN: bash -c 'umask 027; fp8attn-compile %s -o %t/d.h'
// RUN: bash -c 'umask 022; fp8attn-compile %s -o %t/e.ll'
// RUN: stat -c "%%a %%n" %t/c.s %t/d.h %t/e.ll | FileCheck %s --check-prefix=MODES
// MODES: 640 {{.*}}c.s
// MODES: 640 {{.*}}d.h
// MODES: 644 {{.*}}e.ll

// Links stay links, to old files as to new ones.
// RUN: ln -s c.s %t/f.s && ln -s g.bc %t/h.bc
// RUN: echo old > %t/c.s && fp8attn-compile %s -o %t/f.s && fp8attn-compile %s -o %t/h.bc
// RUN: readlink %t/f.s %t/h.bc | FileCheck %s --check-prefix=LINKS
// RUN: FileCheck %s --check-prefix=ASM --input-file=%t/c.s
// RUN: llvm-dis %t/g.bc -o - | FileCheck %s --check-prefix=LLVM
// LINKS: c.s
// LINKS: g.bc
// ASM: quantize:
// LLVM: define {{.*}} @quantize(

// What is no file is written to, and stays.
// RUN: fp8attn-compile %s --emit=assembly -o /dev/stdout | FileCheck %s --check-prefix=ASM
// RUN: bash -c 'echo first > %t/both; fp8attn-compile %s --emit=assembly -o - >> %t/both' && FileCheck %s --check-prefix=BOTH --input-file=%t/both
// RUN: fp8attn-compile %s --emit=object -o /dev/null && test -c /dev/null
// RUN: bash -c 'mkfifo %t/pipe; cat %t/pipe > %t/through & fp8attn-compile %s --emit=assembly -o %t/pipe; wait' && test -p %t/pipe
// RUN: FileCheck %s --check-prefix=ASM --input-file=%t/through
// BOTH: first
// BOTH: quantize:
func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E4M3FN>) {
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E4M3FN>
  return
}
