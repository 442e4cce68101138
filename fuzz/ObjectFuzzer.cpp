//===- ObjectFuzzer.cpp - modules to object files -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `fp8attn-compile -o` does with any module: options, bodies and the kind
// of output are drawn by its size. What was lowered is emitted; nothing ends
// the program.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "fp8attn/Pipelines/Pipelines.h"
#include "fp8attn/Target/CodeEmission.h"
#include "fp8attn/Target/TargetMachine.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <iterator>

using namespace mlir;
using namespace mlir::fp8attn;

static const TargetDescription kTargets[] = {
    {"x86_64-linux-gnu", "sapphirerapids", ""},
    {"x86_64-linux-gnu", "x86-64", ""},
    {"aarch64-linux-gnu", "generic", ""}};

static llvm::TargetMachine &targetMachine(size_t index) {
  static std::unique_ptr<llvm::TargetMachine> machines[std::size(kTargets)];
  static const bool isInitialized = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
    return true;
  }();
  (void)isInitialized;
  if (!machines[index])
    machines[index] = llvm::cantFail(createTargetMachine(kTargets[index]));
  return *machines[index];
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  OwningOpRef<ModuleOp> module = parseModule(data, size);
  if (!module)
    return 0;
  llvm::TargetMachine &machine = targetMachine(size % std::size(kTargets));
  attachTarget(*module, machine);
  ToLLVMPipelineOptions options;
  options.fat = size / 3 % 2;
  options.debugInfo = size / 6 % 2;
  options.mixIsas = size / 12 % 2;
  PassManager passes(&quietContext());
  buildToLLVMPipeline(passes, options);
  // Refusal is an answer too.
  if (failed(passes.run(*module)) || failed(checkIsLowered(*module)))
    return 0;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated =
      buildLLVMModule(*module, machine, context);
  if (!translated) {
    llvm::errs() << "lowered, but not translated\n";
    std::abort();
  }
  constexpr CodeKind kKinds[] = {CodeKind::Object, CodeKind::Assembly,
                                 CodeKind::Bitcode, CodeKind::LLVMText};
  SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  const CodeKind kind = kKinds[size / 24 % std::size(kKinds)];
  if (llvm::Error error = emitCode(*translated, machine, kind, stream)) {
    llvm::errs() << "translated, but not emitted: "
                 << llvm::toString(std::move(error)) << "\n";
    std::abort();
  }
  return 0;
}
