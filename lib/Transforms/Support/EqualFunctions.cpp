//===- EqualFunctions.cpp - functions that do the same --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Hashes functions and compares those of one hash.
//
//===----------------------------------------------------------------------===//

#include "EqualFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns a number that equal functions share.
static size_t getHash(func::FuncOp function) {
  llvm::hash_code hash = hash_value(function.getFunctionType());
  function.getBody().walk([&](Operation *op) {
    hash =
        llvm::hash_combine(hash, OperationEquivalence::computeHash(
                                     op, OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::IgnoreLocations));
  });
  return hash;
}

static bool areEqual(func::FuncOp a, func::FuncOp b) {
  return a.getFunctionType() == b.getFunctionType() &&
         a->getAttr(Fp8AttnDialect::kIsaAttrName) ==
             b->getAttr(Fp8AttnDialect::kIsaAttrName) &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

func::FuncOp EqualFunctions::findOrAdd(func::FuncOp function) {
  SmallVector<func::FuncOp, 1> &candidates = functions[getHash(function)];
  for (func::FuncOp candidate : candidates)
    if (areEqual(candidate, function))
      return candidate;
  candidates.push_back(function);
  return function;
}
