//===- CacheViewPatterns.cpp - memory as a cache --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The struct of a cache from the descriptor of a memref, and the check that
// this holds whole pages, which stands before it.
//
//===----------------------------------------------------------------------===//

#include "CheckLowering.h"
#include "Patterns.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the bytes of a memref of contiguous elements, as i64.
static Value getBytes(OpBuilder &builder, Location loc, MemRefType type,
                      Value descriptor) {
  MemRefDescriptor memref(descriptor);
  Value bytes = makeInteger(builder, loc, 64,
                            llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    bytes = LLVM::MulOp::create(builder, loc, bytes,
                                memref.size(builder, loc, dim));
  return bytes;
}

namespace {
struct CheckViewLowering : CheckLowering<CheckViewOp, runtime::kCheckView> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckViewOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getSource().getType());
    return {makeString(builder, loc, symbols, op.getName()),
            getElementPointer(builder, loc, *getTypeConverter(),
                              adaptor.getSource(), type),
            getBytes(builder, loc, type, adaptor.getSource()),
            makeInteger(builder, loc, 64, op.getPageBytes())};
  }
};

struct CacheViewLowering : ConvertOpToLLVMPattern<CacheViewOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CacheViewOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getSource().getType());
    Value pageBytes =
        makeInteger(rewriter, loc, 64, op.getCache().getType().getPageBytes());
    Value pages = LLVM::UDivOp::create(
        rewriter, loc, getBytes(rewriter, loc, type, adaptor.getSource()),
        pageBytes);
    Value data = getElementPointer(rewriter, loc, *getTypeConverter(),
                                   adaptor.getSource(), type);
    rewriter.replaceOp(op, packStruct(rewriter, loc,
                                      abi::getCacheType(getContext()),
                                      {data, pages, pageBytes}));
    return success();
  }
};
} // namespace

void mlir::fp8attn::populateCacheViewPatterns(
    const LLVMTypeConverter &converter, ModuleSymbols &symbols,
    RewritePatternSet &patterns) {
  patterns.add<CheckViewLowering>(converter, symbols);
  patterns.add<CacheViewLowering>(converter);
}
