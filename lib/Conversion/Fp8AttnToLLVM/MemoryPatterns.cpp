//===- MemoryPatterns.cpp - memory that functions allocate ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime allocates: it counts bytes without overflow, and links what it
// allocates, so that an entry point gives all back at its end, whichever that
// is. Functions that allocate get a pointer to the links behind the context.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Memory of up to so many bytes is on the stack if the model says so. The
/// stack of a host's thread may be small, and its end is not checked.
static constexpr int64_t kMaxStackBytes = 4096;

/// Returns whether so many elements may be on the stack.
static bool isSmall(MemRefType type, Type element) {
  if (!element.isIntOrFloat() || !type.hasStaticShape())
    return false;
  int64_t bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(bytes, size, bytes) || bytes > kMaxStackBytes)
      return false;
  return true;
}

/// Returns whether `function` allocates, itself or through functions that it
/// calls. Bodies of loops do so for themselves. `known` holds what was found
/// before; no function is recursive.
static bool allocates(func::FuncOp function, ModuleOp module,
                      DenseMap<Operation *, bool> &known) {
  if (auto it = known.find(function); it != known.end())
    return it->second;
  bool result =
      function
          .walk([&](Operation *op) {
            bool found =
                isa<memref::AllocOp, memref::AllocaOp, memref::DeallocOp>(op);
            if (auto call = dyn_cast<func::CallOp>(op)) {
              auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee());
              found = callee && allocates(callee, module, known);
            }
            return found ? WalkResult::interrupt() : WalkResult::advance();
          })
          .wasInterrupted();
  known[function] = result;
  return result;
}

void mlir::fp8attn::addMemoryArguments(ModuleOp module) {
  DenseMap<Operation *, bool> known;
  for (auto function : module.getOps<func::FuncOp>())
    allocates(function, module, known);
  auto mark = UnitAttr::get(module.getContext());
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  module.walk([&](Operation *op) {
    StringRef callee;
    if (auto call = dyn_cast<func::CallOp>(op))
      callee = call.getCallee();
    else if (auto loop = dyn_cast<ParallelForOp>(op))
      callee = loop.getBody();
    else
      return;
    if (known.lookup(module.lookupSymbol(callee)))
      op->setAttr(kMemoryAttrName, mark);
  });
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!known.lookup(function))
      continue;
    function->setAttr(kMemoryAttrName, mark);
    // Behind the context.
    (void)function.insertArgument(1, pointer, {}, function.getLoc());
  }
}

Value mlir::fp8attn::getMemoryArgument(Operation *op) {
  return op->getParentOfType<FunctionOpInterface>().getArgument(1);
}

Value mlir::fp8attn::makeMemory(OpBuilder &builder, Location loc,
                                Value context) {
  LLVM::LLVMStructType type = abi::getMemoryType(builder.getContext());
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value null = LLVM::ZeroOp::create(builder, loc, pointer);
  Value links =
      packStruct(builder, loc, type, {context ? context : null, null});
  Value memory = LLVM::AllocaOp::create(builder, loc, pointer, type,
                                        makeInteger(builder, loc, 64, 1));
  LLVM::StoreOp::create(builder, loc, links, memory);
  return memory;
}

namespace {
/// memref.alloc, and memref.alloca of what is too much for a stack.
template <typename Op> struct AllocLowering : SymbolPattern<Op> {
  using SymbolPattern<Op>::SymbolPattern;

  LogicalResult
  matchAndRewrite(Op op, typename Op::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    MemRefType type = op.getType();
    if (!this->isConvertibleAndHasIdentityMaps(type))
      return rewriter.notifyMatchFailure(op, "elements are not row-major");
    SmallVector<Value> sizes, strides;
    Value unused;
    this->getMemRefDescriptorSizes(loc, type, adaptor.getDynamicSizes(),
                                   rewriter, sizes, strides, unused,
                                   /*sizeInBytes=*/false);
    Value elementBytes =
        this->getSizeInBytes(loc, type.getElementType(), rewriter);
    auto pointer = LLVM::LLVMPointerType::get(rewriter.getContext());
    Value place = allocateOnStack(rewriter, op, pointer);
    Value status = callRuntime(rewriter, loc, this->symbols, runtime::kAllocate,
                               {getMemoryArgument(op),
                                makeInteger(rewriter, loc, 32, type.getRank()),
                                storeToArray(rewriter, op, sizes), elementBytes,
                                makeInteger(rewriter, loc, 64,
                                            op.getAlignment().value_or(1)),
                                place})
                       .getResult();
    Value data = LLVM::LoadOp::create(rewriter, loc, pointer, place);
    rewriter.replaceOp(
        op, Value(this->createMemRefDescriptor(loc, type, data, data, sizes,
                                               strides, rewriter)));
    returnIfFailed(rewriter, loc, status);
    return success();
  }
};

/// What is small is allocated once for a call of its function, also in a loop,
/// where an alloca of LLVM would take more of the stack with each iteration.
struct AllocaLowering : AllocLowering<memref::AllocaOp> {
  using AllocLowering::AllocLowering;

  LogicalResult
  matchAndRewrite(memref::AllocaOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MemRefType type = op.getType();
    Type element = getTypeConverter()->convertType(type.getElementType());
    if (!isConvertibleAndHasIdentityMaps(type) || !isSmall(type, element))
      return AllocLowering::matchAndRewrite(op, adaptor, rewriter);
    Location loc = op.getLoc();
    Value data = allocateOnStack(rewriter, op, element, type.getNumElements());
    data.getDefiningOp<LLVM::AllocaOp>().setAlignment(
        std::max<int64_t>(op.getAlignment().value_or(1), FP8ATTN_ALIGNMENT));
    rewriter.replaceOp(op,
                       Value(MemRefDescriptor::fromStaticShape(
                           rewriter, loc, *getTypeConverter(), type, data)));
    return success();
  }
};

struct DeallocLowering : SymbolPattern<memref::DeallocOp> {
  using SymbolPattern::SymbolPattern;

  LogicalResult
  matchAndRewrite(memref::DeallocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value data =
        MemRefDescriptor(adaptor.getMemref()).allocatedPtr(rewriter, loc);
    callRuntime(rewriter, loc, symbols, runtime::kRelease,
                {getMemoryArgument(op), data});
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void mlir::fp8attn::populateMemoryPatterns(const LLVMTypeConverter &converter,
                                           ModuleSymbols &symbols,
                                           RewritePatternSet &patterns) {
  // MLIR has an alloca of its own.
  patterns.add<AllocaLowering>(converter, symbols, /*benefit=*/2);
  patterns.add<AllocLowering<memref::AllocOp>, DeallocLowering>(converter,
                                                                symbols);
}
