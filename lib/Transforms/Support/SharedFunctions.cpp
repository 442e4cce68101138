//===- SharedFunctions.cpp - functions of equal operations ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes a function of each group of operations and keeps those that two have in
// common.
//
//===----------------------------------------------------------------------===//

#include "Support/SharedFunctions.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// A group, and what a function that does the same takes from where the group
/// stands: what its operations and their regions use, but for constants.
struct Occurrence {
  const OperationGroup *group;
  SmallVector<Value> arguments;
};
} // namespace

static Operation *getConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>() ? op : nullptr;
}

/// Returns the values from outside that a group uses.
static SetVector<Value> getUsedValues(const OperationGroup &group) {
  SetVector<Value> used;
  for (Operation *op : group.ops) {
    used.insert(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), used);
  }
  used.remove_if([&](Value value) {
    return llvm::is_contained(group.ops, value.getDefiningOp());
  });
  return used;
}

/// Returns a function of no module that does what `group` does, and puts what
/// it takes into `arguments`.
static func::FuncOp makeFunction(func::FuncOp caller,
                                 const OperationGroup &group,
                                 SmallVectorImpl<Value> &arguments) {
  SetVector<Value> used = getUsedValues(group);
  llvm::copy_if(used, std::back_inserter(arguments),
                [](Value value) { return !getConstant(value); });

  Location loc = group.ops.back()->getLoc();
  OpBuilder builder(caller.getContext());
  auto function = func::FuncOp::create(
      loc, (caller.getName() + "." + group.name).str(),
      builder.getFunctionType(TypeRange(ValueRange(arguments)), {}));
  function.setPrivate();
  // LLVM would copy a small one to each of its callers.
  function.setNoInline(true);
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(arguments, body->getArguments());
  for (Value value : used)
    if (Operation *constant = getConstant(value))
      builder.clone(*constant, mapping);
  for (Operation *op : group.ops)
    builder.clone(*op, mapping);
  func::ReturnOp::create(builder, loc);
  return function;
}

SharedFunctions::~SharedFunctions() {
  for (func::FuncOp function : made)
    if (!function->getParentOp())
      function.erase();
}

void SharedFunctions::share(func::FuncOp caller,
                            ArrayRef<OperationGroup> groups) {
  // In the order of the text, so that the result has no other.
  llvm::MapVector<func::FuncOp, SmallVector<Occurrence>> occurrences;
  for (const OperationGroup &group : groups) {
    SmallVector<Value> arguments;
    func::FuncOp candidate = makeFunction(caller, group, arguments);
    func::FuncOp function = functions.findOrAdd(candidate);
    if (function == candidate)
      made.push_back(candidate);
    else
      candidate.erase();
    occurrences[function].push_back({&group, std::move(arguments)});
  }
  for (auto &[function, equal] : occurrences) {
    if (equal.size() == 1)
      continue;
    // A new symbol may need another name.
    if (!function->getParentOp())
      symbols.insert(function, std::next(Block::iterator(caller)));
    for (const Occurrence &occurrence : equal) {
      Operation *last = occurrence.group->ops.back();
      OpBuilder builder(last);
      func::CallOp::create(builder, last->getLoc(), function,
                           occurrence.arguments);
      for (Operation *op : llvm::reverse(occurrence.group->ops))
        op->erase();
    }
  }
}
