//===- MemRefForm.cpp - passes that take memrefs only ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Transforms/MemRefForm.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

LogicalResult mlir::fp8attn::requireMemRefs(Operation *root) {
  WalkResult result = root->walk([](ModelOpInterface op) {
    if (!op.hasTensors())
      return WalkResult::advance();
    op->emitOpError(
        "expects memrefs, got tensors; bufferize first (docs/Tensors.md)");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}
