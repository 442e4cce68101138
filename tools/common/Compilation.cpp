//===- Compilation.cpp - one module on its way to LLVM IR -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts parser, target and pipeline together. Only the dialects that the input
// uses are loaded and nothing is registered by name: start-up time counts.
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"

#include "Nesting.h"
#include "fp8attn/InitAll.h"
#include "fp8attn/Pipelines/Pipelines.h"
#include "fp8attn/Target/CodeEmission.h"
#include "fp8attn/Target/SourceText.h"
#include "fp8attn/Target/TargetMachine.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::fp8attn;

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllTranslations(registry);
  return registry;
}

Compilation::Compilation(const CompileOptions &options)
    : options(options),
      context(makeRegistry(), MLIRContext::Threading::DISABLED),
      diagnostics(
          std::make_unique<SourceMgrDiagnosticHandler>(sources, &context)) {
  // The source line is shown; the operation in generic form would only bury it.
  context.printOpOnDiagnostic(false);
}

Compilation::~Compilation() = default;

LogicalResult Compilation::parse(StringRef path) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(path, &error);
  if (!file) {
    reportError(error);
    return failure();
  }
  const bool isText = !isBytecode(file->getMemBufferRef());
  if (isText)
    if (unsigned line = findDeepLine(file->getBuffer())) {
      reportError("expects brackets of at most " + llvm::Twine(kMaxNesting) +
                  " levels, got more on line " + llvm::Twine(line));
      return failure();
    }
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  module = isText ? parseSourceText(sources, &context)
                  : parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return failure();
  // Bytecode has no brackets.
  if (Operation *deep = findDeepOperation(*module))
    return deep->emitError("expects regions of at most ")
           << kMaxNesting << " levels";
  // Headers, inputs and references need the places of elements, as code does.
  PassManager passes(&context);
  passes.addPass(createAssignLayouts());
  return passes.run(*module);
}

static void addFeatures(TargetDescription &target, StringRef features) {
  if (!target.features.empty() && !features.empty())
    target.features += ",";
  target.features += features;
}

/// Merges what the user, the module and the host say.
static TargetDescription describeTarget(const CompileOptions &options,
                                        ModuleOp module) {
  TargetDescription target;
  std::optional<TargetDescription> ofModule = getTargetOf(module);
  if (ofModule && !options.namesTarget())
    target = *ofModule;
  else if (options.cpu != "native")
    target.cpu = options.cpu;
  else if (options.triple.empty()) // Another machine has no native CPU here.
    target = getHostTarget();
  if (!options.triple.empty())
    target.triple = options.triple;
  addFeatures(target, options.features);
  addFeatures(target, options.requiredFeatures);
  return target;
}

static void initializeTargets() {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  // Embedded code that asks the CPU has inline assembly.
  llvm::InitializeAllAsmParsers();
}

LogicalResult Compilation::chooseTarget() {
  if (options.fat && !options.isa.empty()) {
    reportError("expects one of --fat and --isa, got --fat and --isa=" +
                options.isa.getValue());
    return failure();
  }
  initializeTargets();
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> created =
      createTargetMachine(describeTarget(options, *module));
  if (!created) {
    reportError(llvm::toString(created.takeError()));
    return failure();
  }
  machine = std::move(*created);
  attachTarget(*module, *machine);
  return success();
}

/// Has remarks of all kinds printed as diagnostics, or given to `streamer`.
static LogicalResult enableRemarks(
    MLIRContext &context, bool prints,
    std::unique_ptr<remark::detail::MLIRRemarkStreamerBase> streamer) {
  const std::string category = "fp8attn";
  remark::RemarkCategories categories;
  categories.passed = categories.missed = category;
  categories.analysis = categories.failed = category;
  return remark::enableOptimizationRemarks(
      context, std::move(streamer),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), categories,
      /*printAsEmitRemarks=*/prints);
}

LogicalResult Compilation::lower(
    std::unique_ptr<remark::detail::MLIRRemarkStreamerBase> streamer) {
  if ((options.remarks || streamer) &&
      failed(enableRemarks(context, options.remarks, std::move(streamer))))
    return failure();
  ToLLVMPipelineOptions pipelineOptions;
  pipelineOptions.runtimeChecks = !options.noRuntimeChecks;
  pipelineOptions.isa = options.isa.getValue();
  pipelineOptions.fat = options.fat;
  pipelineOptions.force = llvm::to_vector(options.force);
  pipelineOptions.debugInfo = options.debugInfo;
  pipelineOptions.mixIsas = options.mixIsas.getValue();
  if (!options.stopAfter.empty()) {
    SmallVector<StringRef> names = getToLLVMPassNames(pipelineOptions);
    if (!llvm::is_contained(names, options.stopAfter)) {
      reportError("unknown pass \"" + options.stopAfter +
                  "\"; expects one of: " + llvm::join(names, ", "));
      return failure();
    }
  }
  PassManager passes(&context);
  buildToLLVMPipeline(passes, pipelineOptions, options.stopAfter);
  return passes.run(*module);
}

std::unique_ptr<llvm::Module>
Compilation::translate(llvm::LLVMContext &llvmContext) {
  return buildLLVMModule(*module, *machine, llvmContext);
}

LogicalResult mlir::fp8attn::printKnownCpus(StringRef triple) {
  initializeTargets();
  llvm::Expected<std::vector<std::string>> cpus = getKnownCpus(triple);
  if (!cpus) {
    reportError(llvm::toString(cpus.takeError()));
    return failure();
  }
  for (const std::string &cpu : *cpus)
    llvm::outs() << cpu << "\n";
  return success();
}
