//===- ParserFuzzer.cpp - bytes to the parser and the verifier ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any text or bytecode gives a module or diagnostics; a module that is valid
// prints as one that is, and is the same one behind bytecode.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "mlir/Bytecode/BytecodeWriter.h"
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
  std::string bytes;
  llvm::raw_string_ostream byteStream(bytes);
  if (failed(writeBytecodeToFile(*module, byteStream)))
    std::abort();
  OwningOpRef<ModuleOp> read = fp8attn::parseModule(StringRef(bytes));
  std::string again;
  llvm::raw_string_ostream againStream(again);
  if (read)
    read->print(againStream);
  if (printed != again) {
    llvm::errs() << "another module behind bytecode:\n"
                 << printed << "\n"
                 << again;
    std::abort();
  }
  return 0;
}
