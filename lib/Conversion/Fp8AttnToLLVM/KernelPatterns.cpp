//===- KernelPatterns.cpp - kernel calls and what they take ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Microkernels are called directly, by their symbol. Key runs live on the stack
// and are filled in by the runtime.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Reads an entry of the run's row of the block table.
struct RunPageLowering : ConvertOpToLLVMPattern<RunPageOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(RunPageOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(getContext());
    Value member = LLVM::GEPOp::create(
        rewriter, loc, pointer, abi::getKeyRunType(getContext()),
        adaptor.getRun(), ArrayRef<LLVM::GEPArg>{0, abi::kKeyRunPages});
    Value pages = LLVM::LoadOp::create(rewriter, loc, pointer, member);
    Value entry =
        LLVM::GEPOp::create(rewriter, loc, pointer, rewriter.getI32Type(),
                            pages, ArrayRef<LLVM::GEPArg>{adaptor.getIndex()});
    Value page =
        LLVM::LoadOp::create(rewriter, loc, rewriter.getI32Type(), entry);
    rewriter.replaceOpWithNewOp<LLVM::SExtOp>(op, getIndexType(), page);
    return success();
  }
};

struct KeyRunLowering : SymbolPattern<KeyRunOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(KeyRunOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    CacheType keys = op.getKeyCache().getType();
    CacheType values = op.getValueCache().getType();
    auto number = [&](int64_t value) {
      return makeInteger(rewriter, loc, 64, value);
    };
    // What decomposition has made heads of the items of.
    const int64_t kvHeads = std::lcm(keys.getNumHeads(), values.getNumHeads());
    // Values of a latent cache are null, and have no bytes of their own.
    const bool isLatent = keys.isLatent();
    Value valueData;
    if (isLatent)
      valueData = LLVM::ZeroOp::create(
          rewriter, loc, LLVM::LLVMPointerType::get(getContext()));
    else
      valueData = getCacheMember(rewriter, loc, adaptor.getValueCache(),
                                 abi::kCacheData);
    Value run = allocateOnStack(rewriter, op, abi::getKeyRunType(getContext()));
    callRuntime(
        rewriter, loc, symbols, runtime::kKeyRunInit,
        {run, adaptor.getItem(),
         getCacheMember(rewriter, loc, adaptor.getKeyCache(), abi::kCacheData),
         getCacheMember(rewriter, loc, adaptor.getKeyCache(),
                        abi::kCachePageBytes),
         number(keys.getHeadBytes()), number(kvHeads / keys.getNumHeads()),
         valueData,
         getCacheMember(rewriter, loc, adaptor.getValueCache(),
                        abi::kCachePageBytes),
         number(isLatent ? 0 : values.getHeadBytes()),
         number(kvHeads / values.getNumHeads()),
         number(isLatent ? 0 : values.getValueOffset()),
         getElementPointer(rewriter, loc, *getTypeConverter(),
                           adaptor.getBlockTable(),
                           op.getBlockTable().getType()),
         MemRefDescriptor(adaptor.getBlockTable()).stride(rewriter, loc, 0),
         number(keys.getPageTokens())});
    rewriter.replaceOp(op, run);
    return success();
  }
};

