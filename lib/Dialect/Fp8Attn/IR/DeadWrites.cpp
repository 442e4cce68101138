//===- DeadWrites.cpp - results that nobody reads -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operation on tensors whose results are not used has no effect, and goes
// like any other. One on memrefs writes memory, which is without an effect if
// the memory was allocated here and nothing reads it. That memory itself is
// then erased by the canonicalisation of memref.alloc, which knows stores only.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

static bool isNeverRead(Value memory);

/// Returns whether a use of memory reads none of its elements, nor lets it out
/// of sight.
static bool isWriteOnly(OpOperand &use) {
  Operation *user = use.getOwner();
  if (isa<memref::DimOp>(user))
    return true;
  if (isa<ViewLikeOpInterface>(user) && isPure(user))
    return llvm::all_of(user->getResults(), isNeverRead);
  auto interface = dyn_cast<MemoryEffectOpInterface>(user);
  if (!interface)
    return false;
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffectsOnValue(use.get(), effects);
  return !effects.empty() && user->getNumResults() == 0 &&
         llvm::all_of(effects, [](const MemoryEffects::EffectInstance &it) {
           return isa<MemoryEffects::Write, MemoryEffects::Free>(
               it.getEffect());
         });
}

/// Returns whether nothing reads `memory`, looked at from here on.
static bool isNeverRead(Value memory) {
  return llvm::all_of(memory.getUses(), isWriteOnly);
}

/// Returns whether `memory` is memory of the function's own that nothing reads.
static bool isDead(Value memory) {
  while (auto view = memory.getDefiningOp<ViewLikeOpInterface>())
    memory = view.getViewSource();
  return isa_and_nonnull<memref::AllocOp, memref::AllocaOp>(
             memory.getDefiningOp()) &&
         isNeverRead(memory);
}

LogicalResult fp8attn::detail::eraseIfNothingReads(ModelOpInterface op,
                                                   PatternRewriter &rewriter) {
  if (op->getNumResults() != 0)
    return failure();
  for (const OperandRole &role : op.getOperandRoles())
    if (role.isWritten() && !isDead(role.get()))
      return failure();
  rewriter.eraseOp(op);
  return success();
}
