//===- OnAvx2Isas.cpp - tests of bodies beyond AVX2, emulated -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ISAs of the program whose objects and kernels for AVX-512 and AMX became
// code for AVX2 (see CMakeLists.txt). It tells the objects that the CPU has all
// of them, if it has AVX2: the linker resolves both questions of the runtime to
// the functions here. Nothing else makes an object choose a body that is
// emulated, and no object but these has one.
//
//===----------------------------------------------------------------------===//

#include "TestedIsas.h"

extern "C" const fp8attn_cpu_info *__real_fp8attn_cpu();

static bool canEmulate() {
  return __real_fp8attn_cpu()->isa >= FP8ATTN_ISA_AVX2;
}

extern "C" const fp8attn_cpu_info *__wrap_fp8attn_cpu() {
  static const fp8attn_cpu_info emulated = {FP8ATTN_ISA_AMX_BF16, ""};
  return canEmulate() ? &emulated : __real_fp8attn_cpu();
}

/// Stands in the place of fp8attn::cpuIfPermitted.
const fp8attn_cpu_info &
wrapIfPermitted() __asm__("__wrap__ZN7fp8attn14cpuIfPermittedEv");
const fp8attn_cpu_info &wrapIfPermitted() { return *__wrap_fp8attn_cpu(); }

bool isEmulation() { return true; }

/// What the CPU has runs in the other programs; AMX is here for the emulation's
/// own sake.
std::vector<fp8attn_isa> testedIsas() {
  std::vector<fp8attn_isa> isas;
  for (fp8attn_isa isa :
       {FP8ATTN_ISA_AVX512, FP8ATTN_ISA_AVX512_BF16, FP8ATTN_ISA_AMX_BF16})
    if (isa > __real_fp8attn_cpu()->isa || isa == FP8ATTN_ISA_AMX_BF16)
      isas.push_back(isa);
  return isas;
}

/// The objects have bodies for the lesser ISAs too.
std::vector<fp8attn_isa> runnableIsas() {
  if (!canEmulate())
    return {};
  std::vector<fp8attn_isa> isas = testedIsas();
  isas.insert(isas.begin(), {FP8ATTN_ISA_GENERIC, FP8ATTN_ISA_AVX2});
  return isas;
}

std::string whyNot(fp8attn_isa isa) {
  return canEmulate()
             ? ""
             : std::string("emulated ISAs: ") + __real_fp8attn_cpu()->reason;
}
