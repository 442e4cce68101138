//===- FunctionPatterns.cpp - functions that return a status ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions, returns and calls. A function returns a status and, if it has any,
// its results behind it in a struct. A call of another function of the module
// hands the context on and returns at once if the callee failed.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

std::string mlir::fp8attn::getBodyName(StringRef entryPoint) {
  return (entryPoint + ".impl").str();
}

std::string mlir::fp8attn::getWorkspaceName(StringRef entryPoint) {
  return (entryPoint + "_workspace_bytes").str();
}

std::string mlir::fp8attn::getRangeName(StringRef loopBody) {
  return (loopBody + ".range").str();
}

Value mlir::fp8attn::getContextArgument(Operation *op) {
  return op->getParentOfType<FunctionOpInterface>().getArgument(0);
}

/// Returns what a function with these results returns. All types of functions
/// have one of LLVM, which is checked before.
static Type getReturnType(const LLVMTypeConverter &converter,
                          TypeRange results) {
  SmallVector<Type> types = {IntegerType::get(&converter.getContext(), 32)};
  llvm::append_range(types, results);
  return converter.packOperationResults(types);
}

namespace {
struct FuncLowering : ConvertOpToLLVMPattern<func::FuncOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(func::FuncOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    TypeConverter::SignatureConversion signature(op.getNumArguments());
    SmallVector<Type> inputs;
    for (auto [index, type] : llvm::enumerate(op.getArgumentTypes())) {
      Type converted = getTypeConverter()->convertType(type);
      signature.addInputs(index, converted);
      inputs.push_back(converted);
    }
    Type result = getReturnType(*getTypeConverter(), op.getResultTypes());
    auto function = LLVM::LLVMFuncOp::create(
        rewriter, op.getLoc(), op.getName(),
        LLVM::LLVMFunctionType::get(result, inputs), LLVM::Linkage::Internal);
    for (StringRef name :
         {StringRef(Fp8AttnDialect::kIsaAttrName), StringRef(kMemoryAttrName)})
      if (Attribute attribute = op->getAttr(name))
        function->setAttr(name, attribute);
    function.setNoInline(op.getNoInline());
    rewriter.inlineRegionBefore(op.getBody(), function.getBody(),
                                function.end());
    if (failed(rewriter.convertRegionTypes(&function.getBody(),
                                           *getTypeConverter(), &signature)))
      return failure();
    rewriter.eraseOp(op);
    return success();
  }
};

struct ReturnLowering : ConvertOpToLLVMPattern<func::ReturnOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(func::ReturnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    returnWithStatus(rewriter, op.getLoc(),
                     makeInteger(rewriter, op.getLoc(), 32, 0),
                     adaptor.getOperands());
    rewriter.eraseOp(op);
    return success();
  }
};

struct CallLowering : ConvertOpToLLVMPattern<func::CallOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(func::CallOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type type = getReturnType(*getTypeConverter(), op.getResultTypes());
    SmallVector<Value> operands = {getContextArgument(op)};
    if (op->hasAttr(kMemoryAttrName))
      operands.push_back(getMemoryArgument(op));
    llvm::append_range(operands, adaptor.getOperands());
    Value returned =
        LLVM::CallOp::create(rewriter, loc, type, op.getCallee(), operands)
            .getResult();
    Value status = returned;
    SmallVector<Value> results;
    if (op.getNumResults() != 0) {
      status = LLVM::ExtractValueOp::create(rewriter, loc, returned, 0);
      for (int64_t i = 1, e = op.getNumResults(); i <= e; ++i)
        results.push_back(
            LLVM::ExtractValueOp::create(rewriter, loc, returned, i));
    }
    rewriter.replaceOp(op, results);
    returnIfFailed(rewriter, loc, status);
    return success();
  }
};
} // namespace

void mlir::fp8attn::populateFunctionPatterns(const LLVMTypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<FuncLowering, ReturnLowering, CallLowering>(converter);
}
