//===- PipelineFuzzer.cpp - text to fp8attn-to-llvm -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any valid module is lowered or refused with diagnostics; neither ends the
// program.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "fp8attn/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  OwningOpRef<ModuleOp> module = fp8attn::parseModule(data, size);
  if (!module)
    return 0;
  PassManager passes(&fp8attn::quietContext());
  fp8attn::buildToLLVMPipeline(passes, fp8attn::ToLLVMPipelineOptions());
  // Refusal is an answer too.
  (void)passes.run(*module);
  return 0;
}
