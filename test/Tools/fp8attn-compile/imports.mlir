// RUN: rm -f %t.o
// RUN: not fp8attn-compile %s -o %t.o --mcpu=x86-64 --mtriple=x86_64-linux-gnu 2>&1 | FileCheck %s
// RUN: not ls %t.o

// Objects need no library that docs/Runtime.md does not name. What becomes a call
// only in LLVM, as sums of bf16 do, is found in the code.

// CHECK: error: the code calls "__truncsfbf2", of a library that objects do not need; expects a model without the function that becomes this, or --allow-imports=__truncsfbf2
// Who has such a library says so, and may be wrong about it.
// RUN: fp8attn-compile %s -o %t.o --mcpu=x86-64 --mtriple=x86_64-linux-gnu --allow-imports=other,__truncsfbf2
// RUN: llvm-nm --undefined-only %t.o | FileCheck %s --check-prefix=ALLOWED
// ALLOWED: U __truncsfbf2
// ALLOWED-NOT: U other
func.func @f(%x: memref<bf16>, %y: memref<bf16>) {
  %a = memref.load %x[] : memref<bf16>
  %b = memref.load %y[] : memref<bf16>
  %c = arith.addf %a, %b : bf16
  memref.store %c, %x[] : memref<bf16>
  return
}
