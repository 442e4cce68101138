//===- kernel_name.h - the C symbol of a row of the table -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns the leading columns of a row of kernels.def into the name of its
// function. The AMX sources are compiled a second time with
// FP8ATTN_EMULATE_AMX, in which the tile instructions are plain C++, so that
// hosts without AMX can test them; those functions carry a suffix.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_KERNEL_NAME_H
#define FP8ATTN_COMMON_KERNEL_NAME_H

/// fp8attn_uk_<op>_<in>_<cache>_<acc>_<M>x<N>x<K>_<isa>
#define FP8ATTN_NATIVE_KERNEL_NAME(op, in, cache, acc, M, N, K, isa)           \
  fp8attn_uk_##op##_##in##_##cache##_##acc##_##M##x##N##x##K##_##isa

/// The same kernel with its tile instructions emulated.
#define FP8ATTN_EMULATED_KERNEL_NAME(op, in, cache, acc, M, N, K, isa)         \
  fp8attn_uk_##op##_##in##_##cache##_##acc##_##M##x##N##x##K##_##isa##_emulated

/// The name under which the file being compiled must define the kernel. A file
/// that is compiled for several ISAs gives FP8ATTN_KERNEL_ISA, which its
/// library defines (CMake's add_fp8attn_kernels), as `isa`.
#ifdef FP8ATTN_EMULATE_AMX
#define FP8ATTN_KERNEL_NAME(...) FP8ATTN_EMULATED_KERNEL_NAME(__VA_ARGS__)
#else
#define FP8ATTN_KERNEL_NAME(...) FP8ATTN_NATIVE_KERNEL_NAME(__VA_ARGS__)
#endif

#endif // FP8ATTN_COMMON_KERNEL_NAME_H
