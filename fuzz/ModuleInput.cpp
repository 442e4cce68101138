//===- ModuleInput.cpp - bytes as a module --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Diagnostics are the expected answer to most inputs, and are dropped.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/InitAll.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

/// LLVM's allocators mark what they have not handed out yet, in headers that
/// are compiled here and in a library that is not sanitized: what the library
/// hands out stays marked. Read by AddressSanitizer when the program starts.
extern "C" const char *__asan_default_options();
const char *__asan_default_options() { return "allow_user_poisoning=0"; }

MLIRContext &mlir::fp8attn::quietContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllTranslations(registry);
    auto *quiet = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    quiet->getDiagEngine().registerHandler([](Diagnostic &) {});
    return quiet;
  }();
  return *context;
}

OwningOpRef<ModuleOp> mlir::fp8attn::parseModule(StringRef bytes) {
  // A copy is aligned, as bytecode must be, and has a zero behind it, which the
  // parser of text looks for.
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(bytes),
                             llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sources, &quietContext());
}

OwningOpRef<ModuleOp> mlir::fp8attn::parseModule(const uint8_t *data,
                                                 size_t size) {
  return parseModule(StringRef(reinterpret_cast<const char *>(data), size));
}

OwningOpRef<ModuleOp> mlir::fp8attn::repeatOperations(ModuleOp module,
                                                      unsigned times) {
  OwningOpRef<ModuleOp> many(module.clone());
  SmallVector<Operation *> operations;
  many->walk([&](Operation *op) {
    if (isa_and_nonnull<Fp8AttnDialect>(op->getDialect()) &&
        isa<func::FuncOp>(op->getParentOp()) && op->getNumResults() == 0 &&
        !op->hasTrait<OpTrait::IsTerminator>())
      operations.push_back(op);
  });
  for (Operation *op : operations) {
    OpBuilder builder(op);
    for (unsigned i = 0; i < times; ++i)
      builder.clone(*op);
  }
  return many;
}
