//===- isa_selection.cpp - the body that a call runs ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Chooses among the bodies of an object: the best that the CPU, the process and
// the caller's cap allow. Always leaves the reason why no better one runs. The
// best is the last in the order of the ISAs, but for avx512_bf16 on some CPUs.
//
//===----------------------------------------------------------------------===//

#include "cpu.h"
#include "message.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <cstdio>

static bool isIn(uint32_t isaMask, int32_t isa) { return isaMask >> isa & 1; }

/// Returns the next body above `isa`, or -1.
static int32_t nextBody(uint32_t isaMask, int32_t isa) {
  for (int32_t next = isa + 1; next <= FP8ATTN_ISA_AMX_BF16; ++next)
    if (isIn(isaMask, next))
      return next;
  return -1;
}

/// Says why the body for `better` does not run.
static void explainBlocked(fp8attn_context *context, int32_t better,
                           const fp8attn_cpu_info &cpu) {
  if (better > cpu.isa)
    fp8attn::explain(context, "%s", cpu.reason);
  else
    fp8attn::explain(context, "%s: isa_cap of the context is %s",
                     fp8attn_isa_string(better),
                     fp8attn_isa_string(context->isa_cap));
}

int32_t fp8attn::selectIsa(fp8attn_context *context, uint32_t isaMask,
                           const fp8attn_cpu_info &ifPermitted,
                           const fp8attn_cpu_info *(*askKernel)(),
                           bool prefersFloats) {
  const bool mayUseTiles = isIn(isaMask, FP8ATTN_ISA_AMX_BF16) &&
                           context->isa_cap == FP8ATTN_ISA_AMX_BF16;
  const fp8attn_cpu_info &cpu = mayUseTiles ? *askKernel() : ifPermitted;
  int32_t best = std::min<int32_t>(cpu.isa, context->isa_cap);
  int32_t chosen = -1;
  for (int32_t isa = FP8ATTN_ISA_GENERIC; isa <= best; ++isa)
    if (isIn(isaMask, isa))
      chosen = isa;

  int32_t better = nextBody(isaMask, chosen);
  if (prefersFloats && chosen == FP8ATTN_ISA_AVX512_BF16 &&
      isIn(isaMask, FP8ATTN_ISA_AVX512) && context->isa_cap != chosen) {
    chosen = FP8ATTN_ISA_AVX512;
    explain(context, "AVX-512 BF16 is slower than AVX-512 on this CPU%s%s",
            *cpu.reason ? "; " : "", cpu.reason);
  } else if (better >= 0)
    explainBlocked(context, better, cpu);
  else if (chosen < cpu.isa)
    explain(context, "the object has no body for %s",
            fp8attn_isa_string(chosen + 1));
  else
    explain(context, "%s", cpu.reason);

  if (chosen >= 0)
    context->isa = chosen;
  return chosen;
}

int32_t fp8attn_select_isa(fp8attn_context *context, uint32_t isa_mask) {
  int32_t isa = fp8attn::selectIsa(context, isa_mask, fp8attn::cpuIfPermitted(),
                                   fp8attn_cpu, fp8attn::prefersFloats());
  if (fp8attn::isTracing())
    fprintf(stderr, "fp8attn: isa %s%s%s\n",
            isa < 0 ? "none" : fp8attn_isa_string(isa),
            *context->message ? ": " : "", context->message);
  return isa;
}
