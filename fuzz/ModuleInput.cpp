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

#include "fp8attn/InitAll.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

MLIRContext &mlir::fp8attn::quietContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerAllDialects(registry);
    auto *quiet = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    quiet->getDiagEngine().registerHandler([](Diagnostic &) {});
    return quiet;
  }();
  return *context;
}

OwningOpRef<ModuleOp> mlir::fp8attn::parseModule(StringRef text) {
  return parseSourceString<ModuleOp>(text, &quietContext());
}

OwningOpRef<ModuleOp> mlir::fp8attn::parseModule(const uint8_t *data,
                                                 size_t size) {
  // The parser looks for a zero behind the text.
  const std::string text(reinterpret_cast<const char *>(data), size);
  return parseModule(text);
}
