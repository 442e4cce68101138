//===- HeaderEmission.h - C declarations of entry points --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the header that C and C++ hosts include beside an object.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_HEADEREMISSION_H
#define FP8ATTN_TARGET_HEADEREMISSION_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::fp8attn {

/// Writes the declarations of the entry points of a module at the model level:
/// for each, its prototype and the size of its workspace, with a comment on
/// each argument, and a macro for the bytes of a page of each cache. `name`,
/// usually the file's, goes into the include guard. Emits an error if an entry
/// point has a name or an argument that C cannot have; the stream may have been
/// written to.
LogicalResult emitHeader(ModuleOp module, StringRef name, raw_ostream &os);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_HEADEREMISSION_H
