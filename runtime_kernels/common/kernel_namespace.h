//===- kernel_namespace.h - one namespace a kernel library ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Headers in common/ are compiled once for each ISA, with that ISA's flags. If
// their inline functions had one name, the linker would keep any of the bodies,
// and the generic kernels could end up with AVX-512 code. So every kernel
// library (CMake's add_fp8attn_kernels) gives them a namespace of its own:
//
//   namespace fp8attn {
//   inline namespace FP8ATTN_KERNEL_NAMESPACE {
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_KERNEL_NAMESPACE_H
#define FP8ATTN_COMMON_KERNEL_NAMESPACE_H

#ifndef FP8ATTN_KERNEL_NAMESPACE
/// Code that is not part of a kernel library: tests, benchmarks, the table.
#define FP8ATTN_KERNEL_NAMESPACE portable
#endif

#endif // FP8ATTN_COMMON_KERNEL_NAMESPACE_H
