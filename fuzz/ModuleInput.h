//===- ModuleInput.h - bytes as a module ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the targets that take text have in common.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_MODULEINPUT_H
#define FP8ATTN_FUZZ_MODULEINPUT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstddef>
#include <cstdint>

namespace mlir::fp8attn {

/// Returns a context with the tools' dialects that says nothing; it lives as
/// long as the program.
MLIRContext &quietContext();

/// Parses and verifies a module of text or of bytecode. Null if it is not one,
/// which is no finding.
OwningOpRef<ModuleOp> parseModule(StringRef bytes);
OwningOpRef<ModuleOp> parseModule(const uint8_t *data, size_t size);

/// Returns the module with each operation on memory `times` more times, right
/// behind itself.
OwningOpRef<ModuleOp> repeatOperations(ModuleOp module, unsigned times);

} // namespace mlir::fp8attn

#endif // FP8ATTN_FUZZ_MODULEINPUT_H
