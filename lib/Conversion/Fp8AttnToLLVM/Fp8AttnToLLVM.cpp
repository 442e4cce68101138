//===- Fp8AttnToLLVM.cpp - kernel level to LLVM calls of the C ABI ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass: converts all functions of a module, then makes entry points.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "PackArguments.h"
#include "Patterns.h"
#include "fp8attn/Conversion/Passes.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_CONVERTFP8ATTNTOLLVM
#include "fp8attn/Conversion/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

static void addConversions(LLVMTypeConverter &converter) {
  converter.addConversion([](CacheType type) -> Type {
    return abi::getCacheType(type.getContext());
  });
  converter.addConversion([](WorkItemType type) -> Type {
    return LLVM::LLVMPointerType::get(type.getContext());
  });
  converter.addConversion([](KeyRunType type) -> Type {
    return LLVM::LLVMPointerType::get(type.getContext());
  });
}

/// Returns the functions to be converted; others are declared at most.
static SmallVector<func::FuncOp> getFunctionsWithBodies(ModuleOp module) {
  return llvm::filter_to_vector(
      module.getOps<func::FuncOp>(),
      [](func::FuncOp function) { return !function.isExternal(); });
}

/// Leaves functions that are declared, and calls of them, to those who convert
/// the code that has them.
static void keepFunctionsOfOthers(ModuleOp module,
                                  LLVMConversionTarget &target) {
  llvm::SmallDenseSet<StringAttr> declared;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isExternal())
      declared.insert(function.getNameAttr());
  target.addDynamicallyLegalOp<func::FuncOp>(
      [declared](func::FuncOp function) -> std::optional<bool> {
        return declared.contains(function.getNameAttr())
                   ? std::optional<bool>(true)
                   : std::nullopt;
      });
  target.addDynamicallyLegalOp<func::CallOp>(
      [declared](func::CallOp call) -> std::optional<bool> {
        return declared.contains(call.getCalleeAttr().getAttr())
                   ? std::optional<bool>(true)
                   : std::nullopt;
      });
}

/// Demands that it is known where elements of caches are, whatever the function
/// does with them.
static LogicalResult checkLayouts(ModuleOp module) {
  for (auto function : getFunctionsWithBodies(module))
    for (Type type : function.getArgumentTypes())
      if (auto cache = dyn_cast<CacheType>(type); cache && !cache.getLayout())
        return function.emitOpError("cannot be lowered with a cache without a "
                                    "layout, got ")
               << cache << "; fp8attn-assign-layouts gives it one";
  return success();
}

/// Demands that what functions take and return has a type of LLVM.
static LogicalResult checkTypes(ModuleOp module,
                                const LLVMTypeConverter &converter) {
  for (auto function : getFunctionsWithBodies(module))
    for (ArrayRef<Type> types :
         {function.getArgumentTypes(), function.getResultTypes()})
      for (Type type : types)
        if (!converter.convertType(type))
          return function.emitOpError("expects arguments and results of types "
                                      "that LLVM can have, got ")
                 << type;
  return success();
}

namespace {
struct ConvertFp8AttnToLLVMPass
    : public fp8attn::impl::ConvertFp8AttnToLLVMBase<ConvertFp8AttnToLLVMPass> {
  using ConvertFp8AttnToLLVMBase::ConvertFp8AttnToLLVMBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkLayouts(module)))
      return signalPassFailure();
    FailureOr<SmallVector<EntryPoint>> entries = prepareFunctions(module);
    if (failed(entries))
      return signalPassFailure();

    LowerToLLVMOptions options(&getContext());
    // The runtime allocates (MemoryPatterns.cpp).
    options.allocLowering = LowerToLLVMOptions::AllocLowering::None;
    LLVMTypeConverter converter(&getContext(), options);
    addConversions(converter);
    if (failed(checkTypes(module, converter)) || failed(checkMath(module)))
      return signalPassFailure();
    packArguments(module, converter);
    ModuleSymbols symbols(module);
    RewritePatternSet patterns(&getContext());
    populateFunctionPatterns(converter, patterns);
    populateCheckPatterns(converter, symbols, patterns);
    populateRuntimePatterns(converter, symbols, patterns);
    populateMemoryPatterns(converter, symbols, patterns);
    populateOverlapPatterns(converter, symbols, patterns);
    populateCacheViewPatterns(converter, symbols, patterns);
    populateWorkItemPatterns(converter, symbols, patterns);
    populateSelectionPatterns(converter, symbols, patterns);
    populateKernelPatterns(converter, symbols, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    keepFunctionsOfOthers(module, target);
    // What is left is reported in words of a user, but for what a pattern said
    // itself.
    bool isReported = false;
    {
      ScopedDiagnosticHandler handler(&getContext(), [&](Diagnostic &diag) {
        isReported |= diag.getSeverity() == DiagnosticSeverity::Error;
        return failure();
      });
      isReported |=
          failed(applyPartialConversion(module, target, std::move(patterns)));
    }
    if (isReported || failed(checkConverted(module)))
      return signalPassFailure();

    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      expandStatusChecks(function);
    for (const EntryPoint &entry : *entries)
      createEntryPoint(symbols, entry, converter, runtimeChecks);
    setIsaTargets(module);
  }
};
} // namespace
