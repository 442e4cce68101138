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

namespace mlir::fp8attn {

/// Returns the public functions with a body and no results, in order.
SmallVector<func::FuncOp> getEntryPoints(ModuleOp module);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_ENTRYPOINTS_H
