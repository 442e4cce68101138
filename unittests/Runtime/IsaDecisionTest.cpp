//===- IsaDecisionTest.cpp - from feature words to an ISA -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Forces every way in which a CPU, an operating system, a kernel or the user
// can stand against an ISA, whatever the machine that runs the test.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"

#include "gtest/gtest.h"

#include <cerrno>
#include <cstring>
#include <string>

using namespace fp8attn;

/// The words of a Sapphire Rapids server: all that is asked for, and more.
static CpuWords fullWords() {
  return {true, ~0u, ~0u, ~0u, ~0u, ~0u, 0x602e7, true};
}

static int requests = 0;

/// A kernel that answers with the given errno and counts what it is asked.
template <int error> static int answer() {
  ++requests;
  return error;
}

static void expectDecision(const CpuWords &words, fp8attn_isa isa,
                           const char *reason, const char *variable = nullptr) {
  fp8attn_cpu_info info = askForTiles(decideIsa(words, variable), answer<0>);
  EXPECT_EQ(info.isa, isa);
  EXPECT_STREQ(info.reason, reason);
}

TEST(IsaDecision, EverythingIsThere) {
  expectDecision(fullWords(), FP8ATTN_ISA_AMX_BF16, "");
}

TEST(IsaDecision, NotX86) {
  expectDecision({}, FP8ATTN_ISA_GENERIC, "the CPU is not x86-64");
}

TEST(IsaDecision, EachMissingFeatureIsNamed) {
  const struct {
    uint32_t CpuWords::*word;
    unsigned bit;
    fp8attn_isa isa;
    const char *reason;
  } cases[] = {
      {&CpuWords::leaf1Ecx, 12, FP8ATTN_ISA_GENERIC, "AVX2: the CPU lacks fma"},
      {&CpuWords::leaf1Ecx, 29, FP8ATTN_ISA_GENERIC,
       "AVX2: the CPU lacks f16c"},
      {&CpuWords::leaf7Ebx, 5, FP8ATTN_ISA_GENERIC, "AVX2: the CPU lacks avx2"},
      {&CpuWords::leaf7Ebx, 16, FP8ATTN_ISA_AVX2,
       "AVX-512: the CPU lacks avx512f"},
      {&CpuWords::leaf7Ebx, 17, FP8ATTN_ISA_AVX2,
       "AVX-512: the CPU lacks avx512dq"},
      {&CpuWords::leaf7Ebx, 30, FP8ATTN_ISA_AVX2,
       "AVX-512: the CPU lacks avx512bw"},
      {&CpuWords::leaf7Ebx, 31, FP8ATTN_ISA_AVX2,
       "AVX-512: the CPU lacks avx512vl"},
      {&CpuWords::leaf7Ecx, 1, FP8ATTN_ISA_AVX512,
       "AVX-512 BF16: the CPU lacks avx512vbmi"},
      {&CpuWords::leaf7Sub1Eax, 5, FP8ATTN_ISA_AVX512,
       "AVX-512 BF16: the CPU lacks avx512bf16"},
      {&CpuWords::leaf7Edx, 24, FP8ATTN_ISA_AVX512_BF16,
       "AMX: the CPU lacks amx-tile"},
      {&CpuWords::leaf7Edx, 22, FP8ATTN_ISA_AVX512_BF16,
       "AMX: the CPU lacks amx-bf16"},
  };
  for (const auto &test : cases) {
    CpuWords words = fullWords();
    words.*test.word &= ~(1u << test.bit);
    expectDecision(words, test.isa, test.reason);
  }
}

TEST(IsaDecision, StateThatIsNotSaved) {
  CpuWords words = fullWords();
  for (uint64_t missing : {0x20000, 0x40000, 0x60000}) {
    words.xcr0 = 0x602e7 & ~missing;
    EXPECT_EQ(decideIsa(words, nullptr).isa, FP8ATTN_ISA_AVX512_BF16);
  }
  words.xcr0 = 0xe7;
  expectDecision(words, FP8ATTN_ISA_AVX512_BF16,
                 "AMX: the operating system does not save tile state (XCR0 is "
                 "0xe7)");
  for (uint64_t missing : {0x20, 0x40, 0x80}) {
    words.xcr0 = 0x602e7 & ~missing;
    EXPECT_EQ(decideIsa(words, nullptr).isa, FP8ATTN_ISA_AVX2);
  }
  words.xcr0 = 0x7;
  expectDecision(words, FP8ATTN_ISA_AVX2,
                 "AVX-512: the operating system does not save AVX-512 state "
                 "(XCR0 is 0x7)");
  for (uint64_t missing : {0x2, 0x4}) {
    words.xcr0 = 0x602e7 & ~missing;
    EXPECT_EQ(decideIsa(words, nullptr).isa, FP8ATTN_ISA_GENERIC);
  }
  words.xcr0 = 0x3;
  expectDecision(words, FP8ATTN_ISA_GENERIC,
                 "AVX2: the operating system does not save AVX state (XCR0 is "
                 "0x3)");
}

