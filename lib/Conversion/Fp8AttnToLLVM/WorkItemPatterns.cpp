//===- WorkItemPatterns.cpp - work items and their members ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work items live on the stack and are filled in by the runtime.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/kernels.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the rows of a work item: `rows` if they are there.
static Value makeRows(OpBuilder &builder, Location loc, Value rows) {
  return rows ? rows : makeInteger(builder, loc, 64, FP8ATTN_BLOCK_ROWS);
}

namespace {
struct ItemRowsLowering : SymbolPattern<ItemRowsOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(ItemRowsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(rewriter, loc, 64, value);
    };
    rewriter.replaceOp(
        op, callRuntime(rewriter, loc, symbols, runtime::kItemRows,
                        {getContextArgument(op), adaptor.getTokens(),
                         adaptor.getSequences(), number(op.getGroup()),
                         number(op.getKvHeads()), number(op.getMost())}));
    return success();
  }
};

struct NumWorkItemsLowering : SymbolPattern<NumWorkItemsOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(NumWorkItemsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    rewriter.replaceOp(
        op, callRuntime(rewriter, loc, symbols, runtime::kNumWorkItems,
                        {adaptor.getTokens(), adaptor.getSequences(),
                         makeRows(rewriter, loc, adaptor.getRows()),
                         makeInteger(rewriter, loc, 64, op.getGroup()),
                         makeInteger(rewriter, loc, 64, op.getKvHeads())}));
    return success();
  }
};

/// Returns the keys that rows see at most: `mostKeys` if it is there.
static Value makeMostKeys(OpBuilder &builder, Location loc, Value mostKeys) {
  return mostKeys ? mostKeys : makeInteger(builder, loc, 64, FP8ATTN_UNBOUNDED);
}

/// Returns where the sequences of a ragged batch begin, how many keys they
/// have, and how many they are.
template <typename Op>
static SmallVector<Value> makeSequences(OpBuilder &builder,
                                        const LLVMTypeConverter &converter,
                                        Op op, typename Op::Adaptor adaptor) {
  Location loc = op.getLoc();
  return {getElementPointer(builder, loc, converter, adaptor.getQueryStart(),
                            op.getQueryStart().getType()),
          getElementPointer(builder, loc, converter, adaptor.getSeqLens(),
                            op.getSeqLens().getType()),
          MemRefDescriptor(adaptor.getSeqLens()).size(builder, loc, 0)};
}

/// Returns what the runtime wants to know of a ragged batch.
template <typename Op>
static SmallVector<Value> makeBatch(OpBuilder &builder,
                                    const LLVMTypeConverter &converter, Op op,
                                    typename Op::Adaptor adaptor) {
  Location loc = op.getLoc();
  SmallVector<Value> arguments = makeSequences(builder, converter, op, adaptor);
  arguments.append({adaptor.getTokens(),
                    makeInteger(builder, loc, 64, op.getGroup()),
                    makeInteger(builder, loc, 64, op.getKvHeads())});
  arguments.append(makeVisibility(builder, op));
  return arguments;
}

struct ItemsAtOnceLowering : SymbolPattern<ItemsAtOnceOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(ItemsAtOnceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(rewriter, loc, 64, value);
    };
    SmallVector<Value> arguments = {getContextArgument(op), adaptor.getItems()};
    arguments.append(makeSequences(rewriter, *getTypeConverter(), op, adaptor));
    arguments.append({number(op.getGroup()), number(op.getKvHeads()),
                      number(op.getChannels()),
                      number(op.getWindowLeft().value_or(FP8ATTN_UNBOUNDED))});
    rewriter.replaceOp(op, callRuntime(rewriter, loc, symbols,
                                       runtime::kItemsAtOnce, arguments));
    return success();
  }
};

struct NumPartsLowering : SymbolPattern<NumPartsOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(NumPartsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> arguments = {
        getContextArgument(op), adaptor.getBlocks(),
        makeRows(rewriter, op.getLoc(), adaptor.getRows())};
    arguments.append(makeBatch(rewriter, *getTypeConverter(), op, adaptor));
    arguments.push_back(
        makeMostKeys(rewriter, op.getLoc(), adaptor.getMostKeys()));
    rewriter.replaceOp(op, callRuntime(rewriter, op.getLoc(), symbols,
                                       runtime::kNumParts, arguments));
    return success();
  }
};

