//===- embedded_bitcode.c - the file embedded.bc as data ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The assembler reads the file (FP8ATTN_BITCODE, from CMake) by itself: as an
// array of C, a megabyte would take seconds to compile.
//
//===----------------------------------------------------------------------===//

// The zero behind the end is what LLVM's memory buffers end in.
__asm__(".section .rodata\n"
        ".globl fp8attn_embedded_bitcode\n"
        ".globl fp8attn_embedded_bitcode_end\n"
        ".balign 16\n"
        "fp8attn_embedded_bitcode:\n"
        ".incbin \"" FP8ATTN_BITCODE "\"\n"
        "fp8attn_embedded_bitcode_end:\n"
        ".byte 0\n"
        ".previous\n");
