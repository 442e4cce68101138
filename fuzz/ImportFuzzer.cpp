//===- ImportFuzzer.cpp - modules of front ends to the importers ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The importers take any valid module, also with operations that nobody knows,
// and make a valid one: what they do not take they leave alone.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "fp8attn/Import/Passes.h"
#include "fp8attn/InitAll.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;

/// Returns the context with what front ends have.
static MLIRContext &getContext() {
  static MLIRContext &context = [&]() -> MLIRContext & {
    DialectRegistry registry;
    fp8attn::registerTensorDialects(registry);
    fp8attn::quietContext().appendDialectRegistry(registry);
    fp8attn::quietContext().allowUnregisteredDialects();
    return fp8attn::quietContext();
  }();
  return context;
}

static void import(StringRef text) {
  MLIRContext &context = getContext();
  OwningOpRef<ModuleOp> module = fp8attn::parseModule(text);
  if (!module)
    return;
  PassManager passes(&context);
  passes.addPass(fp8attn::createImportTorchFlex());
  passes.addPass(fp8attn::createImportTorchPages());
  passes.addPass(fp8attn::createImportTtir());
  passes.addNestedPass<func::FuncOp>(fp8attn::createImportStablehlo());
  passes.addNestedPass<func::FuncOp>(fp8attn::createImportTorch());
  passes.addNestedPass<func::FuncOp>(fp8attn::createImportOnnx());
  passes.addNestedPass<func::FuncOp>(fp8attn::createImportIree());
  passes.addNestedPass<func::FuncOp>(fp8attn::createImportTmTensor());
  passes.addNestedPass<func::FuncOp>(fp8attn::createRaiseLinalg());
  if (failed(passes.run(*module))) {
    llvm::errs() << "imported a module that is not valid\n";
    std::abort();
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Files of lit tests have several modules.
  StringRef rest(reinterpret_cast<const char *>(data), size);
  while (!rest.empty()) {
    auto [first, others] = rest.split("// -----");
    import(first);
    rest = others;
  }
  return 0;
}
