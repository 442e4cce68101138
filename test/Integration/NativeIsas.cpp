//===- NativeIsas.cpp - tests on the instructions of this CPU -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ISAs of the program whose objects are compiled for the host.
//
//===----------------------------------------------------------------------===//

#include "TestedIsas.h"

bool isEmulation() { return false; }

std::vector<fp8attn_isa> testedIsas() {
  return {FP8ATTN_ISA_GENERIC, FP8ATTN_ISA_AVX2, FP8ATTN_ISA_AVX512,
          FP8ATTN_ISA_AVX512_BF16, FP8ATTN_ISA_AMX_BF16};
}

std::vector<fp8attn_isa> runnableIsas() {
  std::vector<fp8attn_isa> isas;
  for (fp8attn_isa isa : testedIsas())
    if (whyNot(isa).empty())
      isas.push_back(isa);
  return isas;
}

std::string whyNot(fp8attn_isa isa) {
  return fp8attn_cpu()->isa >= isa ? "" : fp8attn_cpu()->reason;
}
