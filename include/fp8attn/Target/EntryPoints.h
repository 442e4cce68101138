//===- EntryPoints.h - functions that hosts call ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which functions of a module become entry points of the C ABI.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_ENTRYPOINTS_H
#define FP8ATTN_TARGET_ENTRYPOINTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace mlir::fp8attn {

/// Returns whether a function has `fp8attn.entry`.
bool isMarked(func::FuncOp function);

/// Returns whether a module says which of its functions are entry points, so
/// that all others are not of the model, but for what entry points call.
bool hasMarkedFunctions(ModuleOp module);

/// Returns the functions with `fp8attn.entry`, in order; if there is none, all
/// public functions with a body and no results.
SmallVector<func::FuncOp> getEntryPoints(ModuleOp module);

/// Returns their names.
SmallVector<std::string> getEntryPointNames(ModuleOp module);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_ENTRYPOINTS_H
