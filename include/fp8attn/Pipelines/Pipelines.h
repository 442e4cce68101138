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
};

/// Appends the passes that lower a module from the model level to the LLVM
/// dialect. The module names its target in the attribute `llvm.target`; without
/// it only generic kernels are chosen.
void buildToLLVMPipeline(OpPassManager &pm,
                         const ToLLVMPipelineOptions &options);

/// Registers `fp8attn-to-llvm` for textual pipelines.
void registerPipelines();

} // namespace mlir::fp8attn

#endif // FP8ATTN_PIPELINES_PIPELINES_H
