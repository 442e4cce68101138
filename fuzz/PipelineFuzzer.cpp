//===- PipelineFuzzer.cpp - modules to fp8attn-to-llvm --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any valid module is lowered or refused with diagnostics; neither ends the
// program. What is lowered is so with its operations several times, too.
//
//===----------------------------------------------------------------------===//

#include "ModuleInput.h"

#include "fp8attn/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;

static LogicalResult lower(ModuleOp module) {
  PassManager passes(&fp8attn::quietContext());
  fp8attn::buildToLLVMPipeline(passes, fp8attn::ToLLVMPipelineOptions());
  return passes.run(module);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  OwningOpRef<ModuleOp> module = fp8attn::parseModule(data, size);
  if (!module)
    return 0;
  constexpr size_t kMostTimes = 5;
  OwningOpRef<ModuleOp> many =
      fp8attn::repeatOperations(*module, 1 + size % kMostTimes);
  // Refusal is an answer too.
  if (failed(lower(*module)))
    return 0;
  if (failed(lower(*many))) {
    llvm::errs() << "lowered, but not with its operations repeated\n";
    std::abort();
  }
  return 0;
}
