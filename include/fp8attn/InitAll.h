//===- InitAll.h - what the tools know --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registration of the dialects, passes and translations that the tools offer.
// Libraries register only what they use; these functions are for tools.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_INITALL_H
#define FP8ATTN_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::fp8attn {

/// Registers the dialects that the tools accept as input or produce, with the
/// interfaces that inlining and conversion to LLVM ask them for.
void registerAllDialects(DialectRegistry &registry);

/// Registers what programs on tensors are written in beside our operations
/// (linalg, tensor, scf, ...), with the interfaces that bufferize, tile and
/// deallocate.
void registerTensorDialects(DialectRegistry &registry);

/// Registers the interfaces that translate the LLVM and builtin dialects to
/// LLVM IR.
void registerAllTranslations(DialectRegistry &registry);

/// Registers the passes of this project and MLIR's own.
void registerAllPasses();

} // namespace mlir::fp8attn

#endif // FP8ATTN_INITALL_H
