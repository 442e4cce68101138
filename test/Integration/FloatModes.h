//===- FloatModes.h - floating-point environments of hosts ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Modes in which a thread can call us, and the registers that hold them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_FLOATMODES_H
#define FP8ATTN_TEST_INTEGRATION_FLOATMODES_H

#include <cstdint>
#include <vector>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

/// A floating-point environment of a thread.
struct FloatMode {
  const char *name;
  /// As getFloatMode returns it.
  uint64_t bits;
};

/// Returns the mode of this thread, exceptions that were raised included:
/// MXCSR, or FPSR above FPCR; 0 on CPUs whose registers we do not know.
inline uint64_t getFloatMode() {
#ifdef __SSE__
  return _mm_getcsr();
#elif defined(__aarch64__)
  uint64_t control, status;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("mrs %0, fpsr" : "=r"(status));
  return status << 32 | control;
#else
  return 0;
#endif
}

inline void setFloatMode(uint64_t bits) {
#ifdef __SSE__
  _mm_setcsr(static_cast<unsigned>(bits));
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" ::"r"(bits & UINT32_MAX) : "memory");
  __asm__ volatile("msr fpsr, %0" ::"r"(bits >> 32) : "memory");
#else
  static_cast<void>(bits);
#endif
}

/// Returns modes that hosts are in, the default of a process first.
inline const std::vector<FloatMode> &floatModes() {
#ifdef __SSE__
  static const std::vector<FloatMode> modes = {
      {"default", 0x1f80},
      {"flush to zero", 0x9f80},
      {"denormals are zero", 0x1fc0},
      {"flush to zero, denormals are zero", 0x9fc0},
      {"down", 0x3f80},
      {"up", 0x5f80},
      {"to zero", 0x7f80},
      {"up, flush to zero, denormals are zero", 0xdfc0},
      {"all exceptions trap", 0x0000},
      {"overflow, division by zero and invalid trap; down", 0x3900},
      {"all exceptions raised", 0x1fbf},
  };
#elif defined(__aarch64__)
  static const std::vector<FloatMode> modes = {
      {"default", 0},
      {"flush to zero", 1 << 24},
      {"up", 1 << 22},
      {"down", 2 << 22},
      {"to zero", 3 << 22},
      {"default NaN", 1 << 25},
      {"all exceptions raised", uint64_t(0x9f) << 32},
  };
#else
  static const std::vector<FloatMode> modes = {{"default", 0}};
#endif
  return modes;
}

#endif // FP8ATTN_TEST_INTEGRATION_FLOATMODES_H
