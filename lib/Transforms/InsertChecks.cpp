//===- InsertChecks.cpp - checks, and where they stand --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes the run-time checks of all operations of the model level; some of sizes
// are there before. Each is made right before its operation, where it is always
// right: nothing comes between the check of a block table and its use. From
// there a check moves to the begin of the function, and on to the callers of a
// private one, if it depends on arguments alone and if what it reads cannot
// change before it is used. That is so if another check there finds it apart
// from all that is written before.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/AccessOrder.h"
#include "InsertChecks/MemoryWrites.h"
#include "InsertChecks/OperationChecks.h"
#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Target/ElementTypes.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_INSERTCHECKS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether `check.overlap` takes an operand.
static bool isComparable(Type type) {
  if (isa<CacheType>(type))
    return true;
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() <= FP8ATTN_MAX_RANK &&
         !memref.getMemorySpace() && memref.isStrided() &&
         isAbiType(memref.getElementType());
}

/// Returns whether a memref has a descriptor that has been checked already: it
/// is what a host passes, or new.
static bool hasCheckedDescriptor(Value memref) {
  if (BlockArgument argument = getFunctionArgument(memref))
    return cast<func::FuncOp>(argument.getOwner()->getParentOp()).isPublic();
  return isa_and_nonnull<memref::AllocOp, memref::AllocaOp>(
      memref.getDefiningOp());
}

/// Returns whether the regions of `op` are run at most once, in order.
static bool isBranch(Operation *op) {
  return isa<scf::IfOp, scf::IndexSwitchOp, scf::ExecuteRegionOp>(op);
}

namespace {
/// Operations that do the same, wherever they came from.
struct SameOperation : llvm::DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *op) {
    return OperationEquivalence::computeHash(
        const_cast<Operation *>(op), OperationEquivalence::directHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
  }
  static bool isEqual(const Operation *a, const Operation *b) {
    if (a == b)
      return true;
    if (a == getEmptyKey() || a == getTombstoneKey() || b == getEmptyKey() ||
        b == getTombstoneKey())
      return false;
    return OperationEquivalence::isEquivalentTo(
        const_cast<Operation *>(a), const_cast<Operation *>(b),
        OperationEquivalence::IgnoreLocations);
  }
};

/// What callers have to know of a function.
struct FunctionSummary {
  /// The checks at its begin and what they compute with, in order.
  SmallVector<Operation *> prologue;
  MemoryWrites writes;
};

/// All functions of a module.
class ModuleChecks {
public:
  explicit ModuleChecks(ModuleOp module) : module(module), symbols(module) {}

  void run();

  /// Returns the summary of what is called; null if that is not known or calls
  /// itself.
  const FunctionSummary *getCallee(func::CallOp call);

  /// Counts a call before which the checks of the callee stand.
  void countCall(func::CallOp call) { ++numCalls[call.getCalleeAttr()]; }

private:
  const FunctionSummary *process(func::FuncOp function);

  ModuleOp module;
  SymbolTable symbols;
  /// Null while a function is processed.
  DenseMap<Operation *, std::unique_ptr<FunctionSummary>> summaries;
  DenseMap<Attribute, unsigned> numCalls;
};

/// Makes the checks of one function.
class FunctionChecks {
public:
  FunctionChecks(func::FuncOp function, ModuleChecks &all)
      : function(function), all(all), entry(function.getBody().front()) {}

  FunctionSummary run();

private:
  void visit(Operation *op);
  void addChecksOf(Operation *op);
  void addChecksOf(CacheViewOp view);
  void addChecksOf(memref::CopyOp copy);
  void addChecksOf(func::CallOp call, const FunctionSummary &callee);
  void place(ArrayRef<Operation *> made, Operation *anchor);
  bool moveToBegin(Operation *check, bool isStraight);
  bool collect(Value value, bool isStraight, SetVector<Operation *> &slice);
  void compareAtBegin();
  Operation *append(Operation *op);
  void addWritesOf(Operation *op);
  void addWritesIn(Region &region);

