//===- CacheFunctions.h - functions whose arguments are caches --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An argument that is a cache becomes memory, and so a function is imported as
// a whole or not at all: a copy of it is changed and takes its place then.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_CACHEFUNCTIONS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_CACHEFUNCTIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp8attn {

/// Returns the functions of a module that have one block.
SmallVector<func::FuncOp> getFunctionsOfOneBlock(ModuleOp module);

/// Calls `import` with a copy of a function, which takes its place if that
/// returns true.
void importCopy(func::FuncOp function,
                function_ref<bool(func::FuncOp copy)> import);

/// Whether anything may name a function, whose type would change; if so, there
/// is a remark at `op`.
bool refuseNamed(func::FuncOp function, Operation *op);

/// Lets the type of a function say what its arguments are now.
void updateArgumentTypes(func::FuncOp function);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_CACHEFUNCTIONS_H
