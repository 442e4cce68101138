//===- LibraryCalls.cpp - operations that objects have no code for --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Objects link with the C library alone. Operations of the user's that would
// call a mathematical library, or MLIR's own, are refused where they stand, and
// so is what there are no patterns for.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether an operation becomes a call of a function of mathematics on
/// every CPU.
static bool needsMath(Operation *op) {
  if (isa<arith::RemFOp>(op))
    return true;
  return isa_and_nonnull<math::MathDialect>(op->getDialect()) &&
         !isa<math::SqrtOp, math::RsqrtOp, math::AbsFOp, math::AbsIOp,
              math::CopySignOp, math::CountLeadingZerosOp,
              math::CountTrailingZerosOp, math::CtPopOp, math::IsFiniteOp,
              math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::FloorOp,
              math::CeilOp, math::TruncOp, math::RoundOp, math::RoundEvenOp,
              math::FmaOp>(op);
}

LogicalResult mlir::fp8attn::checkMath(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) -> WalkResult {
    if (needsMath(op))
      return op->emitOpError(
          "would call a mathematical library, which objects do without; "
          "expects tanh, exp, exp2, log or log2 of f32, or sqrt, rsqrt, absf "
          "or copysign");
    if (isa<UnrealizedConversionCastOp>(op))
      return op->emitOpError("cannot be compiled; caches and memrefs are "
                             "arguments, or made by operations of memref");
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult mlir::fp8attn::checkConverted(ModuleOp module) {
  WalkResult result = module.walk([&](Operation *op) -> WalkResult {
    // What is declared is not of the model.
    auto callOfOthers = dyn_cast<func::CallOp>(op);
    if (isa<func::FuncOp>(op) ||
        (callOfOthers &&
         module.lookupSymbol<func::FuncOp>(callOfOthers.getCallee())))
      return WalkResult::advance();
    // Casts between what was converted are folded by the next pass.
    if (isa<ModuleOp, UnrealizedConversionCastOp>(op) ||
        isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect())) {
      auto call = dyn_cast<LLVM::CallOp>(op);
      if (!call || call.getCallee() != "memrefCopy")
        return WalkResult::advance();
      return emitError(op->getLoc(),
                       "expects memref.copy between memrefs whose elements lie "
                       "one after the other, because objects do without the "
                       "library that copies between strides");
    }
    return op->emitOpError(
        "cannot be compiled; expects operations of affine, arith, cf, fp8attn, "
        "func, llvm, math, memref, scf and vector that LLVM has code for");
  });
  return failure(result.wasInterrupted());
}
