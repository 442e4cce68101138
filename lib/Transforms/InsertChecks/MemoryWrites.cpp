//===- MemoryWrites.cpp - what a function has written ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/MemoryWrites.h"
#include "InsertChecks/RuntimeChecks.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::fp8attn;

Value mlir::fp8attn::getMemoryRoot(Value memory) {
  // Views that stay within what they view; memref.reinterpret_cast need not.
  while (Operation *op = memory.getDefiningOp()) {
    if (isa<memref::AllocOp, memref::AllocaOp>(op))
      return memory;
    if (!isa<memref::SubViewOp, memref::CastOp, memref::ViewOp,
             memref::ExpandShapeOp, memref::CollapseShapeOp,
             memref::TransposeOp, CacheViewOp>(op))
      return {};
    memory = op->getOperand(0);
  }
  return getFunctionArgument(memory);
}

void MemoryWrites::add(Value memory, StringRef role) {
  Value root = getMemoryRoot(memory);
  if (!root)
    return addUnknown();
  BlockArgument argument = getFunctionArgument(root);
  if (!argument)
    return; // Memory of the function's own.
  std::string name = role.str();
  if (StringAttr given = getArgumentName(argument))
    name = given.str();
  else if (name.empty())
    name = "argument " + std::to_string(argument.getArgNumber());
  arguments.insert({argument, name});
}

void MemoryWrites::addEffectsOf(Operation *op) {
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface) {
    if (!op->hasTrait<OpTrait::HasRecursiveMemoryEffects>())
      addUnknown();
    return;
  }
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  for (const MemoryEffects::EffectInstance &effect : effects)
    if (isa<MemoryEffects::Write, MemoryEffects::Free>(effect.getEffect())) {
      if (Value memory = effect.getValue())
        add(memory, /*role=*/"");
      else
        addUnknown();
    }
}
