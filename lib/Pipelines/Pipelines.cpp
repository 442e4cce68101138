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
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::fp8attn;

void mlir::fp8attn::buildToLLVMPipeline(OpPassManager &pm,
                                        const ToLLVMPipelineOptions &options) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createNameArguments());
  functions.addPass(createDecomposeAttention({options.runtimeChecks}));
  functions.addPass(createDecomposeMerge({options.runtimeChecks}));
  functions.addPass(createDecomposeQuantization({options.runtimeChecks}));
  functions.addPass(createDecomposeRepack({options.runtimeChecks}));
  functions.addPass(createFoldScales());
  // Only once scales are folded do tile operations stop to matter for ISAs.
  pm.addPass(createSpecializeIsas({options.isa}));
  pm.addNestedPass<func::FuncOp>(createSelectKernels());
  pm.addPass(createOutlineParallel());
  pm.addNestedPass<func::FuncOp>(createInsertTileConfig());
  pm.addNestedPass<func::FuncOp>(createHoistTileConfig());
  pm.addNestedPass<func::FuncOp>(createExpandMath());
  pm.addNestedPass<func::FuncOp>(createExpandSmallFloats());
  // From here on there is nothing about attention to be known.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertFp8AttnToLLVM({options.runtimeChecks}));
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::fp8attn::registerPipelines() {
  PassPipelineRegistration<ToLLVMPipelineOptions>(
      "fp8attn-to-llvm",
      "Lower attention from the model level to the LLVM dialect",
      buildToLLVMPipeline);
}
