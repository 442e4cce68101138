//===- ParserFuzzer.cpp - text to the parser and the verifier -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any text gives a module or diagnostics; a module that is valid prints as one
// that is.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  OwningOpRef<ModuleOp> module = fp8attn::parseModule(data, size);
  if (!module)
    return 0;
  std::string printed;
  llvm::raw_string_ostream stream(printed);
  module->print(stream);
  if (!fp8attn::parseModule(StringRef(printed))) {
    llvm::errs() << "printed a module that does not parse:\n" << printed;
    std::abort();
  }
  return 0;
}
