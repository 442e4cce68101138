//===- RegisterPasses.cpp - passes and pipeline by name -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a file of its own: the compiler builds its pipeline without names, and
// links nothing of this.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Conversion/Passes.h"
#include "fp8attn/Import/Passes.h"
#include "fp8attn/Pipelines/Pipelines.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::fp8attn;

void mlir::fp8attn::registerPasses() {
  registerFp8AttnTransformsPasses();
  registerFp8AttnConversionPasses();
  registerFp8AttnImportPasses();
  PassPipelineRegistration<ToLLVMPipelineOptions>(
      "fp8attn-to-llvm",
      "Lower attention from the model level to the LLVM dialect",
      [](OpPassManager &pm, const ToLLVMPipelineOptions &options) {
        buildToLLVMPipeline(pm, options);
      });
}
