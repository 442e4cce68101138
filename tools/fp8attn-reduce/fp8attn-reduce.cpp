//===- fp8attn-reduce.cpp - small models that still show a mistake --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mlir-reduce with the dialect and the passes of fp8attn.
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "fp8attn/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::fp8attn::addVersion();
  mlir::DialectRegistry registry;
  mlir::fp8attn::registerAllDialects(registry);
  mlir::fp8attn::registerTensorDialects(registry);
  mlir::fp8attn::registerAllPasses();
  mlir::MLIRContext context(registry);
  return mlir::fp8attn::runOnLargeStack(
      [&] { return failed(mlir::mlirReduceMain(argc, argv, context)); });
}