struct WorkItemLowering : SymbolPattern<WorkItemOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(WorkItemOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value item =
        allocateOnStack(rewriter, op, abi::getWorkItemType(getContext()));
    Value parts = adaptor.getParts();
    // tile.num_parts prepares the order of items, too.
    Value context =
        parts ? getContextArgument(op)
              : LLVM::ZeroOp::create(rewriter, loc,
                                     LLVM::LLVMPointerType::get(getContext()));
    SmallVector<Value> arguments = {context, item, adaptor.getIndex(),
                                    parts ? parts
                                          : makeInteger(rewriter, loc, 64, 1),
                                    makeRows(rewriter, loc, adaptor.getRows())};
    arguments.append(makeBatch(rewriter, *getTypeConverter(), op, adaptor));
    arguments.push_back(makeMostKeys(rewriter, loc, adaptor.getMostKeys()));
    callRuntime(rewriter, loc, symbols, runtime::kWorkItemInit, arguments);
    rewriter.replaceOp(op, item);
    return success();
  }
};

struct DenseItemLowering : SymbolPattern<DenseItemOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(DenseItemOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(rewriter, loc, 64, value);
    };
    Value item =
        allocateOnStack(rewriter, op, abi::getWorkItemType(getContext()));
    SmallVector<Value> arguments = {item,
                                    adaptor.getIndex(),
                                    adaptor.getQueries(),
                                    adaptor.getKeys(),
                                    adaptor.getDiagonal(),
                                    number(op.getGroup()),
                                    number(op.getKvHeads()),
                                    number(op.getRows())};
    for (std::optional<int64_t> side :
         {op.getWindowLeft(), op.getWindowRight()})
      arguments.push_back(number(side.value_or(FP8ATTN_UNBOUNDED)));
    callRuntime(rewriter, loc, symbols, runtime::kDenseItemInit, arguments);
    rewriter.replaceOp(op, item);
    return success();
  }
};

/// Reads a member of the work item.
template <typename Op, int kMember>
struct WorkItemFieldLowering : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MLIRContext *context = op.getContext();
    Value member = LLVM::GEPOp::create(
        rewriter, op.getLoc(), LLVM::LLVMPointerType::get(context),
        abi::getWorkItemType(context), adaptor.getItem(),
        ArrayRef<LLVM::GEPArg>{0, kMember});
    rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, rewriter.getI64Type(),
                                              member);
    return success();
  }
};
} // namespace

void mlir::fp8attn::populateWorkItemPatterns(const LLVMTypeConverter &converter,
                                             ModuleSymbols &symbols,
                                             RewritePatternSet &patterns) {
  patterns.add<ItemRowsLowering, ItemsAtOnceLowering, NumWorkItemsLowering,
               NumPartsLowering, WorkItemLowering, DenseItemLowering>(converter,
                                                                      symbols);
  patterns.add<WorkItemFieldLowering<NumRowsOp, abi::kWorkItemNumRows>,
               WorkItemFieldLowering<FirstKeyOp, abi::kWorkItemFirstKey>,
               WorkItemFieldLowering<NumKeysOp, abi::kWorkItemNumKeys>,
               WorkItemFieldLowering<ItemPartsOp, abi::kWorkItemNumParts>,
               WorkItemFieldLowering<KvHeadOp, abi::kWorkItemKvHead>,
               WorkItemFieldLowering<SequenceOp, abi::kWorkItemSequence>,
               WorkItemFieldLowering<GroupOp, abi::kWorkItemGroup>,
               WorkItemFieldLowering<QueryBeginOp, abi::kWorkItemQueryBegin>,
               WorkItemFieldLowering<FirstRowOp, abi::kWorkItemFirstRow>,
               WorkItemFieldLowering<DiagonalOp, abi::kWorkItemDiagonal>>(
      converter);
}
