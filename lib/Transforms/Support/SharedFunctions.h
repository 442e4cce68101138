//===- SharedFunctions.h - functions of equal operations --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Has equal groups of operations of a function call one function.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_SHAREDFUNCTIONS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_SHAREDFUNCTIONS_H

#include "Support/EqualFunctions.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::fp8attn {

/// Operations of a block that a call may take the place of, where the last of
/// them stands: in order, and without results that others use.
struct OperationGroup {
  SmallVector<Operation *, 1> ops;
  /// What a function of them is called behind the name of its caller.
  StringRef name;
};

/// The functions that are made for one module: they are equal to none of
/// another.
class SharedFunctions {
public:
  explicit SharedFunctions(ModuleOp module) : symbols(module) {}
  SharedFunctions(const SharedFunctions &) = delete;
  /// Erases what no caller has needed.
  ~SharedFunctions();

  /// Replaces the groups of a function that are equal to others of it, but for
  /// the values that they take from outside.
  void share(func::FuncOp caller, ArrayRef<OperationGroup> groups);

private:
  SymbolTable symbols;
  EqualFunctions functions;
  /// The same. A function is of no module until a caller needs it.
  SmallVector<func::FuncOp> made;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_SHAREDFUNCTIONS_H
