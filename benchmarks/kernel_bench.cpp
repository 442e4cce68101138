//===- kernel_bench.cpp - fp8attn-bench, kernels against limits -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times attention and cache writes on one thread, for every ISA of the host and
// every cache type, beside the limits of the machine measured in the same run;
// and what every call costs whatever it computes.
//
//===----------------------------------------------------------------------===//

#include "attention_cases.h"
#include "gather_cases.h"
#include "limits.h"
#include "measure.h"
#include "repack_cases.h"
#include "rotary_cases.h"
#include "store_cases.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

using namespace fp8attn;

static const char kUsage[] =
    "usage: fp8attn-bench [--filter=TEXT] [--rounds=N] [--generic] [--json]\n"
    "  --filter=TEXT  only groups whose name contains TEXT: decode, "
    "decode-l2,\n"
    "                 prefill, store, repack, repack-page, gather, rotary,\n"
    "                 environment\n"
    "  --rounds=N     timed rounds of each group, 1 to 1000 (default 7)\n"
    "  --generic      the portable kernels too, which are many times slower\n"
    "  --json         one JSON object a line\n";

struct Options {
  std::string filter;
  int rounds = 7;
  bool generic = false;
  bool json = false;
};

/// Llama-3-8B: 32 query heads, 8 KV heads, head size 128.
static constexpr BatchShape kDecode = {8, 1, 2048, 32, 8, 128, 32, 4};
/// One KV head that stays in L2 (256 KB of FP8).
static constexpr BatchShape kDecodeL2 = {1, 1, 1024, 4, 1, 128, 32, 1};
static constexpr BatchShape kPrefill = {1, 2048, 2048, 8, 2, 128, 32, 1};
static constexpr BatchShape kStore = {1, 1, 2048, 32, 8, 128, 32, 1};

static const char kVectorPeak[] = "vdpbf16ps peak";
static const char kTilePeak[] = "tdpbf16ps peak";

/// The ISAs to compare, the generic one only if it is asked for or where
/// nothing else runs.
static std::vector<fp8attn_isa> hostIsas(const Options &options) {
  std::vector<fp8attn_isa> isas;
  if (options.generic || fp8attn_cpu()->isa == FP8ATTN_ISA_GENERIC)
    isas.push_back(FP8ATTN_ISA_GENERIC);
  for (int isa = FP8ATTN_ISA_AVX2; isa <= fp8attn_cpu()->isa; ++isa)
    isas.push_back(static_cast<fp8attn_isa>(isa));
  return isas;
}

/// Calls body(kernels) for each ISA and cache type.
template <class Body>
static void forKernelSets(const Options &options, const Body &body) {
  for (fp8attn_isa isa : hostIsas(options))
    for (const char *cache : {"e4m3", "e5m2", "i8", "e2m1", "i4", "bf16"})
      body(KernelSet(isa, cache));
}

/// Returns `body` done `times` times.
template <class Body>
static std::function<void()> repeated(int times, const Body &body) {
  return [=] {
    for (int i = 0; i < times; ++i)
      body();
  };
}

/// Decode runs `times` times over the same cache, or over the next layers'.
static std::vector<Case> decodeCases(const Options &options,
                                     const BatchShape &shape, int times) {
  std::vector<Case> cases;
  forKernelSets(options, [&](const KernelSet &kernels) {
    auto state = std::make_shared<AttentionCase>(kernels, shape);
    const std::string limit = "read " + kernels.cache;
    bool known = fp8attn_cpu()->isa < FP8ATTN_ISA_AVX512_BF16;
    for (const Case &one : cases)
      known |= one.name == limit;
    if (!known)
      cases.push_back({limit, "GB/s", times * state->cacheBytes(),
                       repeated(times, [state] { state->runRead(); }), ""});
    cases.push_back({kernels.label(), "GB/s", times * state->cacheBytes(),
                     repeated(times, [state] { state->runDecode(); }), limit});
  });
  return cases;
}

static std::vector<Case> peakCases() {
  std::vector<Case> cases;
  if (fp8attn_cpu()->isa >= FP8ATTN_ISA_AVX512_BF16)
    cases.push_back({kVectorPeak, "GFLOP/s", dotPeakFlops(), runDotPeak, ""});
  if (fp8attn_cpu()->isa >= FP8ATTN_ISA_AMX_BF16)
    cases.push_back({kTilePeak, "GFLOP/s", tilePeakFlops(),
                     [] {
                       TileScope tileScope(FP8ATTN_ISA_AMX_BF16);
                       runTilePeak();
                     },
                     ""});
  return cases;
}

