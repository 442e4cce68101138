//===- SelectKernels.cpp - choice of microkernels ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matches tile operations, asks the table, says what was chosen and why, and
// replaces them by calls.
//
//===----------------------------------------------------------------------===//

#include "AttentionCalls.h"
#include "KernelCalls.h"
#include "KernelSelection.h"
#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Target/TargetInfo.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SELECTKERNELS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

static remark::RemarkOpts getRemarkOptions(StringRef function) {
  return remark::RemarkOpts::name("SelectKernels")
      .category("fp8attn")
      .function(function);
}

/// Says what was chosen, what it should cost, and why every other candidate
/// was not. The reason is for people; the arguments beside it are for tools.
static void emitRemarks(Location loc, StringRef function, Isa isa, int64_t rows,
                        ArrayRef<AttentionCandidate> candidates) {
  remark::RemarkOpts options = getRemarkOptions(function);
  const AttentionCandidate &chosen = candidates.front();
  auto addArguments = [&](auto &&remark, const AttentionCandidate &candidate) {
    remark << remark::metric("Isa", stringifyIsa(isa))
           << remark::metric("Phase", getPhase(rows))
           << remark::metric("Kernel", candidate.getName());
    if (candidate.dropped.empty())
      remark << remark::metric("CyclesPerKey", candidate.cyclesPerKey);
  };
  addArguments(remark::passed(loc, options)
                   << remark::reason("chose {0}: {1:F1} cycles a key",
                                     chosen.getName(), chosen.cyclesPerKey),
               chosen);
  for (const AttentionCandidate &other : candidates.drop_front())
    addArguments(remark::analysis(loc, options)
                     << remark::reason("not {0}: {1}", other.getName(),
                                       other.whyNot(chosen))
                     << remark::metric("WhyNot", other.whyNot(chosen)),
                 other);
}

/// Gives all scratch of a function the size of the largest: workers run
/// different branches at the same time, and their parts must not overlap.
static void unifyScratch(func::FuncOp function) {
  MemRefType largest;
  SmallVector<WorkerScratchOp> ops;
  function.walk([&](WorkerScratchOp op) {
    MemRefType type = op.getScratch().getType();
    if (!largest || type.getDimSize(0) > largest.getDimSize(0))
      largest = type;
    ops.push_back(op);
  });
  for (WorkerScratchOp op : ops)
    op.getScratch().setType(largest);
}

namespace {
struct SelectKernelsPass
    : public fp8attn::impl::SelectKernelsBase<SelectKernelsPass> {
  void runOnOperation() override {
    FailureOr<Isa> isa = getIsa();
    if (failed(isa))
      return signalPassFailure();
    SmallVector<FinishOp> finishes;
    SmallVector<Operation *> others;
    getOperation().walk([&](Operation *op) {
      if (auto finish = dyn_cast<FinishOp>(op))
        finishes.push_back(finish);
      else if (llvm::isa<StoreOp, TileMergeOp, TileQuantizeOp,
                         TileDequantizeOp>(op))
        others.push_back(op);
    });
    for (FinishOp finish : finishes)
      if (failed(selectAttention(finish, *isa)))
        return signalPassFailure();
    for (Operation *op : others)
      if (failed(selectOther(op, *isa)))
        return signalPassFailure();
    unifyScratch(getOperation());
  }

private:
  /// The ISA that the function was specialised for, else the target's best.
  FailureOr<Isa> getIsa() {
    if (auto attribute = getOperation()->getAttrOfType<IsaAttr>(
            Fp8AttnDialect::kIsaAttrName))
      return attribute.getValue();
    FailureOr<TargetInfo> target =
        TargetInfo::get(getOperation()->getParentOfType<ModuleOp>());
    if (failed(target))
      return failure();
    return target->supportedIsas().front();
  }

  LogicalResult selectAttention(FinishOp finish, Isa isa) {
    FailureOr<AttentionMatch> match = matchAttention(finish);
    if (failed(match))
      return failure();
    auto query = match->query.getTile().getType();
    RankedTensorType key = match->getKeyTile(), value = match->getValueTile();
    int64_t keyChannels = llvm::alignTo(query.getDimSize(1), kKeyTileChannels);
    int64_t valueChannels =
        llvm::alignTo(value.getDimSize(1), kValueTileChannels);
    const bool isDense = static_cast<bool>(match->denseKey);
    int64_t rows = query.getDimSize(0);
    if (isDense)
      rows = std::min<int64_t>(rows, FP8ATTN_BLOCK_ROWS);
    // What is multiplied element by element is bf16 afterwards.
    Type bf16 = BFloat16Type::get(&getContext());
    SmallVector<AttentionCandidate> candidates = getAttentionCandidates(
        {rows, keyChannels, valueChannels,
         match->keyElementFactor ? bf16 : key.getElementType(),
         match->valueElementFactor ? bf16 : value.getElementType(), isa,
         static_cast<bool>(match->modify),
         match->keyFactor || match->probFactor, isDense,
         match->keyElementFactor || match->valueElementFactor});
    if (candidates.empty() || !candidates.front().dropped.empty()) {
      InFlightDiagnostic diagnostic =
          finish.emitOpError("has no kernel for keys of ")
          << key << " and values of " << value;
      for (const AttentionCandidate &candidate : candidates)
        diagnostic.attachNote()
            << "not " << candidate.getName() << ": " << candidate.dropped;
      return diagnostic;
    }
    emitRemarks(finish.getLoc(), getOperation().getName(), isa,
                query.getDimSize(0), candidates);
    emitAttentionCalls(*match, candidates.front(), isa);
    return success();
  }

  /// Chooses for operations off the inner loops, by ISA alone.
  LogicalResult selectOther(Operation *op, Isa isa) {
    auto elementOf = [&](unsigned operand) {
      return getTypeWord(
          cast<MemRefType>(op->getOperand(operand).getType()).getElementType());
    };
    StringRef name, in, cache;
    if (auto store = dyn_cast<StoreOp>(op)) {
      name =
          store.getContent() == CacheContent::Key ? "store_key" : "store_value";
      // Quotients by scales that differ are f32.
      in = store.getScales() ? "f32" : elementOf(0);
      cache = getTypeWord(store.getCache().getType().getElementType());
    } else if (llvm::isa<TileMergeOp>(op)) {
      name = "merge";
      in = elementOf(0);
      cache = elementOf(4);
    } else if (llvm::isa<TileQuantizeOp>(op)) {
      name = "quantize";
      in = elementOf(0);
      cache = elementOf(2);
    } else {
      name = "dequantize";
      in = elementOf(2);
      cache = elementOf(0);
    }
    const KernelRow *row = selectByIsa(name, in, cache, isa);
    if (!row)
      return op->emitOpError("has no kernel: the table has no row ")
             << name << " for " << in << " and " << cache;
    remark::passed(op->getLoc(), getRemarkOptions(getOperation().getName()))
        << remark::reason("chose {0}", row->name)
        << remark::metric("Isa", stringifyIsa(isa))
        << remark::metric("Kernel", row->name);
    if (auto store = dyn_cast<StoreOp>(op))
      emitStoreCall(store, *row);
    else if (auto merge = dyn_cast<TileMergeOp>(op))
      emitMergeCall(merge, *row);
    else
      emitConvertCall(op, *row);
    return success();
  }
};
} // namespace
