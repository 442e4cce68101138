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

#include "SelectKernels/AttentionBuffers.h"
#include "SelectKernels/AttentionCalls.h"
#include "SelectKernels/KernelCalls.h"
#include "SelectKernels/KernelSelection.h"
#include "SelectKernels/ScaledStore.h"
#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Target/TargetInfo.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/TypeSwitch.h"
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

/// Says why elements that have a factor or a zero point each become bf16 before
/// kernels see them.
static void emitElementRemark(Location loc, const remark::RemarkOpts &options,
                              StringRef part, const std::string &obstacle,
                              const KernelRow &row) {
  remark::missed(loc, options) << remark::reason(
      "{0} become bf16 one by one, before each step: {1}", part,
      obstacle.empty() ? llvm::formatv("kernels of {0} multiply by none",
                                       stringifyIsa(row.isa))
                             .str()
                       : obstacle);
}

/// Says what was chosen, what it should cost, and why every other candidate
/// was not. The reason is for people; the arguments beside it are for tools.
static void emitRemarks(Location loc, StringRef function,
                        const AttentionProblem &problem,
                        const MachineFigures &machine,
                        ArrayRef<AttentionCandidate> candidates) {
  remark::RemarkOpts options = getRemarkOptions(function);
  const ItemShape &shape = problem.shape;
  const StringRef source = getSource(shape, machine).name;
  const AttentionCandidate &chosen = candidates.front();
  auto addArguments = [&](auto &&remark, const AttentionCandidate &candidate) {
    remark << remark::metric("Isa", stringifyIsa(problem.isa))
           << remark::metric("Phase", getPhase(problem.maxRows))
           << remark::metric("Kernel", candidate.getName())
           << remark::metric("Rows", shape.rows)
           << remark::metric("BytesPerKey", shape.bytesPerKey())
           << remark::metric("Source", source)
           << remark::metric(
                  "Costs", getMicroarchitectureName(machine.microarchitecture));
    if (candidate.dropped.empty())
      remark << remark::metric("CyclesPerKey", candidate.prediction.cycles())
             << remark::metric("ComputeCycles",
                               candidate.prediction.computeCycles)
             << remark::metric("ReadCycles", candidate.prediction.readCycles);
  };
  addArguments(
      remark::passed(loc, options) << remark::reason(
          "chose {0}: {1:F1} cycles a key for {2} rows (computes {3:F1}, "
          "reads {4} bytes from {5} in {6:F1})",
          chosen.getName(), chosen.prediction.cycles(), shape.rows,
          chosen.prediction.computeCycles, shape.bytesPerKey(), source,
          chosen.prediction.readCycles),
      chosen);
  if (problem.scalesKeyElements && !chosen.scalesKeyBlocks())
    emitElementRemark(loc, options, "keys", problem.keyBlocks.obstacle,
                      chosen.keyRow());
  if (problem.scalesValueElements && !chosen.scalesValueBlocks())
    emitElementRemark(loc, options, "values", problem.valueBlocks.obstacle,
                      chosen.valueRow());
  for (const AttentionCandidate &other : candidates.drop_front())
    addArguments(remark::analysis(loc, options)
                     << remark::reason("not {0}: {1}", other.getName(),
                                       other.whyNot(chosen))
                     << remark::metric("WhyNot", other.whyNot(chosen)),
                 other);
}

/// Returns the keys that kernels read several times in a row: a packed step of
/// dense ones, a sequence's if it has many items, none in decode.
static int64_t getKeysInUse(AttentionMatch match, int64_t maxRows) {
  if (match.denseKey)
    return FP8ATTN_BLOCK_KEYS;
  if (maxRows <= FP8ATTN_DECODE_ROWS)
    return 0;
  // A prompt of usual length, where the block table does not limit it.
  constexpr int64_t kTypicalKeys = 2048;
  auto run = match.key.getRun().getDefiningOp<KeyRunOp>();
  if (!run || run.getBlockTable().getType().isDynamicDim(1))
    return kTypicalKeys;
  // No sequence has more keys than positions have numbers.
  const int64_t pages =
      std::min<int64_t>(run.getBlockTable().getType().getDimSize(1), INT32_MAX);
  return pages * run.getKeyCache().getType().getPageTokens();
}

/// Returns the rows of a typical item: one query token for each head of the
/// group in decode, all that kernels take at a time otherwise.
static int64_t getTypicalRows(AttentionMatch match, int64_t maxRows) {
  if (maxRows > FP8ATTN_DECODE_ROWS)
    return maxRows;
  Operation *item = match.query.getItem().getDefiningOp();
  int64_t group = maxRows;
  if (auto paged = dyn_cast_or_null<WorkItemOp>(item))
    group = paged.getGroup();
  else if (auto dense = dyn_cast_or_null<DenseItemOp>(item))
    group = dense.getGroup();
  return std::min(group, maxRows);
}

