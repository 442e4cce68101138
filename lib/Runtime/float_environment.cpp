//===- float_environment.cpp - the mode that results are defined in -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A host may round elsewhere than to nearest, flush denormals or trap on
// exceptions, and each thread has a mode of its own. Our code, and the C
// library's fesetenv, which would need libm, know one: the default. Registers
// are saved whole, so that the flags of the host's own arithmetic are back too.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#if defined(__SSE__)

#include <xmmintrin.h>

/// MXCSR at the start of a process: to nearest, no flushing, all exceptions
/// masked, none raised (Intel SDM volume 1, 11.6.4).
static constexpr unsigned kDefaultMxcsr = 0x1f80;

int64_t fp8attn_enter_environment(void) {
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(kDefaultMxcsr);
  return saved;
}

void fp8attn_leave_environment(int64_t saved) {
  _mm_setcsr(static_cast<unsigned>(saved));
}

#elif defined(__aarch64__)

// The control register is 0 at the start of a process; the flags are in the
// status register (Arm ARM, C5.2.8 and C5.2.10). Both have 32 bits.

int64_t fp8attn_enter_environment(void) {
  uint64_t control, status;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("mrs %0, fpsr" : "=r"(status));
  __asm__ volatile("msr fpcr, xzr" ::: "memory");
  return static_cast<int64_t>(status << 32 | (control & UINT32_MAX));
}

void fp8attn_leave_environment(int64_t saved) {
  const uint64_t control = static_cast<uint64_t>(saved) & UINT32_MAX;
  const uint64_t status = static_cast<uint64_t>(saved) >> 32;
  __asm__ volatile("msr fpcr, %0" ::"r"(control) : "memory");
  __asm__ volatile("msr fpsr, %0" ::"r"(status) : "memory");
}

#else

int64_t fp8attn_enter_environment(void) { return 0; }

void fp8attn_leave_environment(int64_t) {}

#endif
