//===- Pipelines.h - from the model level to LLVM ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The named pipeline that the tools and embedding compilers use.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_PIPELINES_PIPELINES_H
#define FP8ATTN_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::fp8attn {

/// Options of `fp8attn-to-llvm`.
struct ToLLVMPipelineOptions
    : public PassPipelineOptions<ToLLVMPipelineOptions> {
  Option<bool> runtimeChecks{
      *this, "runtime-checks",
      llvm::cl::desc("Check arguments at run time before memory is touched"),
      llvm::cl::init(true)};
  Option<std::string> isa{
      *this, "isa",
      llvm::cl::desc(
          "Compile bodies for this ISA only: generic, avx2, avx512, "
          "avx512_bf16 or amx_bf16 (default: all that the target has)"),
      llvm::cl::init("")};
  Option<bool> fat{
      *this, "fat",
      llvm::cl::desc("Compile bodies for every ISA of the target's "
                     "architecture, whatever its CPU has"),
      llvm::cl::init(false)};
  ListOption<std::string> force{
      *this, "force",
      llvm::cl::desc("Kernels of attention to use wherever they can be, by "
                     "name or by ISA")};
  Option<bool> mixIsas{
      *this, "mix-isas",
      llvm::cl::desc(
          "Let few rows take kernels of a lesser ISA than many where "
          "those are faster"),
      llvm::cl::init(false)};
  Option<bool> debugInfo{
      *this, "debug-info",
      llvm::cl::desc("Map the code to lines of the input, for debuggers"),
      llvm::cl::init(false)};
};

/// Appends the passes that lower a module from the model level to the LLVM
/// dialect. The module names its target in the attribute `llvm.target`; without
/// it only generic kernels are chosen. If `stopAfter` is the argument of one of
/// the passes (`fp8attn-fold-scales`), those behind it are left out.
void buildToLLVMPipeline(OpPassManager &pm,
                         const ToLLVMPipelineOptions &options,
                         StringRef stopAfter = "");

/// Returns the arguments of the passes of the pipeline, in order.
SmallVector<StringRef> getToLLVMPassNames(const ToLLVMPipelineOptions &options);

/// Registers all passes of this project, and `fp8attn-to-llvm`, for textual
/// pipelines.
void registerPasses();

} // namespace mlir::fp8attn

#endif // FP8ATTN_PIPELINES_PIPELINES_H
