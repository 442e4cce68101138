//===- CheckResultSizes.cpp - memory that is to hold results --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a function allocates has the sizes that it asked for. They are compared
// all the same: the allocation becomes an argument later.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Transforms/Passes.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_CHECKRESULTSIZES
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns what allocates a returned memref, or null.
static memref::AllocOp getAllocation(Value returned) {
  while (auto cast = returned.getDefiningOp<memref::CastOp>())
    returned = cast.getSource();
  return returned.getDefiningOp<memref::AllocOp>();
}

/// Whether the sizes are compared already.
static bool isChecked(memref::AllocOp alloc) {
  return llvm::any_of(alloc->getUsers(), [](Operation *user) {
    return isa<memref::DimOp>(user) &&
           llvm::any_of(user->getUsers(), llvm::IsaPred<CheckSizeOp>);
  });
}

static void checkSizes(memref::AllocOp alloc, unsigned result) {
  OpBuilder builder(alloc);
  builder.setInsertionPointAfter(alloc);
  Location loc = alloc.getLoc();
  MemRefType type = alloc.getType();
  auto sizes = alloc.getDynamicSizes().begin();
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
    if (!type.isDynamicDim(dimension))
      continue;
    Value size = memref::DimOp::create(builder, loc, alloc, dimension);
    CheckSizeOp::create(
        builder, loc,
        llvm::formatv("size {0} of result {1}", dimension, result).str(), size,
        "that of what is computed", *sizes++);
  }
}

namespace {
struct CheckResultSizesPass
    : public fp8attn::impl::CheckResultSizesBase<CheckResultSizesPass> {
  void runOnOperation() override {
    getOperation().walk([](func::ReturnOp op) {
      for (auto [index, returned] : llvm::enumerate(op.getOperands()))
        if (memref::AllocOp alloc = getAllocation(returned))
          if (!isChecked(alloc))
            checkSizes(alloc, index);
    });
  }
};
} // namespace
