//===- Scratch.h - memory of one work item -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lays out what kernels hand to each other in the scratch memory of a worker.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_SCRATCH_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_SCRATCH_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Collects buffers, each aligned to a cache line, then makes views of them.
class ScratchBuilder {
public:
  /// Reserves a buffer whose view `build` puts into `view`.
  void add(MemRefType type, Value &view);

  /// Reserves bytes without a view.
  void reserve(int64_t size);

  /// Emits the scratch operation and the views. Returns the former's result.
  Value build(OpBuilder &builder, Location loc) const;

private:
  struct Buffer {
    int64_t offset;
    MemRefType type;
    Value *view;
  };
  SmallVector<Buffer> buffers;
  int64_t bytes = 0;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_SCRATCH_H
