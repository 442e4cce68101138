//===- SymbolNames.h - names that functions may have ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What functions of a model must not be called, because a host, its C library,
// a compiled object or a C compiler has something else of that name.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_SYMBOLNAMES_H
#define FP8ATTN_TARGET_SYMBOLNAMES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::fp8attn {

/// Returns whether C and C++ take the name for a function or a parameter.
bool isIdentifier(StringRef name);

/// Returns whether objects may import `name` from the C library (all that they
/// may is in imports.def).
bool isImport(StringRef name);

/// Demands of a function or a constant a name that nothing that the object
/// calls has. Fails with a diagnostic there.
LogicalResult checkSymbolName(Operation *symbol);

/// Demands of the name of an entry point, which hosts see, that it is also an
/// identifier of C that is not reserved. Fails likewise.
LogicalResult checkEntryPointName(func::FuncOp function);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_SYMBOLNAMES_H
