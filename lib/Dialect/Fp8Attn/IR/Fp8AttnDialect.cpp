//===- Fp8AttnDialect.cpp - registration of the dialect ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registers attributes, types and operations.
//
//===----------------------------------------------------------------------===//

#include "BufferizableInterface.h"
#include "BytecodeInterface.h"
#include "ShardingInterface.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp8attn;

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnDialect.cpp.inc"

void Fp8AttnDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.cpp.inc"
      >();
  detail::addBytecodeInterface(*this);
  detail::attachBufferizableInterface(*getContext());
  detail::attachShardingInterface(*getContext());
}
