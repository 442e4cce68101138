//===- small_stack_host.c - a host whose threads have small stacks --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Alternate signal stacks of the size that they have had for decades are taken
// after calls that cannot use AMX tiles, on CPUs that have them, too: once the
// kernel has been asked for tiles, it takes none under AT_MINSIGSTKSZ.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include "fp8attn/Runtime/lowering_abi.h"

#include <signal.h>
#include <stdio.h>

/// SIGSTKSZ, before it became a function.
enum { kStackBytes = 8192 };

/// Returns whether the kernel takes a small stack; removes it again.
static int takesSmallStack(void) {
  static char memory[kStackBytes];
  stack_t stack = {.ss_sp = memory, .ss_size = kStackBytes};
  const stack_t none = {.ss_flags = SS_DISABLE};
  return sigaltstack(&stack, NULL) == 0 && sigaltstack(&none, NULL) == 0;
}

int main(void) {
  if (!takesSmallStack()) {
    printf("skipped: the kernel takes no stack of %d bytes\n", kStackBytes);
    return 0;
  }
  fp8attn_context context;
  fp8attn_context_init(&context);
  const uint32_t all = (2u << FP8ATTN_ISA_AMX_BF16) - 1;
  const uint32_t noTiles = all >> 1;
  // An object without a body for AMX, and caps below it.
  int32_t isa = fp8attn_select_isa(&context, noTiles);
  for (int cap = FP8ATTN_ISA_GENERIC; cap < FP8ATTN_ISA_AMX_BF16; ++cap) {
    context.isa_cap = cap;
    if (fp8attn_select_isa(&context, all) > isa)
      printf("a call ran beyond %s: failed\n", fp8attn_isa_string(isa));
  }
  printf("small stacks %s\n", takesSmallStack() ? "are taken" : "failed");
  return 0;
}