/// Returns what the choice of kernels for a work item depends on.
static AttentionProblem getProblem(AttentionMatch match, Isa isa) {
  RankedTensorType query = match.query.getTile().getType();
  RankedTensorType key = match.getKeyTile(), value = match.getValueTile();
  AttentionProblem problem;
  problem.isDense = static_cast<bool>(match.denseKey);
  problem.maxRows = query.getDimSize(0);
  if (problem.isDense)
    problem.maxRows = std::min<int64_t>(problem.maxRows, FP8ATTN_BLOCK_ROWS);
  ItemShape &shape = problem.shape;
  shape.rows = getTypicalRows(match, problem.maxRows);
  shape.keysInUse = getKeysInUse(match, problem.maxRows);
  shape.keyChannels = llvm::alignTo(query.getDimSize(1), kKeyTileChannels);
  shape.valueChannels = llvm::alignTo(value.getDimSize(1), kValueTileChannels);
  shape.keyBits = key.getElementTypeBitWidth();
  if (match.rope)
    shape.ropeChannels = match.rope.getRope().getType().getHeadDim();
  problem.isLatent = match.isLatent();
  problem.hasWholeGranules = match.hasWholeGranules();
  // Keys have been read when their first channels are the values.
  shape.valueBits = problem.isLatent ? 0 : value.getElementTypeBitWidth();
  problem.productType = match.getProductType();
  problem.keyType = key.getElementType();
  problem.valueType = value.getElementType();
  problem.scalesKeyElements = match.changesKeys();
  problem.scalesValueElements = match.changesValues();
  problem.isMixed = static_cast<bool>(match.rope);
  if (problem.isMixed) {
    problem.keyBlocks.obstacle = problem.valueBlocks.obstacle =
        "keys have bf16 channels behind their codes";
    problem.mixedObstacle = match.findMixedObstacle();
  } else {
    std::tie(problem.keyBlocks, problem.valueBlocks) = match.findBlockKernels();
  }
  problem.isa = isa;
  problem.canHaveMoreRows = static_cast<bool>(match.getItemRows());
  problem.modifiesScores = static_cast<bool>(match.modify);
  problem.hasFactorsByKey = match.keyFactor || match.probFactor;
  return problem;
}

namespace {
/// What names a row beside its ISA: columns of the table.
struct RowWords {
  StringRef op, in, cache;
};
} // namespace

