//===- ShareOperations.cpp - one function for equal operations ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Has the equal operations of a function call one function. It relies on the
// checks having been made: they know the operands by their names.
//
//===----------------------------------------------------------------------===//

#include "Support/EqualFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SHAREOPERATIONS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// An operation, and what a function that does the same takes from where the
/// operation stands: its operands and what its regions use, but for constants.
struct Occurrence {
  Operation *op;
  SmallVector<Value> arguments;
};
} // namespace

static Operation *getConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>() ? op : nullptr;
}

/// Returns a function of no module that does what `op` does, and puts what it
/// takes into `arguments`.
static func::FuncOp makeFunction(Operation *op,
                                 SmallVectorImpl<Value> &arguments) {
  SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  llvm::copy_if(used, std::back_inserter(arguments),
                [](Value value) { return !getConstant(value); });

  OpBuilder builder(op->getContext());
  auto caller = op->getParentOfType<func::FuncOp>();
  auto function = func::FuncOp::create(
      op->getLoc(),
      (caller.getName() + "." + op->getName().stripDialect()).str(),
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
  builder.clone(*op, mapping);
  func::ReturnOp::create(builder, op->getLoc());
  return function;
}

namespace {
/// What is made for one module: a function is equal to none of another.
class Sharing {
public:
  explicit Sharing(ModuleOp module) : symbols(module) {}
  Sharing(const Sharing &) = delete;
  /// Erases what no caller has needed.
  ~Sharing() {
    for (func::FuncOp function : made)
      if (!function->getParentOp())
        function.erase();
  }

  void share(func::FuncOp caller);

private:
  void call(func::FuncOp function, ArrayRef<Occurrence> equal);

  SymbolTable symbols;
  EqualFunctions functions;
  /// The same. A function is of no module until a caller needs it.
  SmallVector<func::FuncOp> made;
};
} // namespace

void Sharing::share(func::FuncOp caller) {
  // In the order of the text, so that the result has no other.
  llvm::MapVector<func::FuncOp, SmallVector<Occurrence>> occurrences;
  caller.walk<WalkOrder::PreOrder>([&](ModelOpInterface op) {
    SmallVector<Value> arguments;
    func::FuncOp candidate = makeFunction(op, arguments);
    func::FuncOp function = functions.findOrAdd(candidate);
    if (function == candidate)
      made.push_back(candidate);
    else
      candidate.erase();
    occurrences[function].push_back({op, std::move(arguments)});
  });
  for (auto &[function, equal] : occurrences)
    if (equal.size() > 1)
      call(function, equal);
}

/// Replaces operations of a caller.
void Sharing::call(func::FuncOp function, ArrayRef<Occurrence> equal) {
  if (!function->getParentOp()) {
    auto caller = equal.front().op->getParentOfType<func::FuncOp>();
    // A new symbol may need another name.
    symbols.insert(function, std::next(Block::iterator(caller)));
  }
  for (const Occurrence &occurrence : equal) {
    OpBuilder builder(occurrence.op);
    func::CallOp::create(builder, occurrence.op->getLoc(), function,
                         occurrence.arguments);
    occurrence.op->erase();
  }
}

namespace {
struct ShareOperationsPass
    : public fp8attn::impl::ShareOperationsBase<ShareOperationsPass> {
  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    Sharing sharing(getOperation());
    SmallVector<func::FuncOp> callers(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp caller : callers)
      sharing.share(caller);
  }
};
} // namespace
