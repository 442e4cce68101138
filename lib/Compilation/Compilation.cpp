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

#include "fp8attn/Compilation/Compilation.h"

#include "OtherCode.h"

#include "fp8attn/Compilation/Nesting.h"
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
#include "llvm/Support/WithColor.h"

#include <mutex>

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
      context(makeRegistry(), MLIRContext::Threading::DISABLED) {
  // The source line is shown; the operation in generic form would only bury it.
  context.printOpOnDiagnostic(false);
  setUpDiagnostics();
}

Compilation::~Compilation() = default;

static void
handOn(const Diagnostic &diagnostic,
       const std::function<void(const CompileDiagnostic &)> &diagnose) {
  CompileDiagnostic result;
  result.severity = diagnostic.getSeverity();
  if (auto place = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>()) {
    result.file = place.getFilename().str();
    result.line = place.getLine();
    result.column = place.getColumn();
  }
  result.message = diagnostic.str();
  diagnose(result);
  for (const Diagnostic &note : diagnostic.getNotes())
    handOn(note, diagnose);
}

void Compilation::setUpDiagnostics() {
  if (!options.diagnose) {
    printer = std::make_unique<SourceMgrDiagnosticHandler>(sources, &context);
    return;
  }
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    handOn(diagnostic, options.diagnose);
    return success();
  });
}

void Compilation::reportError(const llvm::Twine &message) {
  if (!options.diagnose) {
    llvm::WithColor::error() << message << "\n";
    return;
  }
  CompileDiagnostic diagnostic;
  diagnostic.message = message.str();
  options.diagnose(diagnostic);
}

LogicalResult Compilation::parse(StringRef path) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(path, &error);
  if (!file) {
    reportError(error);
    return failure();
  }
  return parse(std::move(file));
}

LogicalResult Compilation::parse(std::unique_ptr<llvm::MemoryBuffer> file) {
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
  else if (!options.cpu.empty() && options.cpu != "native")
    target.cpu = options.cpu;
  else if (options.triple.empty()) // Another machine has no native CPU here.
    target = getHostTarget();
  if (!options.triple.empty())
    target.triple = options.triple;
  addFeatures(target, options.features);
  addFeatures(target, options.requiredFeatures);
  return target;
}

void mlir::fp8attn::initializeTargets() {
  // LLVM writes its table again each time it is told.
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    // Embedded code that asks the CPU has inline assembly.
    llvm::InitializeAllAsmParsers();
  });
}

LogicalResult Compilation::chooseTarget() {
  if (options.fat && !options.isa.empty()) {
    reportError("expects one of --fat and --isa, got --fat and --isa=" +
                options.isa);
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
  pipelineOptions.isa = options.isa;
  pipelineOptions.fat = options.fat;
  pipelineOptions.force = llvm::to_vector(options.force);
  pipelineOptions.debugInfo = options.debugInfo;
  pipelineOptions.mixIsas = options.mixIsas;
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
  if (failed(lowerOtherCode(*module)))
    return nullptr;
  return buildLLVMModule(*module, *machine, llvmContext);
}
