//===- Compilation.h - one module on its way to LLVM IR ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What all do with a model before they differ: parse it, choose the target, run
// the pipeline. Several compilations may run at once, each on a thread.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMPILATION_COMPILATION_H
#define FP8ATTN_COMPILATION_COMPILATION_H

#include "fp8attn/Compilation/CompileOptions.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Remarks.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace mlir {
class SourceMgrDiagnosticHandler;
} // namespace mlir

namespace mlir::fp8attn {

/// A module and its target. The steps are called in the order in which they are
/// declared; each reports its own errors, to whom the options say.
class Compilation {
public:
  /// Keeps a reference to the options.
  explicit Compilation(const CompileOptions &options);
  ~Compilation();

  /// Reads the file ("-": standard input).
  LogicalResult parse(StringRef path);

  /// Reads text or bytecode that is in memory.
  LogicalResult parse(std::unique_ptr<llvm::MemoryBuffer> input);

  /// Makes the backend of the target that the options name, else that the
  /// module names, else this host, and writes it into the module.
  LogicalResult chooseTarget();

  /// Runs fp8attn-to-llvm: the model is in the LLVM dialect afterwards, unless
  /// the options stop before. Remarks are printed if the options say so, and
  /// given to `streamer` if there is one.
  LogicalResult
  lower(std::unique_ptr<remark::detail::MLIRRemarkStreamerBase> streamer = {});

  /// Lowers what is beside the model, translates all and optimises it. Null on
  /// error.
  std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &llvmContext);

  /// Reports an error that is about no place in the input.
  void reportError(const llvm::Twine &message);

  const CompileOptions &getOptions() { return options; }
  ModuleOp getModule() { return *module; }
  llvm::TargetMachine &getMachine() { return *machine; }

private:
  void setUpDiagnostics();

  const CompileOptions &options;
  MLIRContext context;
  llvm::SourceMgr sources;
  /// Prints diagnostics; null if the options name somebody who gets them.
  std::unique_ptr<SourceMgrDiagnosticHandler> printer;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// Makes the targets of LLVM known, once in a process.
void initializeTargets();

} // namespace mlir::fp8attn

#endif // FP8ATTN_COMPILATION_COMPILATION_H
