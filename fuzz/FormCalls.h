//===- FormCalls.h - calls of forms.mlir ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_FORMCALLS_H
#define FP8ATTN_FUZZ_FORMCALLS_H

#include "Call.h"

/// Each makes a valid call of the entry points of forms.mlir that have its
/// name.
void makeLatent(Call &call);
void makeBlocks(Call &call);
void makeRepackRows(Call &call);
void makeSelectedOfHeads(Call &call);
void makeEntries(Call &call);
void makeZeroPoints(Call &call);

#endif // FP8ATTN_FUZZ_FORMCALLS_H
