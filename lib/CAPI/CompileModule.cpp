//===- CompileModule.cpp - modules of MLIR's C API to objects -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lowering consumes a module and loads dialects into its context; the caller's
// remain as they are when their bytecode is compiled.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/CompileModule.h"

#include "Request.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/CAPI/IR.h"

using namespace mlir;
using namespace mlir::fp8attn;

Fp8AttnCompileStatus fp8attnCompileModule(MlirModule module,
                                          const Fp8AttnCompileOptions *options,
                                          Fp8AttnDiagnosticCallback diagnose,
                                          Fp8AttnOutputCallback output,
                                          void *userData) {
  return run({options, diagnose, output, userData}, module.ptr != nullptr,
             [&](StringRef name) -> std::unique_ptr<llvm::MemoryBuffer> {
               std::string bytes;
               llvm::raw_string_ostream os(bytes);
               if (failed(writeBytecodeToFile(unwrap(module), os)))
                 return nullptr;
               return llvm::MemoryBuffer::getMemBufferCopy(bytes, name);
             });
}