/// Fills in a run without a call: its only page is number 0.
struct UkernelPackedRunLowering : ConvertOpToLLVMPattern<UkernelPackedRunOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(UkernelPackedRunOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    LLVM::LLVMStructType type = abi::getKeyRunType(getContext());
    Type i32 = rewriter.getI32Type();
    Value zero = makeInteger(rewriter, loc, 64, 0);
    auto pointerTo = [&](Value descriptor, MemRefType type) {
      return getElementPointer(rewriter, loc, *getTypeConverter(), descriptor,
                               type);
    };
    auto granuleBytes = [&](Value descriptor) -> Value {
      Value bytes = MemRefDescriptor(descriptor).size(rewriter, loc, 0);
      constexpr int64_t kGranules = FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;
      return LLVM::UDivOp::create(rewriter, loc, bytes,
                                  makeInteger(rewriter, loc, 64, kGranules));
    };
    Value pages = allocateOnStack(rewriter, op, i32);
    LLVM::StoreOp::create(rewriter, loc, makeInteger(rewriter, loc, 32, 0),
                          pages);
    Value run = allocateOnStack(rewriter, op, type);
    Value none = LLVM::ZeroOp::create(rewriter, loc, run.getType());
    // In the order of fp8attn_key_run.
    Value members[] = {pointerTo(adaptor.getKeys(), op.getKeys().getType()),
                       pointerTo(adaptor.getValues(), op.getValues().getType()),
                       /*key_page_bytes=*/zero,
                       /*value_page_bytes=*/zero,
                       granuleBytes(adaptor.getKeys()),
                       granuleBytes(adaptor.getValues()),
                       pages,
                       makeInteger(rewriter, loc, 64, FP8ATTN_BLOCK_KEYS),
                       /*first_key=*/zero,
                       adaptor.getNumKeys(),
                       /*next=*/none,
                       none,
                       none,
                       zero,
                       zero};
    for (auto [index, member] : llvm::enumerate(members)) {
      Value address = LLVM::GEPOp::create(
          rewriter, loc, run.getType(), type, run,
          ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
      LLVM::StoreOp::create(rewriter, loc, member, address);
    }
    rewriter.replaceOp(op, run);
    return success();
  }
};

struct CachePartLowering : ConvertOpToLLVMPattern<CachePartOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CachePartOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    CacheType cache = op.getCache().getType();
    Value data =
        getCacheMember(rewriter, loc, adaptor.getCache(), abi::kCacheData);
    Value offset = LLVM::MulOp::create(
        rewriter, loc, adaptor.getHead(),
        makeInteger(rewriter, loc, 64, cache.getHeadBytes()));
    if (op.getContent() == CacheContent::Value)
      offset = LLVM::AddOp::create(
          rewriter, loc, offset,
          makeInteger(rewriter, loc, 64, cache.getValueOffset()));
    Value pointer =
        LLVM::GEPOp::create(rewriter, loc, data.getType(), rewriter.getI8Type(),
                            data, ArrayRef<LLVM::GEPArg>{offset});
    // Nobody asks for the size; the pointer is what kernels take.
    MemRefType type = op.getBytes().getType();
    auto bytes = MemRefDescriptor::poison(
        rewriter, loc, getTypeConverter()->convertType(type));
    bytes.setAllocatedPtr(rewriter, loc, pointer);
    bytes.setAlignedPtr(rewriter, loc, pointer);
    bytes.setConstantOffset(rewriter, loc, 0);
    rewriter.replaceOp(op, Value(bytes));
    return success();
  }
};

} // namespace

/// Returns a cache whose pages begin `offset` bytes later. Their distance stays
/// what it is.
static Value moveCache(OpBuilder &builder, Location loc, Value cache,
                       LLVM::GEPArg offset) {
  auto memberOf = [&](abi::CacheMember member) {
    return getCacheMember(builder, loc, cache, member);
  };
  Value data = memberOf(abi::kCacheData);
  data = LLVM::GEPOp::create(builder, loc, data.getType(), builder.getI8Type(),
                             data, ArrayRef<LLVM::GEPArg>{offset});
  return packStruct(
      builder, loc, abi::getCacheType(builder.getContext()),
      {data, memberOf(abi::kCacheNumPages), memberOf(abi::kCachePageBytes)});
}

namespace {
/// A page of a mixed cache is one of its codes, and then one of its bf16.
struct CacheChannelsLowering : ConvertOpToLLVMPattern<CacheChannelsOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CacheChannelsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    CacheType codes = op.getCache().getType().getCodedPart();
    Value part = adaptor.getCache();
    if (op.getPart().getType() != codes)
      part = moveCache(rewriter, op.getLoc(), part,
                       static_cast<int32_t>(codes.getPageBytes()));
    rewriter.replaceOp(op, part);
    return success();
  }
};

/// Begins pages at a head.
struct CacheHeadsLowering : ConvertOpToLLVMPattern<CacheHeadsOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CacheHeadsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value offset = LLVM::MulOp::create(
        rewriter, loc, adaptor.getFirst(),
        makeInteger(rewriter, loc, 64, op.getCache().getType().getHeadBytes()));
    rewriter.replaceOp(op,
                       moveCache(rewriter, loc, adaptor.getCache(), offset));
    return success();
  }
};

