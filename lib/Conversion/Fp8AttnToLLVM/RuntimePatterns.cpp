//===- RuntimePatterns.cpp - choice of ISA, scratch, parallel loops -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What bodies have of the runtime and of the context, but for checks.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/fp8attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

Value mlir::fp8attn::getElementPointer(OpBuilder &builder, Location loc,
                                       const LLVMTypeConverter &converter,
                                       Value descriptor, MemRefType type) {
  return MemRefDescriptor(descriptor).bufferPtr(builder, loc, converter, type);
}

Value mlir::fp8attn::getCacheMember(OpBuilder &builder, Location loc,
                                    Value cache, abi::CacheMember member) {
  return LLVM::ExtractValueOp::create(builder, loc, cache, member);
}

namespace {
struct SelectIsaLowering : SymbolPattern<SelectIsaOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(SelectIsaOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t mask = 0;
    for (auto isa : op.getIsas().getAsRange<IsaAttr>())
      mask |= int64_t(1) << static_cast<uint32_t>(isa.getValue());
    Value isa = callRuntime(rewriter, loc, symbols, runtime::kSelectIsa,
                            {getContextArgument(op),
                             makeInteger(rewriter, loc, 32, mask)})
                    .getResult();
    Value zero = makeInteger(rewriter, loc, 32, 0);
    Value none = LLVM::ICmpOp::create(rewriter, loc, LLVM::ICmpPredicate::slt,
                                      isa, zero);
    Value status = LLVM::SelectOp::create(
        rewriter, loc, none,
        makeInteger(rewriter, loc, 32, FP8ATTN_UNSUPPORTED_ISA), zero);
    returnIfFailed(rewriter, loc, status);
    rewriter.replaceOpWithNewOp<LLVM::SExtOp>(op, getIndexType(), isa);
    return success();
  }
};

struct WorkerScratchLowering : ConvertOpToLLVMPattern<WorkerScratchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(WorkerScratchOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    // Arguments of a body: context, memory if it allocates, begin, end, worker,
    // captures.
    auto function = op->getParentOfType<FunctionOpInterface>();
    const unsigned worker = function->hasAttr(kMemoryAttrName) ? 4 : 3;
    if (function.getNumArguments() <= worker)
      return op.emitOpError("expects to stand in the body of a parallel loop");
    auto pointer = LLVM::LLVMPointerType::get(getContext());
    Value member = LLVM::GEPOp::create(
        rewriter, loc, pointer, abi::getContextType(getContext()),
        getContextArgument(op),
        ArrayRef<LLVM::GEPArg>{0, abi::kContextWorkspace});
    Value workspace = LLVM::LoadOp::create(rewriter, loc, pointer, member);
    MemRefType type = op.getScratch().getType();
    Value bytes = makeInteger(rewriter, loc, 64, type.getDimSize(0));
    Value offset = LLVM::MulOp::create(
        rewriter, loc, rewriter.getRemappedValue(function.getArgument(worker)),
        bytes);
    Value scratch =
        LLVM::GEPOp::create(rewriter, loc, pointer, rewriter.getI8Type(),
                            workspace, ArrayRef<LLVM::GEPArg>{offset});
    rewriter.replaceOp(op,
                       Value(MemRefDescriptor::fromStaticShape(
                           rewriter, loc, *getTypeConverter(), type, scratch)));
    return success();
  }
};