template <int error> static void expectRefusal(const char *meaning) {
  fp8attn_cpu_info info =
      askForTiles(decideIsa(fullWords(), nullptr), answer<error>);
  EXPECT_EQ(info.isa, FP8ATTN_ISA_AVX512_BF16);
  EXPECT_EQ(info.reason,
            std::string("AMX: the kernel refuses the permission: ") + meaning);
}

TEST(IsaDecision, RefusedPermission) {
  expectRefusal<ENOSPC>("a thread's alternate signal stack is too small for "
                        "tile state (ENOSPC)");
  expectRefusal<EINVAL>("the kernel is older than Linux 5.16 (EINVAL)");
  expectRefusal<EOPNOTSUPP>(
      "the kernel has tile data switched off (EOPNOTSUPP)");
  expectRefusal<EPERM>("a sandbox forbids arch_prctl (EPERM)");
  expectRefusal<ENOSYS>("the kernel has no arch_prctl (ENOSYS)");
  expectRefusal<ENOMEM>("the kernel gave an unknown error");
}

TEST(IsaDecision, PermissionIsAskedOnlyIfItDecides) {
  CpuWords noTiles = fullWords();
  noTiles.leaf7Edx = 0;
  requests = 0;
  askForTiles(decideIsa(noTiles, nullptr), answer<0>);
  askForTiles(decideIsa(fullWords(), "avx512_bf16"), answer<0>);
  EXPECT_EQ(requests, 0);
  askForTiles(decideIsa(fullWords(), nullptr), answer<0>);
  EXPECT_EQ(requests, 1);
}

TEST(IsaDecision, VariableLowers) {
  expectDecision(fullWords(), FP8ATTN_ISA_GENERIC, "FP8ATTN_ISA is generic",
                 "generic");
  expectDecision(fullWords(), FP8ATTN_ISA_AVX2, "FP8ATTN_ISA is avx2", "avx2");
  expectDecision(fullWords(), FP8ATTN_ISA_AVX512, "FP8ATTN_ISA is avx512",
                 "avx512");
  expectDecision(fullWords(), FP8ATTN_ISA_AVX512_BF16,
                 "FP8ATTN_ISA is avx512_bf16", "avx512_bf16");
  expectDecision(fullWords(), FP8ATTN_ISA_AMX_BF16, "", "amx_bf16");
  expectDecision(fullWords(), FP8ATTN_ISA_AMX_BF16, "", "");
}

TEST(IsaDecision, VariableDoesNotRaise) {
  CpuWords words = fullWords();
  words.leaf7Edx = 0;
  expectDecision(words, FP8ATTN_ISA_AVX512_BF16, "AMX: the CPU lacks amx-tile",
                 "amx_bf16");
  words.leaf7Ecx = 0;
  expectDecision(words, FP8ATTN_ISA_AVX512,
                 "AVX-512 BF16: the CPU lacks avx512vbmi", "avx512_bf16");
}

TEST(IsaDecision, UnknownVariableIsReportedAndIgnored) {
  expectDecision(fullWords(), FP8ATTN_ISA_AMX_BF16,
                 "FP8ATTN_ISA is 'AMX', expected generic, avx2, avx512, "
                 "avx512_bf16 or amx_bf16",
                 "AMX");
  CpuWords words = fullWords();
  words.leaf7Edx = 0;
  expectDecision(words, FP8ATTN_ISA_AVX512_BF16,
                 "FP8ATTN_ISA is 'AMX', expected generic, avx2, avx512, "
                 "avx512_bf16 or amx_bf16; AMX: the CPU lacks amx-tile",
                 "AMX");
  EXPECT_STREQ(askForTiles(decideIsa(fullWords(), "AMX"), answer<EPERM>).reason,
               "FP8ATTN_ISA is 'AMX', expected generic, avx2, avx512, "
               "avx512_bf16 or amx_bf16; AMX: the kernel refuses the "
               "permission: a sandbox forbids arch_prctl (EPERM)");
}

TEST(IsaDecision, LongVariableIsCut) {
  std::string value(1000, 'x');
  fp8attn_cpu_info info =
      askForTiles(decideIsa(fullWords(), value.c_str()), answer<ENOSPC>);
  EXPECT_EQ(strlen(info.reason), sizeof(info.reason) - 1);
  EXPECT_EQ(std::string(info.reason)
                .rfind("FP8ATTN_ISA is 'xxxxxxxxxxxxxxxxxxxx'", 0),
            0u);
}

/// VDPBF16PS is slow on CPUs of Intel; who asks for it has it.
TEST(IsaDecision, SlowProducts) {
  CpuWords words = fullWords();
  EXPECT_TRUE(prefersFloats(words, nullptr));
  EXPECT_TRUE(prefersFloats(words, ""));
  EXPECT_TRUE(prefersFloats(words, "amx_bf16"));
  EXPECT_FALSE(prefersFloats(words, "avx512_bf16"));
  words.isIntel = false;
  EXPECT_FALSE(prefersFloats(words, nullptr));
}