static std::vector<Case> prefillCases(const Options &options) {
  std::vector<Case> cases = peakCases();
  forKernelSets(options, [&](const KernelSet &kernels) {
    auto state = std::make_shared<AttentionCase>(kernels, kPrefill);
    cases.push_back(
        {kernels.label(), "GFLOP/s", state->causalFlops(),
         [state] { state->runPrefill(); },
         kernels.isa == FP8ATTN_ISA_AMX_BF16 ? kTilePeak : kVectorPeak,
         [state] { return state->phaseShares(); }});
  });
  return cases;
}

static std::vector<Case> storeCases(const Options &options) {
  std::vector<Case> cases;
  forKernelSets(options, [&](const KernelSet &kernels) {
    auto state = std::make_shared<StoreCase>(kernels, kStore);
    cases.push_back({kernels.label(), "GB/s", state->inputBytes(),
                     [state] { state->run(); }, ""});
  });
  return cases;
}

/// Calls of a case: as many as make its milliseconds nanoseconds of a call.
static constexpr int kGuardedCalls = 1'000'000;

/// What a call of an entry point does first and last.
static void enterAndLeave() {
  fp8attn_leave_environment(fp8attn_enter_environment());
}

/// From the mode of the process, and from one that has to be changed.
static std::vector<Case> environmentCases() {
  const auto guards = repeated(kGuardedCalls, enterAndLeave);
  std::vector<Case> cases = {
      {"default mode", "Gcall/s", kGuardedCalls, guards, ""}};
#ifdef __SSE__
  cases.push_back({"flushing denormals", "Gcall/s", kGuardedCalls,
                   [=] {
                     constexpr unsigned kFlush = 0x8040;
                     const unsigned before = _mm_getcsr();
                     _mm_setcsr(before | kFlush);
                     guards();
                     _mm_setcsr(before);
                   },
                   ""});
#endif
  return cases;
}

/// Returns false, after a message, if an argument is not understood.
static bool parse(int argc, char **argv, Options &options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--filter=", 0) == 0) {
      options.filter = argument.substr(std::strlen("--filter="));
    } else if (argument.rfind("--rounds=", 0) == 0) {
      options.rounds = std::atoi(argument.c_str() + std::strlen("--rounds="));
    } else if (argument == "--generic") {
      options.generic = true;
    } else if (argument == "--json") {
      options.json = true;
    } else if (argument == "--help") {
      std::printf("%s", kUsage);
      std::exit(0);
    } else {
      std::fprintf(stderr, "fp8attn-bench: unknown argument '%s'\n%s",
                   argument.c_str(), kUsage);
      return false;
    }
  }
  if (options.rounds < 1 || options.rounds > 1000) {
    std::fprintf(stderr, "fp8attn-bench: expects --rounds from 1 to 1000\n");
    return false;
  }
  return true;
}

int main(int argc, char **argv) {
  Options options;
  if (!parse(argc, argv, options))
    return 2;
  const auto group = [&](const char *name, const char *title,
                         const std::function<std::vector<Case>()> &cases) {
    if (std::strstr(name, options.filter.c_str()) == nullptr)
      return;
    const std::vector<Case> made = cases();
    report(title, made, measure(name, made, options.rounds), options.json);
  };
  group("decode",
        "decode: 8 sequences x 2048 keys, 32/8 heads of 128, 4 layers",
        [&] { return decodeCases(options, kDecode, 1); });
  group("decode-l2", "decode-l2: 1 sequence x 1024 keys, 4/1 heads of 128",
        [&] { return decodeCases(options, kDecodeL2, 200); });
  group("prefill", "prefill: 2048 tokens, causal, 8/2 heads of 128",
        [&] { return prefillCases(options); });
  group("store", "store: 2048 tokens, 8 heads of 128, bytes of bf16 input",
        [&] { return storeCases(options); });
  group("repack", "repack: 16384 tokens, 8 heads of 128, bytes that are read",
        [&] { return repackCases(512, 1); });
  group("repack-page", "repack-page: 32 tokens in the caches of the core",
        [&] { return repackCases(1, 2000); });
  group("gather",
        "gather: 2048 of 65536 tokens in pages of 32, bytes of their lines",
        gatherCases);
  group("rotary", "rotary: 512 tokens, bytes of bf16 input",
        [] { return rotaryCases(); });
  group("environment",
        "environment: set and restored a million times, ms are ns of a call",
        environmentCases);
  return 0;
}
