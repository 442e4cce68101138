//===- CastStrides.cpp - the innermost stride that kernels need -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Casts each operand of the model level that kernels need to be contiguous, and
// whose innermost stride is not known, to a type in which it is 1. All after
// this then sees static strides; that a cast is true is checked like what hosts
// pass.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_CASTSTRIDES
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the type of `type` with an innermost stride of 1, or null if that
/// stride is known.
static MemRefType getContiguousType(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.empty() ||
      !ShapedType::isDynamic(strides.back()))
    return {};
  strides.back() = 1;
  return MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(type.getContext(), offset, strides),
      type.getMemorySpace());
}

namespace {
struct CastStridesPass
    : public fp8attn::impl::CastStridesBase<CastStridesPass> {
  void runOnOperation() override {
    getOperation().walk([](ModelOpInterface op) {
      OpBuilder builder(op);
      // An operand that is read and written stays one value.
      llvm::SmallDenseMap<Value, Value> casts;
      for (const OperandRole &role : op.getOperandRoles()) {
        auto type = dyn_cast<MemRefType>(role.get().getType());
        MemRefType contiguous;
        if (type && role.isContiguous)
          contiguous = getContiguousType(type);
        if (!contiguous)
          continue;
        Value &cast = casts[role.get()];
        if (!cast)
          cast = memref::CastOp::create(builder, op.getLoc(), contiguous,
                                        role.get());
        role.operand->set(cast);
      }
    });
  }
};
} // namespace
