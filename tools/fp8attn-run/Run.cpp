//===- Run.cpp - compiles and runs a file ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts compilation, inputs, JIT, check and measurement together.
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "Description.h"
#include "Inputs.h"
#include "Jit.h"
#include "fp8attn/Compilation/Compilation.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Target/CodeEmission.h"
#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Target/TargetInfo.h"
#include "fp8attn/Transforms/MemRefForm.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the entry point that the options name, or the only one.
static FailureOr<func::FuncOp> findEntry(ModuleOp module, StringRef name) {
  SmallVector<func::FuncOp> entries = getEntryPoints(module);
  if (name.empty() && entries.size() == 1)
    return entries.front();
  for (func::FuncOp entry : entries)
    if (entry.getName() == name)
      return entry;
  std::string known = llvm::join(
      llvm::map_range(entries, [](func::FuncOp f) { return f.getName(); }),
      ", ");
  if (entries.empty())
    reportError("expects a public function without results, found none");
  else if (name.empty())
    reportError("expects --entry to name one of: " + known);
  else
    reportError("no entry point \"" + name + "\"; there is: " + known);
  return failure();
}

/// Reports an LLVM error.
template <typename T> static FailureOr<T> unwrap(llvm::Expected<T> expected) {
  if (expected)
    return std::move(*expected);
  reportError(llvm::toString(expected.takeError()));
  return failure();
}

/// Reports a target that this machine is not, before its code is run.
static LogicalResult checkRunsHere(const llvm::TargetMachine &machine,
                                   bool emulateAmx) {
  const llvm::Triple host(llvm::sys::getProcessTriple());
  if (machine.getTargetTriple().getArch() != host.getArch()) {
    reportError("cannot run code for " +
                machine.getTargetTriple().getArchName() + " on " +
                host.getArchName());
    return failure();
  }
  const llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  for (const llvm::SubtargetFeatureKV &feature :
       machine.getMCSubtargetInfo()->getEnabledProcessorFeatures()) {
    // Names that the host's list does not have are tuning hints.
    auto found = features.find(feature.Key);
    const bool isEmulated =
        emulateAmx && StringRef(feature.Key).starts_with("amx-");
    if (found != features.end() && !found->second && !isEmulated) {
      reportError("cannot run code for " + machine.getTargetCPU() +
                  ": this machine lacks " + feature.Key);
      return failure();
    }
  }
  return success();
}

/// Drops the entry points that do not run, but for what the one calls that
/// does: compiling takes longer than anything else here.
static LogicalResult keepEntry(ModuleOp module, StringRef name) {
  for (func::FuncOp entry : getEntryPoints(module)) {
    if (entry.getName() == name)
      continue;
    entry->removeAttr(Fp8AttnDialect::kEntryAttrName);
    entry.setPrivate();
  }
  PassManager passes(module.getContext());
  passes.addPass(createSymbolDCEPass());
  return passes.run(module);
}

/// Drops the bodies that do not run, likewise, unless the options name one.
/// Returns why it is no better one that runs.
static FailureOr<std::string> keepChosenBody(ModuleOp module,
                                             const RunOptions &options,
                                             CompileOptions &compileOptions) {
  FailureOr<TargetInfo> target = TargetInfo::get(module);
  if (failed(target))
    return failure();
  uint32_t isaMask = 0;
  for (Isa isa : target->supportedIsas())
    isaMask |= 1u << static_cast<uint32_t>(isa);
  fp8attn_context context;
  fp8attn_context_init(&context);
  context.isa_cap = options.isaCap;
  const int32_t chosen = selectIsa(options.emulateAmx, &context, isaMask);
  compileOptions.isa = stringifyIsa(static_cast<Isa>(chosen)).str();
  return std::string(context.message);
}

static FailureOr<JitFunction> compile(Compilation &compilation, StringRef entry,
                                      bool emulateAmx) {
  llvm::LLVMContext llvmContext;
  if (failed(keepEntry(compilation.getModule(), entry)) ||
      failed(compilation.lower()))
    return failure();
  std::unique_ptr<llvm::Module> llvmModule = compilation.translate(llvmContext);
  if (!llvmModule)
    return failure();
  JitFunction::addTrampoline(*llvmModule, entry);
  SmallVector<char, 0> object;
  llvm::raw_svector_ostream os(object);
  if (llvm::Error error = emitCode(*llvmModule, compilation.getMachine(),
                                   CodeKind::Object, os)) {
    reportError(llvm::toString(std::move(error)));
    return failure();
  }
  return unwrap(JitFunction::create(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object)), entry,
      getRuntimeSymbols(emulateAmx)));
}

