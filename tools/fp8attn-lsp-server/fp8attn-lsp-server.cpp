//===- fp8attn-lsp-server.cpp - models in an editor -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-lsp-server with the dialect of fp8attn: diagnostics while one types,
// definitions, uses and types of values.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "fp8attn/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::fp8attn::addVersion();
  mlir::DialectRegistry registry;
  mlir::fp8attn::registerAllDialects(registry);
  mlir::fp8attn::registerTensorDialects(registry);
  return mlir::fp8attn::runOnLargeStack(
      [&] { return failed(mlir::MlirLspServerMain(argc, argv, registry)); });
}
