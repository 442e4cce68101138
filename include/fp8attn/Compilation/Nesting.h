//===- Nesting.h - how deep input is nested ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parser and passes of MLIR call themselves for what is nested; input that
// would overflow their stack is refused before.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMPILATION_NESTING_H
#define FP8ATTN_COMPILATION_NESTING_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::fp8attn {

/// Levels that input may have, of regions in each other, and of brackets of any
/// kind in its text. callOnLargeStack has room for several times as many.
inline constexpr unsigned kMaxNesting = 2000;

/// Returns the line of `text` on which brackets are nested deeper than
/// kMaxNesting, or 0 if none is. Strings and comments do not count.
unsigned findDeepLine(llvm::StringRef text);

/// Returns an operation within `op` that is nested deeper than kMaxNesting, or
/// null if none is.
Operation *findDeepOperation(Operation *op);

} // namespace mlir::fp8attn

#endif // FP8ATTN_COMPILATION_NESTING_H
