//===- Compilation.h - one module on its way to LLVM IR ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tools do with an input file before they differ: parse it, choose the
// target, run the pipeline. Diagnostics go to stderr with the source line.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMMON_COMPILATION_H
#define FP8ATTN_TOOLS_COMMON_COMPILATION_H

#include "CommandLine.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Remarks.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace mlir {
class SourceMgrDiagnosticHandler;
} // namespace mlir

namespace mlir::fp8attn {

/// A module and its target. The steps are called in the order in which they are
/// declared; each reports its own errors.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options);
  ~Compilation();

  /// Reads the file ("-": standard input).
  LogicalResult parse(StringRef path);

  /// Makes the backend of the target that the options name, else that the
  /// module names, else this host, and writes it into the module.
  LogicalResult chooseTarget();

  /// Runs fp8attn-to-llvm: the module is in the LLVM dialect afterwards, unless
  /// the options stop before. Remarks are printed if the options say so, and
  /// given to `streamer` if there is one.
  LogicalResult
  lower(std::unique_ptr<remark::detail::MLIRRemarkStreamerBase> streamer = {});

  /// Translates the lowered module and optimises it. Null on error.
  std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &llvmContext);

  ModuleOp getModule() { return *module; }
  llvm::TargetMachine &getMachine() { return *machine; }

private:
  const CompileOptions &options;
  MLIRContext context;
  llvm::SourceMgr sources;
  std::unique_ptr<SourceMgrDiagnosticHandler> diagnostics;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

/// Prints the CPUs that can be named for a triple, one a line, to stdout.
LogicalResult printKnownCpus(StringRef triple);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_COMPILATION_H
