//===- Scratch.cpp - memory of one work item ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Support/Scratch.h"
#include "Support/Constants.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

void ScratchBuilder::add(MemRefType type, Value &view) {
  buffers.push_back({bytes, type, &view});
  reserve(type.getNumElements() * type.getElementTypeBitWidth() / 8);
}

void ScratchBuilder::reserve(int64_t size) {
  bytes += llvm::alignTo(size, FP8ATTN_ALIGNMENT);
}

Value ScratchBuilder::build(OpBuilder &builder, Location loc) const {
  auto type = MemRefType::get({bytes}, builder.getI8Type());
  Value scratch = WorkerScratchOp::create(builder, loc, type);
  for (const Buffer &buffer : buffers)
    *buffer.view = memref::ViewOp::create(
        builder, loc, buffer.type, scratch,
        constantIndex(builder, loc, buffer.offset), ValueRange());
  return scratch;
}
