//===- SourceText.h - MLIR text with its names ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR keeps no names of values. A user who wrote %query expects the word in
// the C header and in messages, so that it is kept when text is read.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_SOURCETEXT_H
#define FP8ATTN_TARGET_SOURCETEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir::fp8attn {

/// Parses the main file of `sources`, which is MLIR text, not bytecode.
/// Arguments of entry points get the name that they have in the text as their
/// `fp8attn.name`, unless they have one, or the name is a number, the "arg" and
/// number that MLIR itself prints, or no identifier of C. Returns null after an
/// error, which was reported to the context.
OwningOpRef<ModuleOp> parseSourceText(const llvm::SourceMgr &sources,
                                      MLIRContext *context);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_SOURCETEXT_H
