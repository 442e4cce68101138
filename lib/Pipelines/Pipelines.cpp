//===- Pipelines.cpp - from the model level to LLVM ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts the passes in order.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Pipelines/Pipelines.h"
#include "fp8attn/Conversion/Passes.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Appends passes to a pass manager, up to the one that is to be the last.
class Appender {
public:
  Appender(OpPassManager &pm, StringRef last) : pm(pm), last(last) {}

  void addToModule(std::unique_ptr<Pass> pass) {
    if (takes(*pass))
      pm.addPass(std::move(pass));
  }
  void addToFunctions(std::unique_ptr<Pass> pass) {
    if (takes(*pass))
      pm.addNestedPass<func::FuncOp>(std::move(pass));
  }

  /// The arguments of the passes that were appended.
  SmallVector<StringRef> names;

private:
  bool takes(const Pass &pass) {
    if (!names.empty() && names.back() == last)
      return false;
    names.push_back(pass.getArgument());
    return true;
  }

  OpPassManager &pm;
  StringRef last;
};
} // namespace

static void appendPasses(const ToLLVMPipelineOptions &options,
                         Appender &passes) {
  passes.addToModule(createAssignLayouts());
  passes.addToFunctions(createNameArguments());
  passes.addToFunctions(createCastStrides());
  if (options.runtimeChecks)
    passes.addToModule(createInsertChecks());
  passes.addToFunctions(createDecomposeAttention());
  passes.addToFunctions(createDecomposeMerge());
  passes.addToFunctions(createDecomposeQuantization());
  passes.addToFunctions(createDecomposeRepack());
  passes.addToFunctions(createFoldScales());
  // All before this is done once, whatever the number of ISAs.
  passes.addToModule(createSpecializeIsas({options.isa, options.fat}));
  SelectKernelsOptions selection;
  selection.force.assign(options.force.begin(), options.force.end());
  selection.mixIsas = options.mixIsas;
  passes.addToFunctions(createSelectKernels(selection));
  passes.addToModule(createOutlineParallel());
  passes.addToModule(createShareBodies());
  passes.addToFunctions(createInsertTileConfig());
  passes.addToFunctions(createHoistTileConfig());
  passes.addToFunctions(createExpandMath());
  passes.addToFunctions(createExpandSmallFloats());
  // From here on there is nothing about attention to be known.
  passes.addToModule(createCanonicalizerPass());
  passes.addToModule(createCSEPass());
  passes.addToModule(memref::createExpandStridedMetadataPass());
  passes.addToModule(createLowerAffinePass());
  passes.addToModule(createSCFToControlFlowPass());
  passes.addToModule(createConvertFp8AttnToLLVM({options.runtimeChecks}));
  passes.addToModule(createReconcileUnrealizedCastsPass());
  // Operations keep their places in the input through all passes; only
  // functions of the LLVM dialect can say so to debuggers.
  if (options.debugInfo)
    passes.addToModule(LLVM::createDIScopeForLLVMFuncOpPass());
}

void mlir::fp8attn::buildToLLVMPipeline(OpPassManager &pm,
                                        const ToLLVMPipelineOptions &options,
                                        StringRef stopAfter) {
  Appender appender(pm, stopAfter);
  appendPasses(options, appender);
}

SmallVector<StringRef>
mlir::fp8attn::getToLLVMPassNames(const ToLLVMPipelineOptions &options) {
  OpPassManager unused(ModuleOp::getOperationName());
  Appender appender(unused, /*last=*/"");
  appendPasses(options, appender);
  return appender.names;
}

void mlir::fp8attn::registerPipelines() {
  PassPipelineRegistration<ToLLVMPipelineOptions>(
      "fp8attn-to-llvm",
      "Lower attention from the model level to the LLVM dialect",
      [](OpPassManager &pm, const ToLLVMPipelineOptions &options) {
        buildToLLVMPipeline(pm, options);
      });
}
