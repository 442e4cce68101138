//===- cpuid.cpp - feature words of this CPU ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads CPUID and XCR0. A leaf beyond the CPU's last one would return the data
// of another leaf, so the limits are asked first; XGETBV faults unless the
// operating system has enabled it.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"

#ifdef __x86_64__

#include <cpuid.h>

static uint64_t readXcr0() {
  uint32_t low, high;
  // The intrinsic needs -mxsave for the whole file.
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

fp8attn::CpuWords fp8attn::readCpuWords() {
  CpuWords words = {};
  words.isX86 = true;
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid_count(0, 0, &eax, &ebx, &ecx, &edx))
    words.isIntel = ebx == signature_INTEL_ebx && ecx == signature_INTEL_ecx &&
                    edx == signature_INTEL_edx;
  if (__get_cpuid_count(1, 0, &eax, &ebx, &ecx, &edx))
    words.leaf1Ecx = ecx;
  if (words.leaf1Ecx & bit_OSXSAVE)
    words.xcr0 = readXcr0();
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
    return words;
  words.leaf7Ebx = ebx;
  words.leaf7Ecx = ecx;
  words.leaf7Edx = edx;
  unsigned lastSubleaf = eax;
  if (lastSubleaf >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx))
    words.leaf7Sub1Eax = eax;
  return words;
}

#else

fp8attn::CpuWords fp8attn::readCpuWords() { return {}; }

#endif
