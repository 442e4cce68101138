//===- fp8attn-plugin.cpp - the dialect and passes for mlir-opt -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tools of MLIR, and those of others that take plugins, load with
// --load-dialect-plugin and --load-pass-plugin. MLIR itself is that of the
// tool.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Pipelines/Pipelines.h"

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

static const char kName[] = "fp8attn";

static void registerDialect(DialectRegistry *registry) {
  registry->insert<fp8attn::Fp8AttnDialect>();
}

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, kName, FP8ATTN_VERSION, registerDialect};
}

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, kName, FP8ATTN_VERSION,
          fp8attn::registerPasses};
}
