//===- ShareChecks.cpp - one function for equal checks --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Has the checks of operations of a function that are alike call one function.
// Dispatchers have been made: they make the checks that stand at the begin.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/RuntimeChecks.h"
#include "Support/SharedFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SHARECHECKS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Collects the checks of a block, a group for each row of checks that differ
/// by more than their operands: those of an operation, or of a layer.
class CheckGroups {
public:
  void addBlock(Block &block) {
    for (Operation &op : block) {
      // One of its kind, of the whole function.
      if (isCheck(&op) && !isa<CheckLaterReadsOp>(op))
        addCheck(&op);
      else if (isCheck(&op) || !isPure(&op) || op.getNumRegions() != 0)
        end();
    }
    end();
  }

  SmallVector<OperationGroup> groups;

private:
  void addCheck(Operation *check) {
    // That two which are not alike have one hash only ends a group early.
    const size_t kind = OperationEquivalence::computeHash(
        check, OperationEquivalence::ignoreHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations);
    if (kinds.contains(kind))
      end();
    kinds.insert(kind);
    checks.push_back(check);
  }

  void end() {
    // A call is no less than a check.
    if (checks.size() > 1)
      groups.push_back({withProducers(), "checks"});
    checks.clear();
    kinds.clear();
  }

  /// Returns the checks, and before each what computes its operands and nothing
  /// else.
  SmallVector<Operation *, 1> withProducers() const {
    SetVector<Operation *> ops(checks.begin(), checks.end());
    // Users come in before their producers.
    for (size_t i = 0; i < ops.size(); ++i)
      for (Value operand : ops[i]->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (producer && producer->getBlock() == checks.front()->getBlock() &&
            isPure(producer) && producer->getNumRegions() == 0 &&
            llvm::all_of(producer->getUsers(),
                         [&](Operation *user) { return ops.contains(user); }))
          ops.insert(producer);
      }
    SmallVector<Operation *, 1> group(ops.begin(), ops.end());
    llvm::sort(group, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    return group;
  }

  SmallVector<Operation *> checks;
  DenseSet<size_t> kinds;
};

struct ShareChecksPass
    : public fp8attn::impl::ShareChecksBase<ShareChecksPass> {
  void runOnOperation() override {
    SharedFunctions shared(getOperation());
    SmallVector<func::FuncOp> callers(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp caller : callers) {
      CheckGroups checks;
      caller.walk([&](Block *block) { checks.addBlock(*block); });
      shared.share(caller, checks.groups);
    }
  }
};
} // namespace
