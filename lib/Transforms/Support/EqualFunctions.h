//===- EqualFunctions.h - functions that do the same -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds functions that do the same, wherever they came from.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_EQUALFUNCTIONS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_EQUALFUNCTIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::fp8attn {

/// A set of functions with bodies no two of which are equal: of one type, for
/// one ISA, with the same operations, whatever their names and places.
class EqualFunctions {
public:
  /// Returns the function of the set that is equal to `function`. If there is
  /// none, that is `function` itself from now on.
  func::FuncOp findOrAdd(func::FuncOp function);

private:
  DenseMap<size_t, SmallVector<func::FuncOp, 1>> functions;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_EQUALFUNCTIONS_H
