//===- RuntimeSymbols.h - functions that compiled code calls ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The addresses of runtime functions and kernels, by symbol.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_RUNTIMESYMBOLS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_RUNTIMESYMBOLS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <string>
#include <utility>
#include <vector>

namespace mlir::fp8attn {

/// Symbols and their addresses.
using SymbolAddresses = std::vector<std::pair<std::string, void *>>;

/// Returns all functions that compiled code may call. With `emulateAmx`, AMX
/// kernels are the emulated ones, and the choice of an ISA takes the CPU to
/// have AMX.
SymbolAddresses getRuntimeSymbols(bool emulateAmx);

/// Returns which of the bodies in `isaMask` compiled code chooses that gets
/// these symbols; the context, whose cap is obeyed, says why no better one.
int32_t selectIsa(bool emulateAmx, fp8attn_context *context, uint32_t isaMask);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_RUNTIMESYMBOLS_H
