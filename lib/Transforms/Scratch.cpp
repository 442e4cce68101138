//===- Scratch.cpp - memory of one work item ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Scratch.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

unsigned ScratchBuilder::add(MemRefType type) {
  buffers.emplace_back(bytes, type);
  int64_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  bytes += llvm::alignTo(size, FP8ATTN_ALIGNMENT);
  return buffers.size() - 1;
}

SmallVector<Value> ScratchBuilder::build(OpBuilder &builder,
                                         Location loc) const {
  auto type = MemRefType::get({bytes}, builder.getI8Type());
  Value scratch = WorkerScratchOp::create(builder, loc, type);
  SmallVector<Value> views;
  for (auto [offset, viewType] : buffers) {
    Value byte = arith::ConstantIndexOp::create(builder, loc, offset);
    views.push_back(memref::ViewOp::create(builder, loc, viewType, scratch,
                                           byte, ValueRange()));
  }
  return views;
}
