//===- OperationText.h - what an operation computes, as JSON ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The "operations" of a description.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DESCRIBEENTRYPOINTS_OPERATIONTEXT_H
#define FP8ATTN_LIB_TRANSFORMS_DESCRIBEENTRYPOINTS_OPERATIONTEXT_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"

namespace mlir::fp8attn {

/// Writes an operation of the model level as an object: its name, the argument
/// of the entry point that each operand is, and its options. `getName` returns
/// the name of the argument that a value is or is a view of, null if it is
/// another value.
void writeOperation(llvm::json::OStream &json, ModelOpInterface op,
                    llvm::function_ref<StringAttr(Value)> getName);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DESCRIBEENTRYPOINTS_OPERATIONTEXT_H
