//===- BytecodeInterface.h - versions of bytecode ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What bytecode says of the dialect that it was written by.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_BYTECODEINTERFACE_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_BYTECODEINTERFACE_H

namespace mlir::fp8attn {
class Fp8AttnDialect;
} // namespace mlir::fp8attn

namespace mlir::fp8attn::detail {

/// Lets bytecode carry the version of the dialect, and be refused by readers
/// that are older than it.
void addBytecodeInterface(Fp8AttnDialect &dialect);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_BYTECODEINTERFACE_H
