//===- ForeignOps.h - operations of other dialects --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations are known by name. Whether their dialect is registered or not,
// they are read in the same way.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_FOREIGNOPS_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_FOREIGNOPS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

namespace mlir::fp8attn {

/// Whether the operation has the name, "onnx.Attention", and may be replaced:
/// one that ends its block may be a terminator, for all that is known of it.
bool isForeign(Operation *op, StringRef name);

/// Returns an attribute, which may be a property; null if there is none.
Attribute getForeignAttr(Operation *op, StringRef name);

/// Erases the operations that made the values, if nothing uses them any more
/// and their names begin with one of `prefixes`.
void eraseUnusedMakers(ArrayRef<Value> values, ArrayRef<StringRef> prefixes);

/// Creates an operation with one operand and one result.
Value createForeignCast(OpBuilder &builder, Location loc, StringRef name,
                        Type result, Value operand);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_FOREIGNOPS_H
