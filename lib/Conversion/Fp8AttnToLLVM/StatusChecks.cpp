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

/// Divides a block at a mark. `exit` takes the status and returns it.
static void expand(UnrealizedConversionCastOp mark, Block *exit) {
  IRRewriter rewriter(mark);
  Location loc = mark.getLoc();
  Value status = mark.getOperand(0);
  Block *block = mark->getBlock();
  Block *rest = rewriter.splitBlock(block, mark->getIterator());
  rewriter.setInsertionPointToEnd(block);
  Value failed =
      LLVM::ICmpOp::create(rewriter, loc, LLVM::ICmpPredicate::ne, status,
                           makeInteger(rewriter, loc, 32, 0));
  LLVM::CondBrOp::create(rewriter, loc, failed, exit, status, rest,
                         ValueRange());
  rewriter.eraseOp(mark);
}

void mlir::fp8attn::expandStatusChecks(LLVM::LLVMFuncOp function) {
  SmallVector<UnrealizedConversionCastOp> marks;
  function.walk([&](UnrealizedConversionCastOp cast) {
    if (cast->hasAttr(kMark))
      marks.push_back(cast);
  });
  if (marks.empty())
    return;
  OpBuilder builder(function.getContext());
  Location loc = function.getLoc();
  Block *exit = builder.createBlock(&function.getBody(), function.end(),
                                    builder.getI32Type(), loc);
  returnWithStatus(builder, loc, exit->getArgument(0), {});
  for (UnrealizedConversionCastOp mark : llvm::reverse(marks))
    expand(mark, exit);
}
