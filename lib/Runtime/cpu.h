//===- cpu.h - what the CPU has, as data ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Detection in steps that can be tested apart: read the feature words, decide
// from them, ask the kernel for tiles, and choose among the bodies of an
// object. What the CPU and the kernel say is data for all others.
//
// The permission for tiles makes the signal frames of the whole process larger
// and cannot be given back, so nobody asks who cannot use it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_CPU_H
#define FP8ATTN_LIB_RUNTIME_CPU_H

#include "fp8attn/Runtime/fp8attn.h"

namespace fp8attn {

/// The words of CPUID and XCR0 that the decision looks at (Intel SDM volume 2,
/// "CPUID", and volume 1, 13.3). All 0 for what the CPU does not report.
struct CpuWords {
  /// False on every CPU but x86-64; then nothing else is looked at.
  bool isX86;
  /// CPUID.(EAX=1):ECX.
  uint32_t leaf1Ecx;
  /// CPUID.(EAX=7,ECX=0).
  uint32_t leaf7Ebx;
  uint32_t leaf7Ecx;
  uint32_t leaf7Edx;
  /// CPUID.(EAX=7,ECX=1):EAX.
  uint32_t leaf7Sub1Eax;
  /// State that the operating system saves; 0 without OSXSAVE.
  uint64_t xcr0;
  /// The vendor is GenuineIntel: CPUID.(EAX=0):EBX, EDX, ECX.
  bool isIntel;
};

/// Asks this CPU.
CpuWords readCpuWords();

/// Asks the kernel, for the whole process, for the permission to use tile data.
/// Returns 0, or the errno of the refusal.
int requestTilePermission();

/// Returns what a refusal with this errno means, never null.
const char *tileRefusal(int error);

/// Decides on the best ISA that is usable if the kernel gives the permission
/// for tiles, and says why no better one. `isaVariable` is the value of
/// FP8ATTN_ISA or null; an unknown one is ignored and named in the reason.
fp8attn_cpu_info decideIsa(const CpuWords &words, const char *isaVariable);

/// Returns what is left of such a decision when the kernel is asked. It is not
/// if anything else stands against AMX.
fp8attn_cpu_info askForTiles(fp8attn_cpu_info info, int (*requestTiles)());

/// Returns the decision for this process before the kernel is asked; the rest
/// is in fp8attn_cpu. Made once, from the environment as it is then.
const fp8attn_cpu_info &cpuIfPermitted();

/// Returns whether products of bf16 vectors take so long on this CPU that
/// kernels of avx512 are faster than those of avx512_bf16, and the value of
/// FP8ATTN_ISA, or null, does not ask for the latter.
bool prefersFloats(const CpuWords &words, const char *isaVariable);

/// Returns that of this process.
bool prefersFloats();

/// Returns whether FP8ATTN_TRACE was 1 when that decision was made.
bool isTracing();

/// fp8attn_select_isa for a given CPU: what cpuIfPermitted returns, and the
/// function fp8attn_cpu, which is called only if the context and the object
/// allow AMX. With `prefersFloats`, avx512 is better than avx512_bf16, unless
/// that is the context's cap.
int32_t selectIsa(fp8attn_context *context, uint32_t isaMask,
                  const fp8attn_cpu_info &ifPermitted,
                  const fp8attn_cpu_info *(*askKernel)(), bool prefersFloats);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_CPU_H
