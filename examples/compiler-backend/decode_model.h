//===- decode_model.h - what a model needs, as IR ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands for the part of a compiler that knows models: it makes operations of
// fp8attn where another front end would have its own and lower them to these.
//
//===----------------------------------------------------------------------===//

#ifndef DECODE_MODEL_H
#define DECODE_MODEL_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <stdint.h>

struct DecodeModel {
  int64_t heads, kvHeads, headDim;
};

/// Returns a module with the entry point `decode`: a step of a ragged batch
/// over an e4m3 cache of pages of 32 tokens, with a scale for each KV head.
/// Null after a diagnostic if no attention has such numbers.
mlir::OwningOpRef<mlir::ModuleOp> buildDecodeModule(mlir::MLIRContext &context,
                                                    const DecodeModel &model);

#endif // DECODE_MODEL_H
