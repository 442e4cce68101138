//===- fp8attn-opt.cpp - the optimiser driver -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads MLIR, runs passes by name, and prints MLIR: mlir-opt with the dialect
// and the passes of fp8attn.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "fp8attn/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::fp8attn::addVersion();
  mlir::DialectRegistry registry;
  mlir::fp8attn::registerAllDialects(registry);
  mlir::fp8attn::registerTensorDialects(registry);
  mlir::fp8attn::registerAllTranslations(registry);
  mlir::fp8attn::registerAllPasses();
  return mlir::fp8attn::runOnLargeStack([&] {
    return mlir::asMainReturnCode(
        mlir::MlirOptMain(argc, argv, "fp8attn optimiser driver\n", registry));
  });
}
