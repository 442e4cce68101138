//===- CpuTest.cpp - what this machine says -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of detection that ask the real CPU and the real kernel. What they
// answer depends on the machine; that it is consistent does not.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <string>
#include <thread>

using namespace fp8attn;

TEST(Cpu, IsDecidedOnce) {
  const fp8attn_cpu_info *info = fp8attn_cpu();
  std::thread([=] { EXPECT_EQ(fp8attn_cpu(), info); }).join();
  EXPECT_NE(fp8attn_isa_string(info->isa), std::string("unknown"));
  EXPECT_TRUE(info->isa == FP8ATTN_ISA_AMX_BF16 || *info->reason);
}

/// Later calls do not look at an environment that a host may be changing.
TEST(Cpu, EnvironmentIsReadOnce) {
  const bool before = isTracing();
  const fp8attn_isa isa = cpuIfPermitted().isa;
  ASSERT_EQ(setenv("FP8ATTN_TRACE", before ? "0" : "1", 1), 0);
  ASSERT_EQ(setenv("FP8ATTN_ISA", "generic", 1), 0);
  EXPECT_EQ(isTracing(), before);
  EXPECT_EQ(cpuIfPermitted().isa, isa);
  unsetenv("FP8ATTN_TRACE");
  unsetenv("FP8ATTN_ISA");
}

#ifdef __x86_64__

static bool hasTiles() { return readCpuWords().leaf7Edx >> 24 & 1; }

TEST(Cpu, WordsAgreeWithTheCompiler) {
  CpuWords words = readCpuWords();
  EXPECT_TRUE(words.isX86);
  EXPECT_EQ(words.leaf1Ecx >> 12 & 1, __builtin_cpu_supports("fma") ? 1u : 0u);
  EXPECT_EQ(words.leaf7Ebx >> 5 & 1, __builtin_cpu_supports("avx2") ? 1u : 0u);
  EXPECT_EQ(words.leaf7Ecx >> 1 & 1,
            __builtin_cpu_supports("avx512vbmi") ? 1u : 0u);
  EXPECT_EQ(words.leaf7Sub1Eax >> 5 & 1,
            __builtin_cpu_supports("avx512bf16") ? 1u : 0u);
}

TEST(Cpu, PermissionIsRefusedWithoutTiles) {
  if (hasTiles())
    GTEST_SKIP() << "the CPU has tiles";
  EXPECT_GT(requestTilePermission(), 0);
}

TEST(Cpu, PermissionMayBeAskedAgain) {
  if (!hasTiles())
    GTEST_SKIP() << "the CPU has no tiles";
  EXPECT_EQ(requestTilePermission(), requestTilePermission());
}

#endif
