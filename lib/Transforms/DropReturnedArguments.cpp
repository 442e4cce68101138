//===- DropReturnedArguments.cpp - results that are arguments -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR has a pass for this, which leaves public functions as they are.
// Functions whose uses are not all calls, as callbacks, keep their results.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DROPRETURNEDARGUMENTS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the argument that a returned memref is, or null.
static BlockArgument getArgument(func::FuncOp function, Value returned) {
  while (auto cast = returned.getDefiningOp<memref::CastOp>())
    returned = cast.getSource();
  auto argument = dyn_cast<BlockArgument>(returned);
  return argument && isa<MemRefType>(argument.getType()) &&
                 argument.getOwner() == &function.getBody().front()
             ? argument
             : BlockArgument();
}

/// Returns the argument that every return gives as the result `index`, or null.
static BlockArgument getArgument(func::FuncOp function,
                                 ArrayRef<func::ReturnOp> returns,
                                 unsigned index) {
  BlockArgument argument;
  for (func::ReturnOp op : returns) {
    BlockArgument returned = getArgument(function, op.getOperand(index));
    if (!returned || (argument && returned != argument))
      return {};
    argument = returned;
  }
  return argument;
}

/// Returns the calls of a function, unless it is used in another way.
static FailureOr<SmallVector<func::CallOp>> getCalls(func::FuncOp function,
                                                     ModuleOp module) {
  SmallVector<func::CallOp> calls;
  auto uses = SymbolTable::getSymbolUses(function, &module.getBodyRegion());
  if (!uses)
    return failure();
  for (const SymbolTable::SymbolUse &use : *uses) {
    auto call = dyn_cast<func::CallOp>(use.getUser());
    if (!call)
      return failure();
    calls.push_back(call);
  }
  return calls;
}

/// Makes a call without the results that are dropped.
static void replaceCall(func::CallOp call, ArrayRef<BlockArgument> dropped) {
  OpBuilder builder(call);
  SmallVector<Type> types;
  for (auto [type, argument] : llvm::zip(call.getResultTypes(), dropped))
    if (!argument)
      types.push_back(type);
  auto created = func::CallOp::create(
      builder, call.getLoc(), call.getCalleeAttr(), types, call.getOperands());
  created->setDiscardableAttrs(call->getDiscardableAttrDictionary());
  unsigned next = 0;
  for (auto [result, argument] : llvm::zip(call.getResults(), dropped)) {
    Value value;
    if (!argument)
      value = created.getResult(next++);
    else
      value = call.getOperand(argument.getArgNumber());
    if (value.getType() != result.getType())
      value = memref::CastOp::create(builder, call.getLoc(), result.getType(),
                                     value);
    result.replaceAllUsesWith(value);
  }
  call.erase();
}

static void dropResults(func::FuncOp function, ModuleOp module) {
  SmallVector<func::ReturnOp> returns;
  function.walk([&](func::ReturnOp op) { returns.push_back(op); });
  SmallVector<BlockArgument> dropped;
  llvm::BitVector indices(function.getNumResults());
  for (unsigned index = 0; index < function.getNumResults(); ++index) {
    dropped.push_back(getArgument(function, returns, index));
    if (dropped.back())
      indices.set(index);
  }
  FailureOr<SmallVector<func::CallOp>> calls = getCalls(function, module);
  if (indices.none() || failed(calls))
    return;
  for (func::ReturnOp op : returns)
    op->eraseOperands(indices);
  (void)function.eraseResults(indices);
  for (func::CallOp call : *calls)
    replaceCall(call, dropped);
}

namespace {
struct DropReturnedArgumentsPass
    : public fp8attn::impl::DropReturnedArgumentsBase<
          DropReturnedArgumentsPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        dropResults(function, getOperation());
  }
};
} // namespace
