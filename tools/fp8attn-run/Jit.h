//===- Jit.h - a compiled entry point in memory -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Links an object into this process and calls its entry point.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_JIT_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_JIT_H

#include "RuntimeSymbols.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace mlir::fp8attn {

/// An entry point. A call gives a pointer for each argument: a tensor, a cache,
/// or where the number is that it takes.
class JitFunction {
public:
  /// Adds to the module what call() needs. Comes before code generation.
  static void addTrampoline(llvm::Module &module, llvm::StringRef entry);

  /// Links the object of the module that addTrampoline was called with.
  static llvm::Expected<JitFunction>
  create(std::unique_ptr<llvm::MemoryBuffer> object, llvm::StringRef entry,
         const SymbolAddresses &symbols);

  fp8attn_status call(fp8attn_context *context,
                      const std::vector<const void *> &arguments) const {
    return trampoline(context, arguments.data());
  }

  int64_t getWorkspaceBytes(int32_t numWorkers) const {
    return workspaceBytes(numWorkers);
  }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  fp8attn_status (*trampoline)(fp8attn_context *,
                               const void *const *) = nullptr;
  int64_t (*workspaceBytes)(int32_t) = nullptr;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_JIT_H
