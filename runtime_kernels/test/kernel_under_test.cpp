//===- kernel_under_test.cpp - the rows of the table as test parameters ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Asks the CPU and, for AMX, the operating system.
//
//===----------------------------------------------------------------------===//

#include "kernel_under_test.h"

#include "x86_amx/tile_configuration.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace fp8attn::test {

/// Returns the first feature of the vector kernels of an ISA that the CPU
/// lacks.
static std::string missingVectors(fp8attn_isa isa) {
  __builtin_cpu_init();
#define FP8ATTN_REQUIRE(first, feature)                                        \
  if (isa >= first && !__builtin_cpu_supports(feature))                        \
    return feature;
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX2, "avx2")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX2, "fma")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX2, "f16c")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX512, "avx512f")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX512, "avx512bw")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX512, "avx512dq")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX512, "avx512vl")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX512_BF16, "avx512vbmi")
  FP8ATTN_REQUIRE(FP8ATTN_ISA_AVX512_BF16, "avx512bf16")
#undef FP8ATTN_REQUIRE
  return "";
}

/// Returns what keeps this process from using AMX tiles.
static std::string missingAmx() {
  if (!__builtin_cpu_supports("amx-tile"))
    return "amx-tile";
  if (!__builtin_cpu_supports("amx-bf16"))
    return "amx-bf16";
  constexpr long kArchReqXcompPerm = 0x1023;
  constexpr long kTileData = 18;
  if (syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData) != 0)
    return "permission to use AMX tiles";
  return "";
}

std::string KernelUnderTest::name() const {
  return std::string(row->name) + (emulated ? "_emulated" : "") +
         (guardSide == GuardSide::Before ? "_guard_before" : "");
}

std::string KernelUnderTest::missingFeature() const {
  std::string missing = missingVectors(row->isa);
  if (missing.empty() && row->isa == FP8ATTN_ISA_AMX_BF16 && !emulated)
    missing = missingAmx();
  return missing;
}

void PrintTo(const KernelUnderTest &kernel, std::ostream *stream) {
  *stream << kernel.name();
}

std::vector<KernelUnderTest> kernelsOf(const std::string &op) {
  std::vector<KernelUnderTest> kernels;
  for (GuardSide side : {GuardSide::After, GuardSide::Before})
    for (const KernelRow &row : kernelTable()) {
      if (row.op != op)
        continue;
      kernels.push_back({&row, false, side});
      if (row.emulated)
        kernels.push_back({&row, true, side});
    }
  return kernels;
}

KernelUnderTest companionOf(const std::string &op, fp8attn_isa isa) {
  const KernelRow *best = nullptr;
  for (const KernelRow &row : kernelTable())
    if (row.op == op && row.isa <= isa && (!best || row.isa > best->isa))
      best = &row;
  return {best, false};
}

TileScope::TileScope(const KernelUnderTest &kernel) {
  if (kernel.row->isa != FP8ATTN_ISA_AMX_BF16)
    return;
  if (kernel.emulated)
    fp8attn_uk_tile_begin_amx_bf16_emulated();
  else
    fp8attn_uk_tile_begin_amx_bf16();
  end = kernel.emulated ? fp8attn_uk_tile_end_amx_bf16_emulated
                        : fp8attn_uk_tile_end_amx_bf16;
}

TileScope::~TileScope() {
  if (end)
    end();
}

} // namespace fp8attn::test
