//===- Pipelines.cpp - from the model level to LLVM ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts the passes in order. Those between fp8attn-split-module and
// fp8attn-join-module run on the model alone.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Pipelines/Pipelines.h"
#include "fp8attn/Conversion/Passes.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Runs passes on the module of the model if there is one, else, where there is
/// nothing but the model, on the module itself.
class RunOnModel : public PassWrapper<RunOnModel, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RunOnModel)

  explicit RunOnModel(OpPassManager passes) : passes(std::move(passes)) {}

  StringRef getName() const override { return "RunOnModel"; }

  void getDependentDialects(DialectRegistry &registry) const override {
    passes.getDependentDialects(registry);
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto model = module.lookupSymbol<ModuleOp>(Fp8AttnDialect::kModelName);
    if (failed(runPipeline(passes, model ? model : module)))
      signalPassFailure();
  }

private:
  OpPassManager passes;
};

/// Appends passes to a pass manager, up to the one that is to be the last.
class Appender {
public:
  Appender(OpPassManager &pm, StringRef last) : pm(&pm), last(last) {}

  void addToModule(std::unique_ptr<Pass> pass) {
    if (takes(*pass))
      pm->addPass(std::move(pass));
  }
  void addToFunctions(std::unique_ptr<Pass> pass) {
    if (takes(*pass))
      pm->addNestedPass<func::FuncOp>(std::move(pass));
  }

  /// Appends what `append` does, to be run on the model alone.
  void addToModel(function_ref<void()> append) {
    OpPassManager ofModel(ModuleOp::getOperationName());
    OpPassManager *outer = std::exchange(pm, &ofModel);
    append();
    pm = outer;
    if (!ofModel.empty())
      pm->addPass(std::make_unique<RunOnModel>(std::move(ofModel)));
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

  OpPassManager *pm;
  StringRef last;
};
} // namespace

/// Appends the passes that know of nothing but the model.
static void appendPassesOfModel(const ToLLVMPipelineOptions &options,
                                Appender &passes) {
  passes.addToFunctions(createNameArguments());
  passes.addToModule(createDescribeEntryPoints());
  passes.addToFunctions(createCastStrides());
  if (options.runtimeChecks)
    passes.addToModule(createInsertChecks());
  passes.addToModule(createShareOperations());
  passes.addToFunctions(createDecomposePrefix());
  passes.addToFunctions(createDecomposeSelection());
  passes.addToFunctions(createDecomposeAttention());
  passes.addToFunctions(createDecomposeMerge());
  passes.addToFunctions(createDecomposeQuantization());
  passes.addToFunctions(createDecomposeRepack());
  passes.addToFunctions(createFoldScales());
  // All before this is done once, whatever the number of ISAs.
  passes.addToModule(createSpecializeIsas({options.isa, options.fat}));
  passes.addToModule(createShareChecks());
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

static void appendPasses(const ToLLVMPipelineOptions &options,
                         Appender &passes) {
  // Code of others has types of caches, too.
  passes.addToModule(createAssignLayouts());
  passes.addToModule(createSplitModule());
  passes.addToModel([&] { appendPassesOfModel(options, passes); });
  passes.addToModule(createJoinModule());
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
