//===- cpu.cpp - what this process can run --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides once for the process and keeps the answer. The environment is read at
// that time only: a host may change it while calls run, which getenv would race
// with.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"
#include "once.h"

#include <cstdlib>
#include <cstring>

namespace {
/// What is known without the kernel.
struct Process {
  fp8attn_cpu_info ifPermitted;
  bool prefersFloats;
  bool isTracing;
};
} // namespace

static Process process;
static fp8attn::Once processOnce;
static fp8attn_cpu_info cpuInfo;
static fp8attn::Once cpuOnce;

static const Process &getProcess() {
  fp8attn::computeOnce(processOnce, [] {
    const fp8attn::CpuWords words = fp8attn::readCpuWords();
    const char *isa = getenv("FP8ATTN_ISA");
    process.ifPermitted = fp8attn::decideIsa(words, isa);
    process.prefersFloats = fp8attn::prefersFloats(words, isa);
    const char *trace = getenv("FP8ATTN_TRACE");
    process.isTracing = trace && !strcmp(trace, "1");
  });
  return process;
}

const fp8attn_cpu_info &fp8attn::cpuIfPermitted() {
  return getProcess().ifPermitted;
}

bool fp8attn::prefersFloats() { return getProcess().prefersFloats; }

bool fp8attn::isTracing() { return getProcess().isTracing; }

const fp8attn_cpu_info *fp8attn_cpu(void) {
  fp8attn::computeOnce(cpuOnce, [] {
    cpuInfo = fp8attn::askForTiles(fp8attn::cpuIfPermitted(),
                                   fp8attn::requestTilePermission);
  });
  return &cpuInfo;
}
