//===- amx_permission.cpp - the kernel's leave to use tiles ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Linux gives a process the 8 KB of AMX tile state only on request, because it
// makes signal frames larger (Documentation/arch/x86/xstate.rst). The request
// holds for all threads, those that run already included, and is never undone.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"

#include <cerrno>

#if defined(__x86_64__) && defined(__linux__)

#include <sys/syscall.h>
#include <unistd.h>

/// ARCH_REQ_XCOMP_PERM of <asm/prctl.h>, which older systems lack.
static constexpr long kRequestPermission = 0x1023;
/// Number of the tile data in XCR0.
static constexpr long kTileData = 18;

int fp8attn::requestTilePermission() {
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) ? errno : 0;
}

#else

int fp8attn::requestTilePermission() { return ENOSYS; }

#endif

const char *fp8attn::tileRefusal(int error) {
  switch (error) {
  case ENOSPC:
    return "a thread's alternate signal stack is too small for tile state "
           "(ENOSPC)";
  case EINVAL:
    return "the kernel is older than Linux 5.16 (EINVAL)";
  case EOPNOTSUPP:
    return "the kernel has tile data switched off (EOPNOTSUPP)";
  case EPERM:
    return "a sandbox forbids arch_prctl (EPERM)";
  case ENOSYS:
    return "the kernel has no arch_prctl (ENOSYS)";
  default:
    return "the kernel gave an unknown error";
  }
}
