//===- IsaSelectionTest.cpp - the body that a call runs -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Choice among bodies for CPUs that are given as data, with the reason left in
// the context.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "cpu.h"

using namespace fp8attn;

static constexpr uint32_t kGeneric = 1u << FP8ATTN_ISA_GENERIC;
static constexpr uint32_t kAvx2 = 1u << FP8ATTN_ISA_AVX2;
static constexpr uint32_t kAvx512 = 1u << FP8ATTN_ISA_AVX512_BF16;
static constexpr uint32_t kAmx = 1u << FP8ATTN_ISA_AMX_BF16;
static constexpr uint32_t kAll = kGeneric | kAvx2 | kAvx512 | kAmx;

static const fp8attn_cpu_info kPlainCpu = {FP8ATTN_ISA_GENERIC, "no vectors"};
static const fp8attn_cpu_info kAvx2Cpu = {FP8ATTN_ISA_AVX2, "no AVX-512"};
static const fp8attn_cpu_info kAvx512Cpu = {FP8ATTN_ISA_AVX512_BF16,
                                            "no tiles"};
static const fp8attn_cpu_info kAmxCpu = {FP8ATTN_ISA_AMX_BF16, ""};

namespace {
class IsaSelectionTest : public RuntimeTest {
protected:
  /// Chooses for a CPU to which the kernel gives the permission for tiles.
  int32_t select(uint32_t mask, const fp8attn_cpu_info &cpu) {
    permitted = &cpu;
    return selectIsa(&context, mask, cpu, askKernel, prefersFloats);
  }

  static const fp8attn_cpu_info *askKernel() {
    ++requests;
    return permitted;
  }

  void expectIsa(const fp8attn_cpu_info &cpu, uint32_t mask, fp8attn_isa isa,
                 const char *message) {
    context.isa = -1;
    EXPECT_EQ(select(mask, cpu), isa);
    EXPECT_EQ(context.isa, isa);
    EXPECT_STREQ(context.message, message);
  }

  bool prefersFloats = false;
  inline static const fp8attn_cpu_info *permitted;
  inline static int requests;
};
} // namespace

TEST_F(IsaSelectionTest, Best) {
  expectIsa(kAmxCpu, kAll, FP8ATTN_ISA_AMX_BF16, "");
  expectIsa(kAvx512Cpu, kAll, FP8ATTN_ISA_AVX512_BF16, "no tiles");
  expectIsa(kAvx2Cpu, kAll, FP8ATTN_ISA_AVX2, "no AVX-512");
  expectIsa(kPlainCpu, kAll, FP8ATTN_ISA_GENERIC, "no vectors");
}

TEST_F(IsaSelectionTest, BodiesOfTheObjectLimit) {
  expectIsa(kAmxCpu, kGeneric | kAvx512, FP8ATTN_ISA_AVX512_BF16,
            "the object has no body for amx_bf16");
  expectIsa(kAmxCpu, kGeneric, FP8ATTN_ISA_GENERIC,
            "the object has no body for avx2");
  expectIsa(kAmxCpu, kGeneric | kAvx2, FP8ATTN_ISA_AVX2,
            "the object has no body for avx512");
  expectIsa(kAvx512Cpu, kGeneric | kAmx, FP8ATTN_ISA_GENERIC, "no tiles");
}

TEST_F(IsaSelectionTest, CapLimits) {
  context.isa_cap = FP8ATTN_ISA_AVX512_BF16;
  expectIsa(kAmxCpu, kAll, FP8ATTN_ISA_AVX512_BF16,
            "amx_bf16: isa_cap of the context is avx512_bf16");
  context.isa_cap = FP8ATTN_ISA_GENERIC;
  expectIsa(kAvx512Cpu, kAll, FP8ATTN_ISA_GENERIC,
            "avx2: isa_cap of the context is generic");
}

