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

#include "emulation/kernels_on_avx2.h"
#include "x86_amx/tile_configuration.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fp8attn::test {

std::string missingVectors(fp8attn_isa isa) {
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

KernelFunction KernelUnderTest::function() const {
  switch (form) {
  case Form::Native:
    return row->function;
  case Form::EmulatedTiles:
    return row->emulated;
  case Form::OnAvx2:
    return kernelOnAvx2(*row);
  }
}

std::string KernelUnderTest::name() const {
  const char *const forms[] = {"", "_emulated", "_on_avx2"};
  return std::string(row->name) + forms[static_cast<int>(form)] +
         (guardSide == GuardSide::Before ? "_guard_before" : "");
}

bool KernelUnderTest::isPrefill() const { return !strcmp(row->op, "prefill"); }

/// Returns the column that has the type of queries and probabilities; null if
/// the operation has none.
static const char *productsOf(const KernelRow &row) {
  const std::string op = row.op;
  if (op == "query" || op == "softmax")
    return row.cache;
  const bool multiplies =
      op == "qk" || op == "pv" || op == "attend" || op == "prefill";
  return multiplies ? row.in : nullptr;
}

std::string KernelUnderTest::products() const {
  const char *type = productsOf(*row);
  return type ? type : "bf16";
}

std::string KernelUnderTest::missingFeature() const {
  if (form == Form::OnAvx2)
    return missingVectors(FP8ATTN_ISA_AVX2);
  std::string missing = missingVectors(row->isa);
  if (missing.empty() && row->isa == FP8ATTN_ISA_AMX_BF16 &&
      form == Form::Native)
    missing = missingAmx();
  return missing;
}

void PrintTo(const KernelUnderTest &kernel, std::ostream *stream) {
  *stream << kernel.name();
}

/// Returns whether another row reads and writes the same bytes: kernels of
/// types of one size (e4m3 and e5m2, e2m1 and i4) differ in arithmetic.
static bool hasTwinOfItsSize(const KernelRow &row) {
  const std::string cache = row.cache;
  return cache == "e5m2" || cache == "i4";
}

/// Emulated kernels double the tests of a CPU with AVX2. What is left in the
/// suite is each of them on one side, and of the two FP8 formats one; where the
/// CPU has the instructions, AMX alone, for the emulation's own sake. Guard
/// pages before operands find wrong addresses: there, of types of one size one.
/// Rows of f32 products are the sources of others: there, too, on the
/// instructions, and of the types of caches one.
static bool isOnDemand(const KernelUnderTest &kernel) {
  static const bool isDemanded = getenv("FP8ATTN_ALL_KERNELS") != nullptr;
  if (isDemanded)
    return false;
  const std::string cache = kernel.row->cache;
  const bool isBefore = kernel.guardSide == GuardSide::Before;
  const bool isOfBf16 = kernel.products() == "bf16";
  if (kernel.form != Form::OnAvx2)
    return isOfBf16 ? isBefore && hasTwinOfItsSize(*kernel.row)
                    : isBefore || (cache != "e4m3" && cache != "f32");
  const bool isNative = kernel.row->isa != FP8ATTN_ISA_AMX_BF16 &&
                        missingVectors(kernel.row->isa).empty();
  return isBefore || isNative || !isOfBf16 || cache == "e5m2";
}

std::vector<KernelUnderTest> kernelsOf(const std::string &op) {
  std::vector<KernelUnderTest> kernels;
  for (GuardSide side : {GuardSide::After, GuardSide::Before})
    for (const KernelRow &row : kernelTable()) {
      if (row.op != op)
        continue;
      for (Form form : {Form::Native, Form::EmulatedTiles, Form::OnAvx2})
        if (KernelUnderTest kernel = {&row, form, side};
            kernel.function() && !isOnDemand(kernel))
          kernels.push_back(kernel);
    }
  return kernels;
}

/// Returns the kernel of an operation for the best ISA not above `isa`, of such
/// products if it has any.
static const KernelRow *bestRow(const std::string &op, fp8attn_isa isa,
                                const std::string &products) {
  const KernelRow *best = nullptr;
  for (const KernelRow &row : kernelTable()) {
    const char *type = productsOf(row);
    if (row.op == op && row.isa <= isa && (!type || type == products) &&
        (!best || row.isa > best->isa))
      best = &row;
  }
  return best;
}

KernelUnderTest companionOf(const std::string &op,
                            const KernelUnderTest &kernel) {
  const KernelUnderTest companion = {
      bestRow(op, kernel.row->isa, kernel.products()), kernel.form};
  return companion.function() ? companion
                              : KernelUnderTest{companion.row, Form::Native};
}

KernelUnderTest genericKernel(const std::string &op) {
  return {bestRow(op, FP8ATTN_ISA_GENERIC, "bf16"), Form::Native};
}

TileScope::TileScope(const KernelUnderTest &kernel) {
  if (kernel.row->isa != FP8ATTN_ISA_AMX_BF16)
    return;
  switch (kernel.form) {
  case Form::Native:
    fp8attn_uk_tile_begin_amx_bf16();
    end = fp8attn_uk_tile_end_amx_bf16;
    return;
  case Form::EmulatedTiles:
    fp8attn_uk_tile_begin_amx_bf16_emulated();
    end = fp8attn_uk_tile_end_amx_bf16_emulated;
    return;
  case Form::OnAvx2:
    fp8attn_uk_tile_begin_amx_bf16_on_avx2();
    end = fp8attn_uk_tile_end_amx_bf16_on_avx2;
    return;
  }
}

TileScope::~TileScope() {
  if (end)
    end();
}

} // namespace fp8attn::test
