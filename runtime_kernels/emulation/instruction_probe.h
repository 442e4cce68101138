//===- instruction_probe.h - one instruction a function ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The instructions of instructions.cpp as functions of memory, on the CPU and
// emulated, so that a test compares the two.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EMULATION_INSTRUCTION_PROBE_H
#define FP8ATTN_EMULATION_INSTRUCTION_PROBE_H

#include <stdint.h>

/// The operands of an instruction: registers, and the mask of those that have
/// one. TDPBF16PS has tiles of one row, of which b is the row of pairs.
struct ProbeOperands {
  alignas(64) uint32_t a[16], b[16], c[16];
  uint16_t mask;
};

/// Writes the 64 bytes that the instruction gives; what it leaves is what was
/// in `result`.
typedef void (*InstructionProbe)(const ProbeOperands *operands,
                                 uint32_t *result);

/// INSTRUCTION(name, isa), of which there is fp8attn_probe_<name>_<isa>.
#define FP8ATTN_INSTRUCTIONS(INSTRUCTION)                                      \
  INSTRUCTION(max, avx512_bf16)                                                \
  INSTRUCTION(pternlog, avx512_bf16)                                           \
  INSTRUCTION(reduce, avx512_bf16)                                             \
  INSTRUCTION(scalef, avx512_bf16)                                             \
  INSTRUCTION(dpbf16, avx512_bf16)                                             \
  INSTRUCTION(cvtne2bf16, avx512_bf16)                                         \
  INSTRUCTION(cvtph, avx512_bf16)                                              \
  INSTRUCTION(maddubs, avx512_bf16)                                            \
  INSTRUCTION(maddwd, avx512_bf16)                                             \
  INSTRUCTION(pshufb, avx512_bf16)                                             \
  INSTRUCTION(permi2b, avx512_bf16)                                            \
  INSTRUCTION(permw, avx512_bf16)                                              \
  INSTRUCTION(sll, avx512_bf16)                                                \
  INSTRUCTION(pmovdb, avx512_bf16)                                             \
  INSTRUCTION(tdpbf16, amx_bf16)

extern "C" {
#define FP8ATTN_DECLARE(name, isa)                                             \
  void fp8attn_probe_##name##_##isa(const ProbeOperands *, uint32_t *);        \
  void fp8attn_probe_##name##_##isa##_on_avx2(const ProbeOperands *,           \
                                              uint32_t *);
FP8ATTN_INSTRUCTIONS(FP8ATTN_DECLARE)
#undef FP8ATTN_DECLARE
}

#endif // FP8ATTN_EMULATION_INSTRUCTION_PROBE_H
