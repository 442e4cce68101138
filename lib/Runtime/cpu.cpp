//===- cpu.cpp - what this process can run --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides once for the process and keeps the answer. The permission for tiles
// cannot be given back, so there is nothing to ask again.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"

#include <cstdlib>
#include <pthread.h>

static fp8attn_cpu_info cpuInfo;
static pthread_once_t cpuOnce = PTHREAD_ONCE_INIT;

const fp8attn_cpu_info *fp8attn_cpu(void) {
  pthread_once(&cpuOnce, [] {
    cpuInfo = fp8attn::decideIsa(fp8attn::readCpuWords(),
                                 fp8attn::requestTilePermission,
                                 getenv("FP8ATTN_ISA"));
  });
  return &cpuInfo;
}