/// Reads a member of a cache.
template <typename Op, abi::CacheMember member>
struct CacheMemberLowering : ConvertOpToLLVMPattern<Op> {
  using ConvertOpToLLVMPattern<Op>::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(
        op, getCacheMember(rewriter, op.getLoc(), adaptor.getCache(), member));
    return success();
  }
};

/// Descriptors do not say what they point to.
struct ElementBitsLowering : ConvertOpToLLVMPattern<ElementBitsOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(ElementBitsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getElements());
    return success();
  }
};

struct UkernelNullLowering : ConvertOpToLLVMPattern<UkernelNullOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(UkernelNullOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::ZeroOp>(
        op, getTypeConverter()->convertType(op.getType()));
    return success();
  }
};

struct UkernelCallLowering : SymbolPattern<UkernelCallOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(UkernelCallOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> operands;
    for (auto [original, converted] :
         llvm::zip(op.getOperands(), adaptor.getOperands())) {
      auto memref = dyn_cast<MemRefType>(original.getType());
      operands.push_back(memref ? getElementPointer(rewriter, loc,
                                                    *getTypeConverter(),
                                                    converted, memref)
                                : converted);
    }
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(getContext()),
        llvm::to_vector(TypeRange(ValueRange(operands))));
    LLVM::LLVMFuncOp kernel =
        getOrDeclare(rewriter, symbols, op.getKernel(), type);
    LLVM::CallOp::create(rewriter, loc, kernel, operands);
    rewriter.eraseOp(op);
    return success();
  }
};

struct UkernelHandOverLowering : SymbolPattern<UkernelHandOverOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(UkernelHandOverOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(getContext());
    Type i64 = rewriter.getI64Type();
    auto joinType = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(getContext()),
        {i64, i64, pointer, pointer, pointer, pointer, pointer, pointer});
    LLVM::LLVMFuncOp join =
        getOrDeclare(rewriter, symbols, op.getJoin(), joinType);
    auto pointerTo = [&](Value converted, TypedValue<MemRefType> memref) {
      return getElementPointer(rewriter, loc, *getTypeConverter(), converted,
                               memref.getType());
    };
    Value isLast =
        callRuntime(rewriter, loc, symbols, runtime::kHandOver,
                    {getContextArgument(op), adaptor.getItem(),
                     makeInteger(rewriter, loc, 64,
                                 op.getScratch().getType().getDimSize(0)),
                     adaptor.getChannels(),
                     pointerTo(adaptor.getMax(), op.getMax()),
                     pointerTo(adaptor.getSum(), op.getSum()),
                     pointerTo(adaptor.getAcc(), op.getAcc()),
                     LLVM::AddressOfOp::create(rewriter, loc, join)})
            .getResult();
    rewriter.replaceOpWithNewOp<LLVM::TruncOp>(op, rewriter.getI1Type(),
                                               isLast);
    return success();
  }
};

/// tile_begin and tile_end: a call without operands.
template <typename Op> struct TileConfigLowering : SymbolPattern<Op> {
  TileConfigLowering(const LLVMTypeConverter &converter, ModuleSymbols &symbols,
                     const RuntimeFunction &function)
      : SymbolPattern<Op>(converter, symbols), function(function) {}

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    callRuntime(rewriter, op.getLoc(), this->symbols, function, {});
    rewriter.eraseOp(op);
    return success();
  }

private:
  const RuntimeFunction &function;
};
} // namespace

void mlir::fp8attn::populateKernelPatterns(const LLVMTypeConverter &converter,
                                           ModuleSymbols &symbols,
                                           RewritePatternSet &patterns) {
  patterns.add<KeyRunLowering, UkernelCallLowering, UkernelHandOverLowering>(
      converter, symbols);
  patterns.add<UkernelPackedRunLowering, RunPageLowering, CachePartLowering,
               CacheChannelsLowering, CacheHeadsLowering,
               CacheMemberLowering<CacheNumPagesOp, abi::kCacheNumPages>,
               CacheMemberLowering<CachePageBytesOp, abi::kCachePageBytes>,
               ElementBitsLowering, UkernelNullLowering>(converter);
  patterns.add<TileConfigLowering<UkernelTileBeginOp>>(converter, symbols,
                                                       runtime::kTileBegin);
  patterns.add<TileConfigLowering<UkernelTileEndOp>>(converter, symbols,
                                                     runtime::kTileEnd);
}