TEST_F(IsaSelectionTest, NoBodyMayRun) {
  context.isa = -7;
  EXPECT_EQ(select(kAmx, kAvx512Cpu), -1);
  EXPECT_STREQ(context.message, "no tiles");
  EXPECT_EQ(select(0, kAvx512Cpu), -1);
  EXPECT_STREQ(context.message, "the object has no body for generic");
  context.isa_cap = FP8ATTN_ISA_GENERIC;
  EXPECT_EQ(select(kAvx512, kAvx512Cpu), -1);
  EXPECT_STREQ(context.message,
               "avx512_bf16: isa_cap of the context is generic");
  EXPECT_EQ(context.isa, -7) << "no body ran";
}

TEST_F(IsaSelectionTest, UnknownBodiesAreIgnored) {
  expectIsa(kAmxCpu, ~0u, FP8ATTN_ISA_AMX_BF16, "");
}

/// Who asks makes the signal frames of all threads larger, for ever.
TEST_F(IsaSelectionTest, AsksTheKernelOnlyForTiles) {
  const uint32_t noTiles = kAll & ~kAmx;
  requests = 0;
  for (int32_t cap = FP8ATTN_ISA_GENERIC; cap < FP8ATTN_ISA_AMX_BF16; ++cap) {
    context.isa_cap = cap;
    EXPECT_LE(select(kAll, kAmxCpu), cap);
  }
  context.isa_cap = FP8ATTN_ISA_AMX_BF16;
  EXPECT_EQ(select(noTiles, kAmxCpu), FP8ATTN_ISA_AVX512_BF16);
  EXPECT_EQ(requests, 0);
  EXPECT_EQ(select(kAll, kAmxCpu), FP8ATTN_ISA_AMX_BF16);
  EXPECT_EQ(requests, 1);
}

/// The kernel's answer is the last word, and its reason the call's.
TEST_F(IsaSelectionTest, TheKernelMayRefuse) {
  static const fp8attn_cpu_info refused = {FP8ATTN_ISA_AVX512_BF16, "refused"};
  permitted = &refused;
  EXPECT_EQ(selectIsa(&context, kAll, kAmxCpu, askKernel, prefersFloats),
            FP8ATTN_ISA_AVX512_BF16);
  EXPECT_STREQ(context.message, "refused");
}

/// Where products of bf16 are slow, avx512 comes before avx512_bf16, unless the
/// object does not have it or the host asks for avx512_bf16.
TEST_F(IsaSelectionTest, SlowProducts) {
  const uint32_t floats = 1u << FP8ATTN_ISA_AVX512;
  expectIsa(kAvx512Cpu, kAll | floats, FP8ATTN_ISA_AVX512_BF16, "no tiles");
  prefersFloats = true;
  expectIsa(kAvx512Cpu, kAll | floats, FP8ATTN_ISA_AVX512,
            "AVX-512 BF16 is slower than AVX-512 on this CPU; no tiles");
  expectIsa(kAmxCpu, (kAll & ~kAmx) | floats, FP8ATTN_ISA_AVX512,
            "AVX-512 BF16 is slower than AVX-512 on this CPU");
  expectIsa(kAvx512Cpu, kAll, FP8ATTN_ISA_AVX512_BF16, "no tiles");
  expectIsa(kAmxCpu, kAll | floats, FP8ATTN_ISA_AMX_BF16, "");
  expectIsa(kAvx2Cpu, kAll | floats, FP8ATTN_ISA_AVX2, "no AVX-512");
  context.isa_cap = FP8ATTN_ISA_AVX512_BF16;
  expectIsa(kAmxCpu, kAll | floats, FP8ATTN_ISA_AVX512_BF16,
            "amx_bf16: isa_cap of the context is avx512_bf16");
  context.isa_cap = FP8ATTN_ISA_AVX512;
  expectIsa(kAmxCpu, kAll | floats, FP8ATTN_ISA_AVX512,
            "avx512_bf16: isa_cap of the context is avx512");
}

TEST_F(IsaSelectionTest, ThisCpu) {
  EXPECT_EQ(fp8attn_select_isa(&context, kAll), fp8attn_cpu()->isa);
}
