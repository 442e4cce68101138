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

/// LLVM's allocators mark what they have not handed out yet, in headers that
/// are compiled here and in a library that is not sanitized: what the library
/// hands out stays marked. Read by AddressSanitizer when the program starts.
extern "C" const char *__asan_default_options();
const char *__asan_default_options() { return "allow_user_poisoning=0"; }

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
