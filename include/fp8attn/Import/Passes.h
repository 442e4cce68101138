//===- Passes.h - passes that import from other dialects --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors and registration of the passes in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_IMPORT_PASSES_H
#define FP8ATTN_IMPORT_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::fp8attn {

#define GEN_PASS_DECL
#include "fp8attn/Import/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "fp8attn/Import/Passes.h.inc"

} // namespace mlir::fp8attn

#endif // FP8ATTN_IMPORT_PASSES_H