namespace {
/// A context with a pool and a workspace.
struct Session {
  Session(const RunOptions &options, const JitFunction &function)
      : pool(fp8attn_pool_create(options.threads)),
        workspace(function.getWorkspaceBytes(options.threads)) {
    fp8attn_context_init(&context);
    context.parallel_for = fp8attn_pool_parallel_for;
    context.pool = pool;
    context.num_workers = options.threads;
    context.isa_cap = options.isaCap;
    context.workspace = workspace.data();
    context.workspace_bytes = workspace.size();
  }
  ~Session() { fp8attn_pool_destroy(pool); }
  Session(const Session &) = delete;

  fp8attn_context context;
  fp8attn_pool *pool;
  AlignedBuffer workspace;
};
} // namespace

/// Calls the entry point; reports a status.
static LogicalResult call(const JitFunction &function, Session &session,
                          const Arguments &arguments) {
  fp8attn_status status =
      function.call(&session.context, arguments.getAbiPointers());
  if (status == FP8ATTN_OK)
    return success();
  reportError(Twine(fp8attn_status_string(status)) + ": " +
              session.context.message);
  return failure();
}

/// Returns whether sequences share prefixes in any of `ops`.
static bool hasPrefix(ArrayRef<Operation *> ops) {
  return llvm::any_of(ops, [](Operation *op) {
    auto attention = dyn_cast<PagedAttentionOp>(op);
    return attention && attention.hasPrefix();
  });
}

FailureOr<Report> mlir::fp8attn::runFile(const RunOptions &options,
                                         CompileOptions &compileOptions) {
  if (options.emulateAmx)
    compileOptions.requiredFeatures = "+amx-tile,+amx-bf16";
  Compilation compilation(compileOptions);
  // What is on tensors has results, which no entry point has.
  if (failed(compilation.parse(options.input)) ||
      failed(requireMemRefs(compilation.getModule())))
    return failure();
  // Lowering consumes the module; inputs and reference need it as it was.
  OwningOpRef<ModuleOp> model = compilation.getModule().clone();
  FailureOr<func::FuncOp> entry = findEntry(*model, options.entry);
  if (failed(entry))
    return failure();
  FailureOr<std::vector<Operation *>> ops = getModelOps(*entry);
  if (failed(ops))
    return failure();
  FailureOr<Batch> batch = makeBatch(options, hasPrefix(*ops));
  if (failed(batch) || failed(compilation.chooseTarget()) ||
      failed(checkRunsHere(compilation.getMachine(), options.emulateAmx)))
    return failure();
  // Before compilation, which takes longer: a batch may not fit the sizes.
  FailureOr<Arguments> arguments =
      makeInputs(*entry, *ops, *batch, options.seed);
  if (failed(arguments))
    return failure();
  std::optional<std::string> reason;
  if (compileOptions.isa.empty() && !compileOptions.fat) {
    FailureOr<std::string> found =
        keepChosenBody(compilation.getModule(), options, compileOptions);
    if (failed(found))
      return failure();
    reason = *found;
  }
  FailureOr<JitFunction> function =
      compile(compilation, entry->getName(), options.emulateAmx);
  if (failed(function))
    return failure();

  Session session(options, *function);
  if (!session.pool) {
    reportError("cannot start " + Twine(options.threads) + " workers");
    return failure();
  }
  std::optional<Arguments> inputs;
  if (options.check)
    inputs.emplace(*arguments);
  if (failed(call(*function, session, *arguments)))
    return failure();

  Report report;
  report.entry = entry->getName().str();
  report.isa = fp8attn_isa_string(session.context.isa);
  // What the call says of the one body that there is, is not of interest.
  report.isaReason =
      reason && *session.context.message ? *reason : session.context.message;
  report.workers = options.threads;
  report.seed = options.seed;
  report.numSeqs = batch->numSeqs();
  report.numTokens = batch->numTokens();
  for (Operation *op : *ops)
    report.operations.push_back(describeOperation(op));
  if (options.check) {
    FailureOr<std::vector<Check>> checks =
        checkResults(*ops, *inputs, *arguments);
    if (failed(checks))
      return failure();
    report.checks = std::move(*checks);
  }
  if (options.time) {
    const std::vector<const void *> pointers = arguments->getAbiPointers();
    report.work = getWork(*ops, *arguments);
    report.format = describeKeyType(*ops);
    if (!options.svg.empty() && report.work.flops == 0) {
      reportError("expects an entry point that attends to keys for --svg: \"" +
                  entry->getName() + "\" only moves memory in this batch");
      return failure();
    }
    report.measurement =
        measure([&] { function->call(&session.context, pointers); },
                report.work, session.context, options.repetitions);
  }
  return report;
}