/// Packs the context and the captures into a struct on the stack, and makes a
/// function with the signature of fp8attn_body that unpacks it.
struct ParallelForLowering : SymbolPattern<ParallelForOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(ParallelForOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> captures = {getContextArgument(op)};
    llvm::append_range(captures, adaptor.getCaptures());
    const bool allocates = op->hasAttr(kMemoryAttrName);
    if (allocates)
      captures.push_back(makeInteger(rewriter, loc, 32, FP8ATTN_OK));
    auto type = LLVM::LLVMStructType::getLiteral(
        getContext(), llvm::to_vector(TypeRange(ValueRange(captures))));
    Value packed = packStruct(rewriter, loc, type, captures);
    Value argument = allocateOnStack(rewriter, op, type);
    LLVM::StoreOp::create(rewriter, loc, packed, argument);
    // Loops of one body, whose captures have its types, share it.
    auto trampoline =
        symbols.lookup<LLVM::LLVMFuncOp>(getRangeName(op.getBody()));
    if (!trampoline)
      trampoline = makeTrampoline(op, type, rewriter);
    Value address = LLVM::AddressOfOp::create(rewriter, loc, trampoline);
    auto call = callRuntime(
        rewriter, loc, symbols, runtime::kParallel,
        {getContextArgument(op), adaptor.getCount(), address, argument});
    returnIfFailed(rewriter, loc, call.getResult());
    if (allocates) {
      Value worst =
          LLVM::LoadOp::create(rewriter, loc, rewriter.getI32Type(),
                               getStatusPlace(rewriter, loc, type, argument));
      returnIfFailed(rewriter, loc,
                     callRuntime(rewriter, loc, symbols, runtime::kCheckBodies,
                                 {getContextArgument(op), worst})
                         .getResult());
    }
    rewriter.eraseOp(op);
    return success();
  }

private:
  /// Returns where bodies that allocate leave their status: behind the
  /// captures.
  static Value getStatusPlace(OpBuilder &builder, Location loc,
                              LLVM::LLVMStructType type, Value packed) {
    const int32_t last = type.getBody().size() - 1;
    return LLVM::GEPOp::create(builder, loc,
                               LLVM::LLVMPointerType::get(builder.getContext()),
                               type, packed, ArrayRef<LLVM::GEPArg>{0, last});
  }

  LLVM::LLVMFuncOp makeTrampoline(ParallelForOp op,
                                  LLVM::LLVMStructType captures,
                                  ConversionPatternRewriter &rewriter) const {
    Location loc = op.getLoc();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToEnd(symbols.getModule().getBody());
    auto pointer = LLVM::LLVMPointerType::get(getContext());
    Type i64 = rewriter.getI64Type();
    auto function = symbols.add(LLVM::LLVMFuncOp::create(
        rewriter, loc, getRangeName(op.getBody()),
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()),
                                    {pointer, i64, i64, rewriter.getI32Type()}),
        LLVM::Linkage::Internal));
    auto parent = op->getParentOfType<FunctionOpInterface>();
    if (Attribute isa = parent->getAttr(Fp8AttnDialect::kIsaAttrName))
      function->setAttr(Fp8AttnDialect::kIsaAttrName, isa);
    Block *entry = function.addEntryBlock(rewriter);
    rewriter.setInsertionPointToStart(entry);
    Value packed =
        LLVM::LoadOp::create(rewriter, loc, captures, entry->getArgument(0));
    Value worker =
        LLVM::SExtOp::create(rewriter, loc, i64, entry->getArgument(3));
    SmallVector<Value> operands = {
        LLVM::ExtractValueOp::create(rewriter, loc, packed, 0)};
    const bool allocates = op->hasAttr(kMemoryAttrName);
    if (allocates)
      operands.push_back(makeMemory(rewriter, loc, /*context=*/nullptr));
    operands.append({entry->getArgument(1), entry->getArgument(2), worker});
    for (size_t i = 1, e = captures.getBody().size() - allocates; i < e; ++i)
      operands.push_back(
          LLVM::ExtractValueOp::create(rewriter, loc, packed, i));
    auto call = LLVM::CallOp::create(rewriter, loc, rewriter.getI32Type(),
                                     op.getBody(), operands);
    if (allocates) {
      callRuntime(rewriter, loc, symbols, runtime::kReleaseAll, operands[1]);
      LLVM::AtomicRMWOp::create(
          rewriter, loc, LLVM::AtomicBinOp::umax,
          getStatusPlace(rewriter, loc, captures, entry->getArgument(0)),
          call.getResult(), LLVM::AtomicOrdering::monotonic);
    }
    LLVM::ReturnOp::create(rewriter, loc, ValueRange());
    return function;
  }
};
} // namespace

void mlir::fp8attn::populateRuntimePatterns(const LLVMTypeConverter &converter,
                                            ModuleSymbols &symbols,
                                            RewritePatternSet &patterns) {
  patterns.add<SelectIsaLowering, ParallelForLowering>(converter, symbols);
  patterns.add<WorkerScratchLowering>(converter);
}
