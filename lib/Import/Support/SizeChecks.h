//===- SizeChecks.h - sizes that only a call knows --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an importer relies on, beside what operations check of their operands.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_SIZECHECKS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_SIZECHECKS_H

#include "mlir/IR/Builders.h"

#include <string>

namespace mlir::fp8attn {

/// Demands that two sizes are the same: a call in which they are not is
/// refused, with their names. If that is known before, returns failure, and
/// says why.
LogicalResult demandSame(OpBuilder &builder, Location loc, StringRef name,
                         OpFoldResult size, StringRef otherName,
                         OpFoldResult other, std::string &why);

/// Demands that a number is neither negative nor more than `most`, likewise.
void demandUpTo(OpBuilder &builder, Location loc, StringRef name, Value number,
                StringRef mostName, Value most);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_SIZECHECKS_H
