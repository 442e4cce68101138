//===- ElementTypes.h - element types of the C ABI --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the types of elements are called in the C ABI.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_ELEMENTTYPES_H
#define FP8ATTN_TARGET_ELEMENTTYPES_H

#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/IR/Types.h"

namespace mlir::fp8attn {

/// Returns whether elements of tensors of the C ABI can have a type.
bool isAbiType(Type type);

/// Returns the name in the C ABI of such a type, or of one of 4 bits, which
/// only elements of caches have.
fp8attn_type getAbiType(Type type);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_ELEMENTTYPES_H
