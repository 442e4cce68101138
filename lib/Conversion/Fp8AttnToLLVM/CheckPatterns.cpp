//===- CheckPatterns.cpp - what checks hand to the runtime ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each check in the order of its parameters in Runtime/lowering_abi.h; those of
// where operands are have a file of their own.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "CheckLowering.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/ElementTypes.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
struct CheckSizeLowering : CheckLowering<CheckSizeOp, runtime::kCheckSize> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckSizeOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    Value name = makeString(builder, loc, symbols, op.getName());
    Value otherName = makeString(builder, loc, symbols, op.getOtherName());
    return {name, adaptor.getSize(), otherName, adaptor.getOtherSize()};
  }
};

struct CheckIntegersLowering
    : CheckLowering<CheckIntegersOp, runtime::kCheckIntegers> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckIntegersOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    return {makeString(builder, loc, symbols, op.getName()),
            getPointer(builder, loc, op.getIntegers(), adaptor.getIntegers()),
            MemRefDescriptor(adaptor.getIntegers()).size(builder, loc, 0),
            adaptor.getMost()};
  }
};

struct CheckDraftColumnsLowering
    : CheckLowering<CheckDraftColumnsOp, runtime::kCheckDraftColumns> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckDraftColumnsOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    return {
        makeString(builder, loc, symbols, op.getName()), adaptor.getColumns(),
        getPointer(builder, loc, op.getQueryStart(), adaptor.getQueryStart()),
        MemRefDescriptor(adaptor.getQueryStart()).size(builder, loc, 0)};
  }
};

struct CheckScaleLowering : CheckLowering<CheckScaleOp, runtime::kCheckScale> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckScaleOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    auto type = dyn_cast<MemRefType>(op.getScale().getType());
    if (!type)
      return getArgumentsOfNumber(op, adaptor.getScale(), builder);
    auto memref = cast<TypedValue<MemRefType>>(op.getScale());
    MemRefDescriptor scale(adaptor.getScale());
    SmallVector<Value> sizes, strides;
    for (unsigned dim = 0; dim < type.getRank(); ++dim) {
      sizes.push_back(scale.size(builder, loc, dim));
      strides.push_back(scale.stride(builder, loc, dim));
    }
    return {makeString(builder, loc, symbols, op.getName()),
            getPointer(builder, loc, memref, adaptor.getScale()),
            makeInteger(builder, loc, 32, getAbiType(type.getElementType())),
            makeInteger(builder, loc, 32, type.getRank()),
            storeToArray(builder, op, sizes),
            storeToArray(builder, op, strides)};
  }

private:
  /// A number is a scale without dimensions, in a place on the stack.
  SmallVector<Value> getArgumentsOfNumber(CheckScaleOp op, Value number,
                                          OpBuilder &builder) const {
    Location loc = op.getLoc();
    Value place = allocateOnStack(builder, op, number.getType());
    LLVM::StoreOp::create(builder, loc, number, place);
    Value none = LLVM::ZeroOp::create(builder, loc, place.getType());
    return {makeString(builder, loc, symbols, op.getName()),
            place,
            makeInteger(builder, loc, 32, FP8ATTN_TYPE_F32),
            makeInteger(builder, loc, 32, 0),
            none,
            none};
  }
};

struct CheckScalePagesLowering
    : CheckLowering<CheckScalePagesOp, runtime::kCheckScalePages> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckScalePagesOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    auto number = [&](int64_t value) {
      return makeInteger(builder, loc, 64, value);
    };
    return {
        makeString(builder, loc, symbols, op.getName()),
        number(op.getDimension()),
        adaptor.getSize(),
        number(op.getMost()),
        number(op.getPerPage()),
        getCacheMember(builder, loc, adaptor.getCache(), abi::kCacheNumPages)};
  }
};

struct CheckBatchLowering : CheckLowering<CheckBatchOp, runtime::kCheckBatch> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckBatchOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    SmallVector<Value> arguments = getBatch(op, adaptor, builder);
    arguments.append(makeVisibility(builder, op));
    return arguments;
  }
};

struct CheckPrefixLowering
    : CheckLowering<CheckPrefixOp, runtime::kCheckPrefix> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckPrefixOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    auto sizeOf = [&](Value memref, unsigned dim) {
      return MemRefDescriptor(memref).size(builder, loc, dim);
    };
    Value one = makeInteger(builder, loc, 64, 1);
    return {
        getPointer(builder, loc, op.getGroupStart(), adaptor.getGroupStart()),
        sizeOf(adaptor.getGroupStart(), 0),
        getPointer(builder, loc, op.getPrefixLens(), adaptor.getPrefixLens()),
        sizeOf(adaptor.getPrefixLens(), 0),
        getPointer(builder, loc, op.getPrefixTable(), adaptor.getPrefixTable()),
        sizeOf(adaptor.getPrefixTable(), 0),
        sizeOf(adaptor.getPrefixTable(), 1),
        MemRefDescriptor(adaptor.getPrefixTable()).stride(builder, loc, 0),
        getPointer(builder, loc, op.getQueryStart(), adaptor.getQueryStart()),
        LLVM::SubOp::create(builder, loc, sizeOf(adaptor.getQueryStart(), 0),
                            one),
        getCacheMember(builder, loc, adaptor.getCache(), abi::kCacheNumPages),
        makeInteger(builder, loc, 64, op.getCache().getType().getPageTokens())};
  }
};

struct CheckSlotsLowering : CheckLowering<CheckSlotsOp, runtime::kCheckSlots> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckSlotsOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    Value numPages =
        getCacheMember(builder, loc, adaptor.getCache(), abi::kCacheNumPages);
    Value pageTokens =
        makeInteger(builder, loc, 64, op.getCache().getType().getPageTokens());
    return {getPointer(builder, loc, op.getSlots(), adaptor.getSlots()),
            MemRefDescriptor(adaptor.getSlots()).size(builder, loc, 0),
            LLVM::MulOp::create(builder, loc, numPages, pageTokens)};
  }
};

struct CheckPagesLowering : CheckLowering<CheckPagesOp, runtime::kCheckPages> {
  using CheckLowering::CheckLowering;

  SmallVector<Value> getArguments(CheckPagesOp op, OpAdaptor adaptor,
                                  OpBuilder &builder) const override {
    Location loc = op.getLoc();
    MemRefDescriptor pages(adaptor.getPages());
    auto numPages = [&](Value cache) {
      return getCacheMember(builder, loc, cache, abi::kCacheNumPages);
    };
    auto columns = [&](TypedValue<CacheType> cache,
                       TypedValue<CacheType> other) {
      return makeInteger(builder, loc, 64,
                         cache.getType().getPagesPerPage(other.getType()));
    };
    return {getPointer(builder, loc, op.getPages(), adaptor.getPages()),
            pages.size(builder, loc, 0),
            pages.stride(builder, loc, 0),
            columns(op.getSource(), op.getDestination()),
            numPages(adaptor.getSource()),
            columns(op.getDestination(), op.getSource()),
            numPages(adaptor.getDestination())};
  }
};
} // namespace

void mlir::fp8attn::populateCheckPatterns(const LLVMTypeConverter &converter,
                                          ModuleSymbols &symbols,
                                          RewritePatternSet &patterns) {
  patterns
      .add<CheckSizeLowering, CheckDraftColumnsLowering, CheckIntegersLowering,
           CheckScaleLowering, CheckScalePagesLowering, CheckBatchLowering,
           CheckPrefixLowering, CheckSlotsLowering, CheckPagesLowering>(
          converter, symbols);
}
