//===- CheckLowering.h - calls of the checks of the runtime -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What all checks have in common: the runtime is called with the context and
// what is to be checked, and what it refuses ends the function. Checks must
// therefore stand in functions, not in structured control flow.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_CHECKLOWERING_H
#define FP8ATTN_LIB_CONVERSION_CHECKLOWERING_H

#include "AbiTypes.h"
#include "Patterns.h"

namespace mlir::fp8attn {

/// Lowers a check to a call of `function`, whose first parameter is the
/// context and whose result is a status.
template <typename Op, const RuntimeFunction &function>
struct CheckLowering : SymbolPattern<Op> {
  using SymbolPattern<Op>::SymbolPattern;
  using OpAdaptor = typename SymbolPattern<Op>::OpAdaptor;

  LogicalResult
  matchAndRewrite(Op op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const final {
    Location loc = op.getLoc();
    SmallVector<Value> arguments = getArguments(op, adaptor, rewriter);
    arguments.insert(arguments.begin(), getContextArgument(op));
    auto call = callRuntime(rewriter, loc, this->symbols, function, arguments);
    returnIfFailed(rewriter, loc, call.getResult());
    rewriter.eraseOp(op);
    return success();
  }

protected:
  /// Returns the arguments behind the context.
  virtual SmallVector<Value> getArguments(Op op, OpAdaptor adaptor,
                                          OpBuilder &builder) const = 0;

  /// Returns the pointer to the first element of a memref.
  Value getPointer(OpBuilder &builder, Location loc,
                   TypedValue<MemRefType> memref, Value descriptor) const {
    return getElementPointer(builder, loc, *this->getTypeConverter(),
                             descriptor, memref.getType());
  }

  /// Returns the lists of a batch with their sizes, the number of query tokens,
  /// and the number and tokens of the cache's pages, of an operation that has
  /// these operands.
  SmallVector<Value> getBatch(Op op, OpAdaptor adaptor,
                              OpBuilder &builder) const {
    Location loc = op.getLoc();
    MemRefDescriptor starts(adaptor.getQueryStart());
    MemRefDescriptor lengths(adaptor.getSeqLens());
    MemRefDescriptor table(adaptor.getBlockTable());
    return {
        getPointer(builder, loc, op.getQueryStart(), adaptor.getQueryStart()),
        starts.size(builder, loc, 0),
        getPointer(builder, loc, op.getSeqLens(), adaptor.getSeqLens()),
        lengths.size(builder, loc, 0),
        getPointer(builder, loc, op.getBlockTable(), adaptor.getBlockTable()),
        table.size(builder, loc, 0),
        table.size(builder, loc, 1),
        table.stride(builder, loc, 0),
        adaptor.getTokens(),
        getCacheMember(builder, loc, adaptor.getCache(), abi::kCacheNumPages),
        makeInteger(builder, loc, 64, op.getCache().getType().getPageTokens())};
  }
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_CHECKLOWERING_H