  func::FuncOp function;
  ModuleChecks &all;
  Block &entry;
  /// What may be written before the operation that is visited.
  MemoryWrites writes;
  SmallVector<Operation *> prologue;
  /// The same, to find equal ones.
  DenseSet<Operation *, SameOperation> present;
  /// From values that the checks of one operation use to those that the
  /// prologue computes.
  IRMapping moved;
  /// What must be apart, and how many arguments are in it that are written.
  AccessOrder accesses;
  size_t numWritesListed = 0;
};
} // namespace

/// Adds `op`, of no block so far, to the checks at the begin and returns it;
/// deletes it and returns the equal one if that is there. Nothing is written in
/// between, so that what one check has accepted the other accepts.
Operation *FunctionChecks::append(Operation *op) {
  auto [equal, isNew] = present.insert(op);
  if (!isNew) {
    op->destroy();
    return *equal;
  }
  OpBuilder builder(op->getContext());
  if (prologue.empty())
    builder.setInsertionPointToStart(&entry);
  else
    builder.setInsertionPointAfter(prologue.back());
  builder.insert(op);
  prologue.push_back(op);
  return op;
}

/// Collects what computes `value` and has not moved yet, producers first.
/// Returns whether it may move to the begin. Where an operation may not be
/// reached (`isStraight` is not set), only sizes of arguments may.
bool FunctionChecks::collect(Value value, bool isStraight,
                             SetVector<Operation *> &slice) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return value.getParentBlock() == &entry;
  if (moved.contains(value) || slice.contains(op))
    return true;
  const bool isSize = isa<arith::ConstantOp, arith::MinSIOp, arith::MulIOp,
                          memref::DimOp, CacheNumPagesOp>(op);
  if (op->getNumRegions() != 0 || !isPure(op) || !(isStraight || isSize))
    return false;
  for (Value operand : op->getOperands())
    if (!collect(operand, isStraight, slice))
      return false;
  slice.insert(op);
  return true;
}

/// Moves a check to the begin of the function if it may stand there.
bool FunctionChecks::moveToBegin(Operation *check, bool isStraight) {
  SetVector<Operation *> slice;
  for (Value operand : check->getOperands())
    if (!collect(operand, isStraight, slice))
      return false;
  SmallVector<NamedOperand> read = getReadMemory(check);
  if (!read.empty() && writes.isUnknown())
    return false;
  for (auto [role, memory] : read)
    for (const auto &[argument, name] : writes.getArguments()) {
      Value root = getMemoryRoot(memory);
      if (!root || root == argument || !isComparable(argument.getType()))
        return false;
    }
  for (Operation *op : slice) {
    Operation *copy = append(op->clone(moved));
    moved.map(op->getResults(), copy->getResults());
  }
  append(check->clone(moved));
  if (!read.empty())
    for (const auto &[argument, name] :
         llvm::drop_begin(writes.getArguments(), numWritesListed)) {
      accesses.addWrite(argument, name);
      ++numWritesListed;
    }
  for (auto [role, memory] : read) {
    StringAttr given = getArgumentName(memory);
    accesses.addRead(moved.lookupOrDefault(memory),
                     given ? given.getValue() : role);
  }
  check->erase();
  return true;
}

/// Has what is written compared with what was checked before.
void FunctionChecks::compareAtBegin() {
  if (prologue.empty())
    return;
  OpBuilder builder(function.getContext());
  builder.setInsertionPointAfter(prologue.back());
  if (Operation *check = accesses.emit(builder, function.getLoc(), prologue))
    prologue.push_back(check);
}

