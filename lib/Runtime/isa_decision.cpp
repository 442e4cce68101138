//===- isa_decision.cpp - from feature words to an ISA --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The decision itself, free of side effects; the kernel's permission is a
// function that the second step is given. A table names the bits; the first
// that is missing is the reason.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"

#include <cstdio>
#include <cstring>
#include <iterator>

using fp8attn::CpuWords;

namespace {
/// One bit of one word, by the name that compilers use for it.
struct Feature {
  const char *name;
  uint32_t CpuWords::*word;
  unsigned bit;
};

/// What one ISA needs beyond the ISA before it.
struct Demand {
  const char *title;
  const Feature *features;
  size_t numFeatures;
  /// Bits of XCR0: the state that has to survive a context switch.
  uint64_t xcr0;
  const char *state;
};
} // namespace

/// The features that the kernels are compiled with.
static constexpr Feature kAvx2Features[] = {
    {"fma", &CpuWords::leaf1Ecx, 12},
    {"f16c", &CpuWords::leaf1Ecx, 29},
    {"avx2", &CpuWords::leaf7Ebx, 5},
};

static constexpr Feature kAvx512Features[] = {
    {"avx512f", &CpuWords::leaf7Ebx, 16},
    {"avx512dq", &CpuWords::leaf7Ebx, 17},
    {"avx512bw", &CpuWords::leaf7Ebx, 30},
    {"avx512vl", &CpuWords::leaf7Ebx, 31},
};

static constexpr Feature kAvx512Bf16Features[] = {
    {"avx512vbmi", &CpuWords::leaf7Ecx, 1},
    {"avx512bf16", &CpuWords::leaf7Sub1Eax, 5},
};

static constexpr Feature kAmxFeatures[] = {
    {"amx-tile", &CpuWords::leaf7Edx, 24},
    {"amx-bf16", &CpuWords::leaf7Edx, 22},
};

/// SSE and AVX.
static constexpr uint64_t kAvxState = 0x6;
/// Those, the mask registers and both halves of the ZMM registers.
static constexpr uint64_t kAvx512State = 0xe6;
/// Tile configuration and tile data.
static constexpr uint64_t kAmxState = 0x60000;

template <size_t N>
static constexpr Demand demand(const char *title, const Feature (&features)[N],
                               uint64_t xcr0, const char *state) {
  return {title, features, N, xcr0, state};
}

/// What each ISA above generic needs, in order.
static constexpr Demand kDemands[] = {
    demand("AVX2", kAvx2Features, kAvxState, "AVX"),
    demand("AVX-512", kAvx512Features, kAvx512State, "AVX-512"),
    demand("AVX-512 BF16", kAvx512Bf16Features, kAvx512State, "AVX-512"),
    demand("AMX", kAmxFeatures, kAmxState, "tile"),
};
static_assert(std::size(kDemands) == FP8ATTN_ISA_AMX_BF16);

/// Returns true if nothing is missing; else writes to `reason` what is.
static bool isMet(const Demand &demand, const CpuWords &words,
                  char (&reason)[sizeof(fp8attn_cpu_info::reason)]) {
  for (size_t i = 0; i < demand.numFeatures; ++i) {
    const Feature &feature = demand.features[i];
    if (words.*feature.word >> feature.bit & 1)
      continue;
    snprintf(reason, sizeof(reason), "%s: the CPU lacks %s", demand.title,
             feature.name);
    return false;
  }
  if ((words.xcr0 & demand.xcr0) == demand.xcr0)
    return true;
  snprintf(reason, sizeof(reason),
           "%s: the operating system does not save %s state (XCR0 is 0x%llx)",
           demand.title, demand.state,
           static_cast<unsigned long long>(words.xcr0));
  return false;
}

/// Climbs from ISA to ISA, up to `cap`, as long as demands are met. Reaching
/// the cap leaves no reason.
static fp8attn_cpu_info climb(const CpuWords &words, fp8attn_isa cap) {
  fp8attn_cpu_info info = {FP8ATTN_ISA_GENERIC, ""};
  if (cap == FP8ATTN_ISA_GENERIC)
    return info;
  if (!words.isX86) {
    snprintf(info.reason, sizeof(info.reason), "the CPU is not x86-64");
    return info;
  }
  for (int next = FP8ATTN_ISA_AVX2; next <= cap; ++next) {
    if (!isMet(kDemands[next - 1], words, info.reason))
      return info;
    info.isa = static_cast<fp8attn_isa>(next);
  }
  return info;
}

/// Returns the ISA with this name, or -1.
static int32_t isaFromName(const char *name) {
  for (int32_t isa = FP8ATTN_ISA_GENERIC; isa <= FP8ATTN_ISA_AMX_BF16; ++isa)
    if (!strcmp(name, fp8attn_isa_string(isa)))
      return isa;
  return -1;
}

fp8attn_cpu_info fp8attn::decideIsa(const CpuWords &words,
                                    const char *isaVariable) {
  if (!isaVariable || !*isaVariable)
    return climb(words, FP8ATTN_ISA_AMX_BF16);

  int32_t wanted = isaFromName(isaVariable);
  if (wanted >= 0) {
    fp8attn_cpu_info info = climb(words, static_cast<fp8attn_isa>(wanted));
    if (info.isa == wanted && wanted != FP8ATTN_ISA_AMX_BF16)
      snprintf(info.reason, sizeof(info.reason), "FP8ATTN_ISA is %s",
               isaVariable);
    return info;
  }

  fp8attn_cpu_info info = climb(words, FP8ATTN_ISA_AMX_BF16);
  char reason[sizeof(info.reason)];
  memcpy(reason, info.reason, sizeof(reason));
  // 20 characters tell which value it is and leave room for what follows.
  snprintf(info.reason, sizeof(info.reason),
           "FP8ATTN_ISA is '%.20s', expected generic, avx2, avx512, "
           "avx512_bf16 or amx_bf16%s%s",
           isaVariable, *reason ? "; " : "", reason);
  return info;
}

/// VDPBF16PS begins every second cycle on CPUs of Intel that have it, which is
/// half the rate of fused products of floats; on those of AMD every cycle. What
/// a CPU calls itself says nothing: virtual machines have it of older chips.
bool fp8attn::prefersFloats(const CpuWords &words, const char *isaVariable) {
  const bool isAskedFor =
      isaVariable && isaFromName(isaVariable) == FP8ATTN_ISA_AVX512_BF16;
  return words.isIntel && !isAskedFor;
}

fp8attn_cpu_info fp8attn::askForTiles(fp8attn_cpu_info info,
                                      int (*requestTiles)()) {
  int error = info.isa == FP8ATTN_ISA_AMX_BF16 ? requestTiles() : 0;
  if (!error)
    return info;
  info.isa = FP8ATTN_ISA_AVX512_BF16;
  // What is there is about the environment.
  size_t length = strlen(info.reason);
  snprintf(info.reason + length, sizeof(info.reason) - length,
           "%sAMX: the kernel refuses the permission: %s", length ? "; " : "",
           tileRefusal(error));
  return info;
}
