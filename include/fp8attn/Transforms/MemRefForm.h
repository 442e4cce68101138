//===- MemRefForm.h - passes that take memrefs only -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations of the model level may be on tensors until they are bufferized.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TRANSFORMS_MEMREFFORM_H
#define FP8ATTN_TRANSFORMS_MEMREFFORM_H

#include "mlir/IR/Operation.h"

namespace mlir::fp8attn {

/// Reports the first operation of the model level within `root` that is on
/// tensors.
LogicalResult requireMemRefs(Operation *root);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TRANSFORMS_MEMREFFORM_H