/// Moves the checks of what was made right before `anchor`, or leaves them.
void FunctionChecks::place(ArrayRef<Operation *> made, Operation *anchor) {
  const bool isStraight = anchor->getBlock() == &entry;
  // What was made for another operation exists no more.
  moved.clear();
  SmallVector<Operation *> helpers;
  for (Operation *op : made) {
    if (!isCheck(op)) {
      helpers.push_back(op);
      continue;
    }
    auto tensor = dyn_cast<CheckTensorOp>(op);
    if (tensor && hasCheckedDescriptor(tensor.getTensor()))
      op->erase();
    else
      moveToBegin(op, isStraight);
  }
  for (Operation *op : llvm::reverse(helpers))
    if (op->use_empty())
      op->erase();
}

/// Returns what stands between two neighbours of a block; `first` is null for
/// its begin.
static SmallVector<Operation *> getBetween(Operation *first, Operation *last) {
  SmallVector<Operation *> ops;
  for (Operation *op = first ? first->getNextNode()
                             : &last->getBlock()->front();
       op != last; op = op->getNextNode())
    ops.push_back(op);
  return ops;
}

void FunctionChecks::addChecksOf(Operation *op) {
  Operation *before = op->getPrevNode();
  emitOperationChecks(op);
  // Descriptors come first: other checks rely on sizes and strides.
  SmallVector<Operation *> made = getBetween(before, op);
  OpBuilder builder(made.front());
  for (Operation *other : made)
    if (auto check = dyn_cast<CheckOverlapOp>(other))
      for (auto [name, operand] : llvm::zip(
               check.getNames().getAsRange<StringAttr>(), check->getOperands()))
        if (isa<MemRefType>(operand.getType()))
          CheckTensorOp::create(builder, op->getLoc(), name, operand);
  place(getBetween(before, op), op);
}

/// Makes the checks of memory that is to be a cache: whoever uses that relies
/// on its pages.
void FunctionChecks::addChecksOf(CacheViewOp view) {
  Operation *before = view->getPrevNode();
  OpBuilder builder(view);
  Value source = view.getSource();
  StringAttr name = getArgumentName(source);
  if (!name)
    name = builder.getStringAttr("cache");
  if (isComparable(source.getType()))
    CheckTensorOp::create(builder, view.getLoc(), name, source);
  CheckViewOp::create(
      builder, view.getLoc(), name, source,
      builder.getI64IntegerAttr(view.getCache().getType().getPageBytes()));
  place(getBetween(before, view), view);
}

/// Makes the checks of a copy, which has the sizes of both: the results of a
/// function are copied to memory of the host where they are not written there.
void FunctionChecks::addChecksOf(memref::CopyOp copy) {
  auto source = dyn_cast<MemRefType>(copy.getSource().getType());
  auto target = dyn_cast<MemRefType>(copy.getTarget().getType());
  if (!source || !target)
    return;
  Operation *before = copy->getPrevNode();
  OpBuilder builder(copy);
  for (int64_t dimension = 0; dimension < source.getRank(); ++dimension) {
    if (!source.isDynamicDim(dimension) && !target.isDynamicDim(dimension))
      continue;
    auto name = [&](StringRef side) {
      return ("size " + Twine(dimension) + " of the " + side + " of a copy")
          .str();
    };
    emitSameSizeCheck(builder, copy.getLoc(), name("target"), copy.getTarget(),
                      dimension, name("source"), copy.getSource(), dimension);
  }
  place(getBetween(before, copy), copy);
}

/// Makes the checks of what is called, and, of what hosts call, too, those of
/// descriptors.
void FunctionChecks::addChecksOf(func::CallOp call,
                                 const FunctionSummary &callee) {
  Operation *before = call->getPrevNode();
  OpBuilder builder(call);
  auto called = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
  IRMapping mapping;
  mapping.map(called.getArguments(), call.getOperands());
  for (auto [argument, operand] :
       llvm::zip(called.getArguments(), call.getOperands()))
    if (called.isPublic() && isa<MemRefType>(operand.getType()) &&
        isComparable(operand.getType())) {
      StringAttr name = getArgumentName(argument);
      CheckTensorOp::create(
          builder, call.getLoc(),
          name ? name
               : builder.getStringAttr("argument " +
                                       std::to_string(argument.getArgNumber())),
          operand);
    }
  for (Operation *op : callee.prologue)
    builder.clone(*op, mapping);
  place(getBetween(before, call), call);
  all.countCall(call);
}

