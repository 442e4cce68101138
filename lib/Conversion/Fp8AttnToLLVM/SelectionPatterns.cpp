//===- SelectionPatterns.cpp - lists of selected keys ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The check of lists, and what is done with them before attention.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "CheckLowering.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns where the queries stand, and how many keys they see after that, two
/// i64. There is no side before.
template <typename Op>
static SmallVector<Value> makeSeenKeys(OpBuilder &builder, Op op) {
  auto number = [&](int64_t value) {
    return makeInteger(builder, op.getLoc(), 64, value);
  };
  return {number(op.getAlignment() == Alignment::TopLeft),
          number(op.getWindowRight().value_or(FP8ATTN_UNBOUNDED))};
}

namespace {
struct CheckSelectionLowering
    : CheckLowering<CheckSelectionOp, runtime::kCheckSelection> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckSelectionOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    MemRefDescriptor selected(adaptor.getSelected());
    const int64_t rank = op.getSelected().getType().getRank();
    // Without a dimension of lists there are none, at no distance.
    Value none = makeInteger(builder, loc, 64, 0);
    SmallVector<Value> arguments = {
        makeString(builder, loc, symbols, op.getName()),
        makeInteger(builder, loc, 64, op.getUnit()),
        getPointer(builder, loc, op.getSelected(), adaptor.getSelected()),
        rank == 3 ? selected.size(builder, loc, 1) : none,
        selected.size(builder, loc, rank - 1),
        selected.stride(builder, loc, 0),
        rank == 3 ? selected.stride(builder, loc, 1) : none};
    arguments.append(getBatch(op, adaptor, builder));
    arguments.append(makeSeenKeys(builder, op));
    return arguments;
  }
};

/// `select_pages` and `select_tokens`, which have the same operands.
template <typename Op, const RuntimeFunction &function>
struct SelectLowering : SymbolPattern<Op> {
  using SymbolPattern<Op>::SymbolPattern;

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto pointerTo = [&](TypedValue<MemRefType> memref, Value descriptor) {
      return getElementPointer(rewriter, loc, *this->getTypeConverter(),
                               descriptor, memref.getType());
    };
    auto strideOf = [&](Value memref) {
      return MemRefDescriptor(memref).stride(rewriter, loc, 0);
    };
    SmallVector<Value> arguments = {
        pointerTo(op.getSelected(), adaptor.getSelected()),
        MemRefDescriptor(adaptor.getSelected()).size(rewriter, loc, 1),
        strideOf(adaptor.getSelected()),
        adaptor.getToken(),
        pointerTo(op.getQueryStart(), adaptor.getQueryStart()),
        pointerTo(op.getSeqLens(), adaptor.getSeqLens()),
        MemRefDescriptor(adaptor.getSeqLens()).size(rewriter, loc, 0),
        pointerTo(op.getBlockTable(), adaptor.getBlockTable()),
        strideOf(adaptor.getBlockTable()),
        makeInteger(rewriter, loc, 64, op.getPage())};
    arguments.append(makeSeenKeys(rewriter, op));
    arguments.append({pointerTo(op.getOut(), adaptor.getOut()),
                      strideOf(adaptor.getOut()), adaptor.getOutRow()});
    rewriter.replaceOp(
        op, callRuntime(rewriter, loc, this->symbols, function, arguments));
    return success();
  }
};

struct GatherTokensLowering : SymbolPattern<GatherTokensOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(GatherTokensOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(rewriter, loc, 64, value);
    };
    auto memberOf = [&](Value cache, abi::CacheMember member) {
      return getCacheMember(rewriter, loc, cache, member);
    };
    MemRefDescriptor places(adaptor.getPlaces());
    Value offset = LLVM::MulOp::create(rewriter, loc, adaptor.getRow(),
                                       places.stride(rewriter, loc, 0));
    Value row = LLVM::GEPOp::create(
        rewriter, loc, LLVM::LLVMPointerType::get(getContext()),
        rewriter.getI64Type(),
        getElementPointer(rewriter, loc, *getTypeConverter(),
                          adaptor.getPlaces(), op.getPlaces().getType()),
        ArrayRef<LLVM::GEPArg>{offset});
    CacheType type = op.getSource().getType();
    const int64_t tokens = type.getPageTokens();
    callRuntime(rewriter, loc, symbols, runtime::kGatherTokens,
                {row, adaptor.getFirst(), adaptor.getEnd(),
                 memberOf(adaptor.getSource(), abi::kCacheData),
                 memberOf(adaptor.getSource(), abi::kCachePageBytes),
                 memberOf(adaptor.getDestination(), abi::kCacheData),
                 memberOf(adaptor.getDestination(), abi::kCachePageBytes),
                 adaptor.getPlace(), number(tokens), number(type.getNumHeads()),
                 number(type.getKeyBytes() / tokens),
                 number(type.getValueBytes() / tokens),
                 number(type.getElementBits())});
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void mlir::fp8attn::populateSelectionPatterns(
    const LLVMTypeConverter &converter, ModuleSymbols &symbols,
    RewritePatternSet &patterns) {
  patterns.add<CheckSelectionLowering, GatherTokensLowering,
               SelectLowering<SelectPagesOp, runtime::kSelectPages>,
               SelectLowering<SelectTokensOp, runtime::kSelectTokens>>(
      converter, symbols);
}