/// Returns the row that an operation off the inner loops needs.
static RowWords getRowWords(Operation *op) {
  auto elementOf = [](TypedValue<MemRefType> memref) {
    return getTypeWord(memref.getType().getElementType());
  };
  return llvm::TypeSwitch<Operation *, RowWords>(op)
      .Case([&](StoreOp store) -> RowWords {
        const bool isKey = store.getContent() == CacheContent::Key;
        // Quotients are f32.
        const bool isDivided = store.getScales() && needsQuotients(store);
        return {isKey ? "store_key" : "store_value",
                isDivided ? "f32" : elementOf(store.getSource()),
                getTypeWord(store.getCache().getType().getElementType())};
      })
      .Case([&](TileMergeOp merge) -> RowWords {
        return {"merge", elementOf(merge.getFirstOut()),
                elementOf(merge.getOut())};
      })
      .Case([&](TileQuantizeOp quantize) -> RowWords {
        return {"quantize", elementOf(quantize.getSource()),
                elementOf(quantize.getDestination())};
      })
      .Case([&](TileDequantizeOp dequantize) -> RowWords {
        // The cache's type is that of the codes.
        return {"dequantize", elementOf(dequantize.getDestination()),
                elementOf(dequantize.getSource())};
      });
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
  using SelectKernelsBase::SelectKernelsBase;

  LogicalResult initialize(MLIRContext *context) override {
    for (const std::string &word : force)
      if (!isForceable(word))
        return emitError(UnknownLoc::get(context),
                         "expects force to name an ISA or a kernel of attend, "
                         "prefill, qk or pv, got '")
               << word << "'";
    return success();
  }

  void runOnOperation() override {
    FailureOr<Isa> isa = getIsa();
    if (failed(isa))
      return signalPassFailure();
    auto module = getOperation()->getParentOfType<ModuleOp>();
    FailureOr<MachineFigures> machine = MachineFigures::get(module, *isa);
    if (failed(machine))
      return signalPassFailure();
    forceStates.clear();
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
      if (failed(selectAttention(finish, *isa, *machine)))
        return signalPassFailure();
    if (!finishes.empty() && failed(checkForced()))
      return signalPassFailure();
    for (Operation *op : others)
      if (failed(selectOther(op, *isa)))
        return signalPassFailure();
    unifyScratch(getOperation());
  }

private:
  /// The ISA that the function was specialised for, else the target's best.
  FailureOr<Isa> getIsa() {
    FailureOr<TargetInfo> target =
        TargetInfo::get(getOperation()->getParentOfType<ModuleOp>());
    if (failed(target))
      return failure();
    auto attribute =
        getOperation()->getAttrOfType<IsaAttr>(Fp8AttnDialect::kIsaAttrName);
    if (!attribute)
      return target->supportedIsas().front();
    // LLVM cannot make code of instructions that the architecture has not.
    if (!target->canHaveBodyFor(attribute.getValue()))
      return getOperation().emitError("expects ")
             << Fp8AttnDialect::kIsaAttrName
             << " to be generic, because the target is not x86-64, got "
             << stringifyIsa(attribute.getValue());
    return attribute.getValue();
  }

  LogicalResult selectAttention(FinishOp finish, Isa isa,
                                const MachineFigures &machine) {
    FailureOr<AttentionMatch> match = matchAttention(finish);
    if (failed(match))
      return failure();
    const AttentionProblem problem = getProblem(*match, isa);
    SmallVector<AttentionCandidate> candidates =
        getAttentionCandidates(problem, machine, {force, mixIsas});
    if (candidates.empty() || !candidates.front().dropped.empty()) {
      InFlightDiagnostic diagnostic =
          finish.emitOpError("has no kernel for keys of ")
          << match->getKeyTile() << " and values of " << match->getValueTile();
      addReasons(diagnostic, candidates);
      return diagnostic;
    }
    emitRemarks(finish.getLoc(), getOperation().getName(), problem, machine,
                candidates);
    noteForced(candidates);
    const int64_t most = getMostRows(*match, candidates.front());
    if (most > problem.maxRows && match->getItemRows())
      match->getItemRows().setMost(most);
    emitAttentionCalls(*match, candidates.front(), isa);
    return success();
  }

  static void addReasons(InFlightDiagnostic &diagnostic,
                         ArrayRef<AttentionCandidate> candidates) {
    for (const AttentionCandidate &candidate : candidates)
      diagnostic.attachNote()
          << "not " << candidate.getName() << ": " << candidate.dropped;
  }

  /// Remembers which forced kernels are used, and why others could not be.
  void noteForced(ArrayRef<AttentionCandidate> candidates) {
    for (const std::string &word : force)
      for (const AttentionCandidate &candidate : candidates) {
        if (!isNamed(candidate.keyRow(), word) &&
            !isNamed(candidate.valueRow(), word))
          continue;
        ForceState &state = forceStates[word];
        if (&candidate == candidates.begin())
          state.isUsed = true;
        else
          state.unusable.push_back(candidate);
      }
  }

  /// Demands that each forced kernel was used for some rows of the function.
  LogicalResult checkForced() {
    for (const std::string &word : force) {
      const ForceState &state = forceStates[word];
      if (state.isUsed)
        continue;
      InFlightDiagnostic diagnostic = getOperation().emitError("cannot force '")
                                      << word << "' in the body of '"
                                      << getOperation().getName() << "'";
      for (AttentionCandidate candidate : state.unusable) {
        if (candidate.dropped.empty())
          candidate.dropped = "its other kernel is not forced";
        addReasons(diagnostic, candidate);
      }
      return diagnostic;
    }
    return success();
  }

  /// Chooses for operations off the inner loops, by ISA alone.
  LogicalResult selectOther(Operation *op, Isa isa) {
    if (auto store = dyn_cast<StoreOp>(op); store && store.getZeroPoints()) {
      remark::missed(op->getLoc(), getRemarkOptions(getOperation().getName()))
          << remark::reason(
                 "codes are stored one by one: kernels know of no zero points");
      emitZeroPointStore(store);
      return success();
    }
    const auto [name, in, cache] = getRowWords(op);
    const KernelRow *row = selectByIsa(name, in, cache, isa);
    if (!row)
      return op->emitOpError("has no kernel: the table has no row ")
             << name << " for " << in << " and " << cache;
    remark::passed(op->getLoc(), getRemarkOptions(getOperation().getName()))
        << remark::reason("chose {0}", row->name)
        << remark::metric("Isa", stringifyIsa(isa))
        << remark::metric("Kernel", row->name);
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](StoreOp store) { emitStoreCall(store, *row); })
        .Case([&](TileMergeOp merge) { emitMergeCall(merge, *row); })
        .Case<TileQuantizeOp, TileDequantizeOp>(
            [&](auto) { emitConvertCall(op, *row); });
    return success();
  }

  /// What became of a word of `force` in this function.
  struct ForceState {
    bool isUsed = false;
    SmallVector<AttentionCandidate> unusable;
  };
  llvm::StringMap<ForceState> forceStates;
};
} // namespace
