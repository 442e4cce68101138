// RUN: split-file %s %t
// RUN: not fp8attn-compile %t/c-library.mlir -o %t/a.o 2>&1 | FileCheck %s --check-prefix=LIBRARY
// RUN: not fp8attn-compile %t/c-library.mlir -o %t/a.h 2>&1 | FileCheck %s --check-prefix=LIBRARY
// RUN: not fp8attn-compile %t/private.mlir -o %t/a.o 2>&1 | FileCheck %s --check-prefix=PRIVATE
// RUN: not fp8attn-compile %t/identifier.mlir -o %t/a.o 2>&1 | FileCheck %s --check-prefix=IDENTIFIER
// RUN: not fp8attn-compile %t/keyword.mlir -o %t/a.o 2>&1 | FileCheck %s --check-prefix=KEYWORD
// RUN: not ls %t/a.o %t/a.h

// Every name that objects import, those that LLVM knows of the C library, and those that
// are reserved.
// RUN: bash -c 'for name in $(sed -n "s/^FP8ATTN_IMPORT(\(.*\))/\1/p" %source_dir/lib/Target/imports.def) strlen write sqrtf; do echo "func.func @$name() { return }" | not fp8attn-compile -o %t/a.o 2>&1 | grep "^<stdin>.*error: .* got .$name" || echo took $name; done' | FileCheck %s --check-prefix=IMPORTS
// RUN: bash -c 'for name in main _start _init _fini _end end edata etext environ _Exit __data_start _Z1fv _x; do echo "func.func @$name() { return }" | not fp8attn-compile -o %t/a.o 2>&1 | grep "^<stdin>.*error: .*is not reserved.* got .$name" || echo took $name; done' | FileCheck %s --check-prefix=RESERVED
// IMPORTS-NOT: took
// IMPORTS: got 'memcpy'
// IMPORTS-NOT: took
// RESERVED-NOT: took
// RESERVED: expects a name that is not reserved for C compilers, libraries and linkers, as those with '_' in front are, got '_x'
// RESERVED-NOT: took

//--- c-library.mlir
// The function would take the place of the C library's in the whole process.
// LIBRARY: error: 'func.func' op expects a name that the C library does not have, because calls of its function would come here, got 'memset'
func.func @memset(%x: memref<?xf32>) {
  return
}

//--- private.mlir
// Code generators call functions of the library by name, and would find this one.
// PRIVATE: error: 'func.func' op expects a name that the C library does not have, because calls of its function would come here, got 'memcpy'
func.func private @memcpy() {
  return
}
func.func @f() {
  call @memcpy() : () -> ()
  return
}

//--- identifier.mlir
// IDENTIFIER: error: expects the name of an entry point to be a C identifier, got "my-function"
func.func @"my-function"() {
  return
}

//--- keyword.mlir
// KEYWORD: error: expects the name of an entry point to be a C identifier, got "co_await"
func.func @co_await() {
  return
}