/// Adds what `op` itself writes, or what it calls.
void FunctionChecks::addWritesOf(Operation *op) {
  if (isCheck(op))
    return;
  if (isModelOp(op)) {
    for (auto [role, memory] : getWrittenOperands(op))
      writes.add(memory, role);
    return;
  }
  auto call = dyn_cast<func::CallOp>(op);
  if (!call)
    return writes.addEffectsOf(op);
  const FunctionSummary *callee = all.getCallee(call);
  if (!callee || callee->writes.isUnknown())
    writes.addUnknown();
  if (callee)
    for (const auto &[argument, name] : callee->writes.getArguments())
      writes.add(call.getOperand(argument.getArgNumber()), name);
}

/// Adds all that a region writes, which may be run before any part of it.
void FunctionChecks::addWritesIn(Region &region) {
  region.walk([&](Operation *op) { addWritesOf(op); });
}

void FunctionChecks::visit(Operation *op) {
  if (isModelOp(op))
    addChecksOf(op);
  else if (auto view = dyn_cast<CacheViewOp>(op))
    addChecksOf(view);
  else if (auto copy = dyn_cast<memref::CopyOp>(op))
    addChecksOf(copy);
  else if (auto call = dyn_cast<func::CallOp>(op))
    if (const FunctionSummary *callee = all.getCallee(call))
      addChecksOf(call, *callee);
  addWritesOf(op);
  for (Region &region : op->getRegions())
    if (!isModelOp(op) && (!isBranch(op) || !region.hasOneBlock()))
      addWritesIn(region);
}

FunctionSummary FunctionChecks::run() {
  if (!function.getBody().hasOneBlock())
    addWritesIn(function.getBody());
  function.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    // What importers and CheckResultSizes ask for.
    if (isa<CheckSizeOp>(op)) {
      place(op, op);
      return WalkResult::skip();
    }
    visit(op);
    // The regions of these hold nothing that is checked or writes.
    return isModelOp(op) ? WalkResult::skip() : WalkResult::advance();
  });
  compareAtBegin();
  return {std::move(prologue), std::move(writes)};
}

const FunctionSummary *ModuleChecks::getCallee(func::CallOp call) {
  auto function = symbols.lookup<func::FuncOp>(call.getCallee());
  return function ? process(function) : nullptr;
}

const FunctionSummary *ModuleChecks::process(func::FuncOp function) {
  if (function.isExternal())
    return nullptr;
  auto [place, isNew] = summaries.try_emplace(function, nullptr);
  if (!isNew)
    return place->second.get();
  auto summary =
      std::make_unique<FunctionSummary>(FunctionChecks(function, *this).run());
  const FunctionSummary *result = summary.get();
  summaries[function] = std::move(summary);
  return result;
}

void ModuleChecks::run() {
  for (auto function : module.getOps<func::FuncOp>())
    process(function);
  // What callers check need not be checked again.
  DenseMap<Attribute, unsigned> numUses;
  if (auto uses = SymbolTable::getSymbolUses(&module.getBodyRegion()))
    for (const SymbolTable::SymbolUse &use : *uses)
      ++numUses[use.getSymbolRef()];
  for (auto function : module.getOps<func::FuncOp>()) {
    auto symbol = FlatSymbolRefAttr::get(function.getNameAttr());
    const unsigned uses = numUses.lookup(symbol);
    if (!function.isPrivate() || uses == 0 || uses != numCalls.lookup(symbol))
      continue;
    for (Operation *op : llvm::reverse(summaries[function]->prologue))
      op->erase();
  }
}

namespace {
struct InsertChecksPass
    : public fp8attn::impl::InsertChecksBase<InsertChecksPass> {
  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    ModuleChecks(getOperation()).run();
  }
};
} // namespace
