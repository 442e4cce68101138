//===- StatusChecks.cpp - where functions return a status -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block ends wherever a status is looked at. Patterns leave marks there, and
// blocks are divided when all is converted, from their ends: a pattern that
// divided one would move all that comes later, once for each status.
//
//===----------------------------------------------------------------------===//

#include "RuntimeFunctions.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Marks a cast of a status that stands where the function returns.
static constexpr StringLiteral kMark = "fp8attn.return_if_failed";

void mlir::fp8attn::returnIfFailed(OpBuilder &builder, Location loc,
                                   Value status) {
  auto mark = UnrealizedConversionCastOp::create(builder, loc,
                                                 builder.getNoneType(), status);
  mark->setAttr(kMark, builder.getUnitAttr());
}

/// Divides a block at a mark. Returns the block that returns, which stands
/// before the one of the next mark, `nextExit`, or last.
static Block *expand(UnrealizedConversionCastOp mark, Block *nextExit) {
  IRRewriter rewriter(mark);
  Location loc = mark.getLoc();
  Value status = mark.getOperand(0);
  Block *block = mark->getBlock();
  Block *rest = rewriter.splitBlock(block, mark->getIterator());
  Region *region = rest->getParent();
  Block *exit = rewriter.createBlock(region, nextExit ? nextExit->getIterator()
                                                      : region->end());
  returnWithStatus(rewriter, loc, status, {});
  rewriter.setInsertionPointToEnd(block);
  Value failed =
      LLVM::ICmpOp::create(rewriter, loc, LLVM::ICmpPredicate::ne, status,
                           makeInteger(rewriter, loc, 32, 0));
  LLVM::CondBrOp::create(rewriter, loc, failed, exit, rest);
  rewriter.eraseOp(mark);
  return exit;
}

void mlir::fp8attn::expandStatusChecks(LLVM::LLVMFuncOp function) {
  SmallVector<UnrealizedConversionCastOp> marks;
  function.walk([&](UnrealizedConversionCastOp cast) {
    if (cast->hasAttr(kMark))
      marks.push_back(cast);
  });
  Block *exit = nullptr;
  for (UnrealizedConversionCastOp mark : llvm::reverse(marks))
    exit = expand(mark, exit);
}
