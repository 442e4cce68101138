// RUN: not fp8attn-compile %s --mcpu=saphirerapids --mtriple=x86_64-linux-gnu 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not fp8attn-compile %s --mcpu=q --mtriple=x86_64-linux-gnu 2>&1 | FileCheck %s --check-prefix=NO-SUCH-CPU
// RUN: not fp8attn-compile %s --mattr=+avx512bf17 --mcpu=x86-64 --mtriple=x86_64-linux-gnu 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not fp8attn-compile %s --mattr=avx --mcpu=x86-64 --mtriple=x86_64-linux-gnu 2>&1 | FileCheck %s --check-prefix=SIGN
// RUN: not fp8attn-compile %s --mtriple=foo 2>&1 | FileCheck %s --check-prefix=TRIPLE
// RUN: not fp8attn-compile %s -o %t.xyz 2>&1 | FileCheck %s --check-prefix=EXTENSION
// RUN: not fp8attn-compile %t.missing 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not fp8attn-compile %s -o %t.missing/a.s 2>&1 | FileCheck %s --check-prefix=FOLDER
// RUN: not fp8attn-compile %s --emit=object -o /dev/full 2>&1 | FileCheck %s --check-prefix=FULL
// RUN: not fp8attn-compile %s --mtriple=nvptx64 --mcpu=sm_90 -o %t.o 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not fp8attn-compile %s --fat --isa=generic 2>&1 | FileCheck %s --check-prefix=FAT
// RUN: not fp8attn-compile %s --explain -o %t.h 2>&1 | FileCheck %s --check-prefix=EXPLAIN
// RUN: echo "func.func @f(%%x: wrong) {" | not fp8attn-compile - 2>&1 | FileCheck %s --check-prefix=PARSE
// RUN: echo "func.func @f(%%x: wrong) {" | not fp8attn-compile - -o %t.o 2>&1 && not ls %t.o

// Each mistake is named with what was expected; nothing is written.

// CPU: error: unknown CPU "saphirerapids" for x86_64; did you mean "sapphirerapids"? (--mcpu=help lists all)
// NO-SUCH-CPU: error: unknown CPU "q" for x86_64 (--mcpu=help lists all)
// FEATURE: error: unknown feature "avx512bf17" for x86_64; did you mean "avx512bf16"?
// SIGN: error: expects "+" or "-" before feature "avx"
// TRIPLE: error: unknown target triple "foo"
// EXTENSION: error: expects the output file to end in .o, .so, .s, .ll, .bc, .h or .json, or --emit, got "{{.*}}.xyz"
// MISSING: error: cannot open input file '{{.*}}.missing': No such file or directory
// FOLDER: error: cannot write "{{.*}}.missing/a.s": No such file or directory
// FULL: error: cannot write "/dev/full": No space left on device
// KIND: error: LLVM cannot write this kind of file for "nvptx64"
// FAT: error: expects one of --fat and --isa, got --fat and --isa=generic
// EXPLAIN: error: expects --explain with code, got a header, for which no kernels are chosen
// PARSE: <stdin>:1:17: error: expected non-function type
func.func @nothing() {
  return
}
