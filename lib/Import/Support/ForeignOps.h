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
#include "llvm/ADT/SetVector.h"

namespace mlir::fp8attn {

/// Whether the operation has the name, "onnx.Attention", and may be replaced:
/// one that ends its block may be a terminator, for all that is known of it.
bool isForeign(Operation *op, StringRef name);

/// Returns an attribute, which may be a property; null if there is none, or it
/// is not of the kind that is asked for.
Attribute getForeignAttr(Operation *op, StringRef name);
template <typename AttrT> AttrT getForeignAttr(Operation *op, StringRef name) {
  return dyn_cast_if_present<AttrT>(getForeignAttr(op, name));
}

/// Whether an attribute is this text.
bool hasForeignText(Operation *op, StringRef name, StringRef text);

/// Erases the operations that made the values, if nothing uses them any more
/// and their names begin with one of `prefixes`.
void eraseUnusedMakers(ArrayRef<Value> values, ArrayRef<StringRef> prefixes);

/// Erases those of the operations that nothing uses, until each that is left is
/// used.
void eraseUnused(llvm::SetVector<Operation *> operations);

/// Creates an operation with one operand and one result.
Value createForeignCast(OpBuilder &builder, Location loc, StringRef name,
                        Type result, Value operand);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_FOREIGNOPS_H
