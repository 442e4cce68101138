//===- ArgumentNames.h - what entry points call their arguments -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The emitted C header and the messages of run-time checks use the same names
// for the arguments of an entry point; this is where they come from.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_ARGUMENTNAMES_H
#define FP8ATTN_TARGET_ARGUMENTNAMES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace mlir::fp8attn {

/// Returns a name for each argument of an entry point at the model level: its
/// `fp8attn.name` if it has one, which may be the name in the text
/// (SourceText.h), else its role in the first operation of the model level that
/// uses it, directly or through views ("query", "key_cache", "block_table"),
/// else "arg" and its number. Names that occur twice, or that the ABI takes
/// ("context"), get a suffix: "out_1".
SmallVector<std::string> getArgumentNames(func::FuncOp function);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_ARGUMENTNAMES_H
