//===- OtherCode.cpp - code beside the model to LLVM ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the conversions of docs/Modules.md. What they say of what they cannot
// lower is about patterns; a user is told which operation of theirs is left.
//
//===----------------------------------------------------------------------===//

#include "OtherCode.h"

#include "fp8attn/Target/CodeEmission.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Has private functions become local ones: objects define what others see.
static void makePrivateFunctionsLocal(ModuleOp module) {
  constexpr StringLiteral kLinkage = "llvm.linkage";
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPrivate() && !function.isExternal() &&
        !function->hasAttr(kLinkage))
      function->setAttr(
          kLinkage,
          LLVM::LinkageAttr::get(module.getContext(), LLVM::Linkage::Internal));
}

static void addConversions(PassManager &passes) {
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

LogicalResult mlir::fp8attn::lowerOtherCode(ModuleOp module) {
  if (!findForeignOperation(module))
    return success();
  makePrivateFunctionsLocal(module);
  PassManager passes(module.getContext());
  addConversions(passes);
  Location place = module.getLoc();
  std::string error;
  LogicalResult isLowered = success();
  {
    ScopedDiagnosticHandler handler(
        module.getContext(), [&](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
            return failure();
          if (error.empty()) {
            place = diagnostic.getLocation();
            error = diagnostic.str();
          }
          return success();
        });
    isLowered = passes.run(module);
  }
  if (failed(isLowered))
    return emitError(place, "cannot lower the code beside the model: ")
           << error;
  return checkIsLowered(module);
}
