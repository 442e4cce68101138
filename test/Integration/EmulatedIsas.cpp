//===- EmulatedIsas.cpp - tests on emulated AMX tiles ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ISA of the program whose AMX kernels are linked in their emulated form
// (see CMakeLists.txt). It tells the objects that the CPU has AMX, if it has
// AVX-512, which the emulation and all between the tiles is: the linker
// resolves the runtime's fp8attn_cpu to the function here.
//
//===----------------------------------------------------------------------===//

#include "TestedIsas.h"

extern "C" const fp8attn_cpu_info *__real_fp8attn_cpu();

static bool canEmulate() {
  return __real_fp8attn_cpu()->isa >= FP8ATTN_ISA_AVX512_BF16;
}

extern "C" const fp8attn_cpu_info *__wrap_fp8attn_cpu() {
  static const fp8attn_cpu_info emulated = {FP8ATTN_ISA_AMX_BF16, ""};
  return canEmulate() ? &emulated : __real_fp8attn_cpu();
}

bool isEmulation() { return true; }

std::vector<fp8attn_isa> testedIsas() { return {FP8ATTN_ISA_AMX_BF16}; }

/// The objects have bodies for the lesser ISAs too.
std::vector<fp8attn_isa> runnableIsas() {
  if (!whyNot(FP8ATTN_ISA_AMX_BF16).empty())
    return {};
  return {FP8ATTN_ISA_GENERIC, FP8ATTN_ISA_AVX2, FP8ATTN_ISA_AVX512,
          FP8ATTN_ISA_AVX512_BF16, FP8ATTN_ISA_AMX_BF16};
}

std::string whyNot(fp8attn_isa isa) {
  return canEmulate()
             ? ""
             : std::string("emulated AMX: ") + __real_fp8attn_cpu()->reason;
}
