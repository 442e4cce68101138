//===- DecomposeRepack.cpp - repacks to loops over elements ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes repack out as a parallel loop over entries, pages of the cache with
// the larger ones, and heads, or over several entries with all heads. It moves
// keys and values, or the parts of keys of two element types. All is loops of
// vectors, so that one body serves every ISA.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/PartMover.h"
#include "DecomposeRepack/RowScales.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/MixedParts.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEREPACK
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Demands that it is known where elements are.
static LogicalResult checkLayouts(RepackOp op) {
  for (Value cache : {op.getSource(), op.getDestination()})
    if (!cast<CacheType>(cache.getType()).getLayout())
      return op.emitOpError("cannot move elements of a cache without a layout, "
                            "got ")
             << cache.getType() << "; fp8attn-assign-layouts gives it one";
  return success();
}

/// Returns the entries: those of the list, or pages of the cache with the
/// larger ones.
static Value countEntries(OpBuilder &builder, RepackOp op) {
  Location loc = op.getLoc();
  if (op.getPages())
    return memref::DimOp::create(builder, loc, op.getPages(), 0);
  const bool isSource = op.getPagesOfEntry(/*ofSource=*/true) == 1;
  return CacheNumPagesOp::create(
      builder, loc, isSource ? op.getSource() : op.getDestination());
}

/// More than the caches of a core hold: what is written is not found there when
/// it is read, so that it is stored past them.
static constexpr int64_t kStreamedBytes = 16 << 20;

/// What one turn stores past the caches, at least an entry: at its end it waits
/// for memory, which would be a sixth of the time for each 8 KB.
static constexpr int64_t kStreamedTurnBytes = 512 << 10;

/// Returns whether all that is written is vectors of kStreamAlignment, aligned.
static bool canStream(RepackOp op) {
  const CacheType type = op.getDestination().getType();
  const LayoutAttr layout = type.getLayout();
  auto hasVectors = [&](CacheContent part) {
    return layout.getKind() == LayoutKind::Pairs || layout.hasRows(part);
  };
  // Codes of 4 bits are stored as whole vectors only where pages are copied.
  if (type.getElementBits() < 8 && (type != op.getSource().getType() ||
                                    layout.getKind() != LayoutKind::Pairs))
    return false;
  return !type.isFlashMla() && hasVectors(CacheContent::Key) &&
         hasVectors(CacheContent::Value) &&
         type.getHeadDim() * type.getElementBytes() % kStreamAlignment == 0;
}

/// Returns whether rows of all heads of a token are neighbours in the source.
static bool hasTokenRows(RepackOp op) {
  return op.getSource().getType().getLayout().getKind() == LayoutKind::Nhd;
}

/// Returns the codes and then the bf16 channels of a cache with both.
static std::pair<RepackedPart, RepackedPart>
splitCache(OpBuilder &builder, Location loc, TypedValue<CacheType> cache) {
  const CacheType type = cache.getType();
  if (!type.isFlashMla()) {
    auto [codes, rope] = splitMixed(builder, loc, cache);
    return {{codes, codes.getType(), CacheContent::Key},
            {rope, rope.getType(), CacheContent::Key}};
  }
  auto rowsOf = [&](int64_t channels, Type element, int64_t firstByte) {
    auto rows = CacheType::get(
        builder.getContext(), CacheContent::Key, type.getNumHeads(), channels,
        type.getPageTokens(), element,
        LayoutAttr::get(builder.getContext(), LayoutKind::RowMajor));
    return RepackedPart{cache, rows, CacheContent::Key, type.getRowBytes(),
                        firstByte};
  };
  return {rowsOf(type.getCodedDim(), type.getElementType(), 0),
          rowsOf(type.getRopeHeadDim(), builder.getBF16Type(),
                 type.getRowRopeOffset())};
}

/// Returns what is moved of a head.
static SmallVector<PartMove> listMoves(OpBuilder &builder, RepackOp op) {
  const CacheType source = op.getSource().getType();
  const CacheType destination = op.getDestination().getType();
  if (source.isMixed()) {
    auto [codes, rope] = splitCache(builder, op.getLoc(), op.getSource());
    auto [toCodes, toRope] =
        splitCache(builder, op.getLoc(), op.getDestination());
    return {{codes, toCodes}, {rope, toRope}};
  }
  SmallVector<PartMove> moves;
  for (CacheContent content : {CacheContent::Key, CacheContent::Value})
    if (content == CacheContent::Key ? source.hasKeys() : source.hasValues())
      moves.push_back({{op.getSource(), source, content},
                       {op.getDestination(), destination, content}});
  return moves;
}

namespace {
/// Emits the loop of a repack.
class RepackLoop {
public:
  RepackLoop(OpBuilder &builder, RepackOp op)
      : op(op), loc(op.getLoc()), moves(listMoves(builder, op)),
        numHeads(op.getSource().getType().getNumHeads()),
        entries(countEntries(builder, op)) {}

  void build(OpBuilder &builder) {
    Value heads = constantIndex(builder, loc, numHeads);
    Value count = arith::MulIOp::create(builder, loc, entries, heads);
    Value isLarge;
    if (canStream(op)) {
      isLarge = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::uge, entries,
          constantIndex(builder, loc,
                        llvm::divideCeil(kStreamedBytes, getEntryBytes())));
      Value rounded =
          arith::AddIOp::create(builder, loc, entries,
                                constantIndex(builder, loc, getTogether() - 1));
      Value streamed = arith::DivUIOp::create(
          builder, loc, rounded, constantIndex(builder, loc, getTogether()));
      count = arith::SelectOp::create(builder, loc, isLarge, streamed, count);
    }
    forEachInParallel(builder, loc, count, [&](OpBuilder &body, Value turn) {
      auto moveOne = [&](OpBuilder &builder) {
        Value entry = arith::DivUIOp::create(builder, loc, turn, heads);
        Value head = arith::RemUIOp::create(builder, loc, turn, heads);
        moveHead(builder, entry, head, /*streams=*/false);
      };
      if (!isLarge)
        return moveOne(body);
      auto choice =
          scf::IfOp::create(body, loc, isLarge, /*withElseRegion=*/true);
      OpBuilder large = choice.getThenBodyBuilder();
      moveStreamed(large, turn);
      OpBuilder small = choice.getElseBodyBuilder();
      moveOne(small);
    });
  }

private:
  /// Returns how many bytes an entry writes.
  int64_t getEntryBytes() {
    return op.getDestination().getType().getPageBytes() *
           op.getPagesOfEntry(/*ofSource=*/false);
  }
  /// Returns how many entries are streamed in one turn.
  int64_t getTogether() {
    return std::max<int64_t>(1, kStreamedTurnBytes / getEntryBytes());
  }

  /// Moves all heads of as many entries.
  void moveStreamed(OpBuilder &builder, Value turn) {
    Value together = constantIndex(builder, loc, getTogether());
    Value first = arith::MulIOp::create(builder, loc, turn, together);
    Value count = arith::MinUIOp::create(
        builder, loc, together,
        arith::SubIOp::create(builder, loc, entries, first));
    forEach(builder, loc, count, 1, [&](OpBuilder &outer, Value i) {
      Value entry = arith::AddIOp::create(outer, loc, first, i);
      if (hasTokenRows(op))
        return moveInBlocks(outer, entry);
      forEach(outer, loc, numHeads, 1, [&](OpBuilder &body, Value head) {
        moveHead(body, entry, head, /*streams=*/true);
      });
    });
    // Others may see what was stored past the caches when this turn is over.
    LLVM::FenceOp::create(builder, loc, LLVM::AtomicOrdering::seq_cst,
                          /*syncscope=*/StringRef());
  }

  /// Moves an entry in the order of the source's addresses: some tokens of all
  /// heads, keys and then values.
  void moveInBlocks(OpBuilder &builder, Value entry) {
    const int64_t tokens =
        std::max(op.getSource().getType().getPageTokens(),
                 op.getDestination().getType().getPageTokens());
    const int64_t inBlock = tokens % kBlockTokens == 0 ? kBlockTokens : tokens;
    forEach(builder, loc, tokens, inBlock, [&](OpBuilder &outer, Value first) {
      for (size_t i = 0; i < moves.size(); ++i) {
        const bool isLast = i + 1 == moves.size();
        auto [nextEntry, nextFirst] =
            isLast ? findNextBlock(outer, entry, first, inBlock, tokens)
                   : std::pair(entry, first);
        const RepackSide next(op, moves[isLast ? 0 : i + 1].source,
                              /*isSource=*/true, nextEntry,
                              constantIndex(outer, loc, 0), /*streams=*/true);
        const TokenBlock block = {first, inBlock, next, nextFirst};
        forEach(outer, loc, numHeads, 1, [&](OpBuilder &body, Value head) {
          Turn turn = makeTurn(body, entry, head, /*streams=*/true);
          turn.block = block;
          movePart(body, op, turn, moves[i]);
        });
      }
    });
  }

  /// Returns the entry and the first token of the block behind one.
  std::pair<Value, Value> findNextBlock(OpBuilder &builder, Value entry,
                                        Value first, int64_t inBlock,
                                        int64_t tokens) {
    Value behind = arith::AddIOp::create(builder, loc, first,
                                         constantIndex(builder, loc, inBlock));
    Value isLast =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, behind,
                              constantIndex(builder, loc, tokens));
    auto select = [&](Value ofNext, Value ofThis) -> Value {
      return arith::SelectOp::create(builder, loc, isLast, ofNext, ofThis);
    };
    return {select(findNextEntry(builder, entry), entry),
            select(constantIndex(builder, loc, 0), behind)};
  }

  /// Returns the entry behind one, or again the last one.
  Value findNextEntry(OpBuilder &builder, Value entry) {
    Value one = constantIndex(builder, loc, 1);
    return arith::MinUIOp::create(
        builder, loc, arith::AddIOp::create(builder, loc, entry, one),
        arith::SubIOp::create(builder, loc, entries, one));
  }

  Turn makeTurn(OpBuilder &builder, Value entry, Value head, bool streams) {
    // Pages are not a negative number of bytes apart, which code generators do
    // not know: of stores of a constant they make calls of memset.
    constexpr int64_t kSignBit = 63;
    Value zero = arith::ShRUIOp::create(
        builder, loc,
        CachePageBytesOp::create(builder, loc, builder.getIndexType(),
                                 op.getDestination()),
        constantIndex(builder, loc, kSignBit));
    return {entry, head, findNextEntry(builder, entry), zero, streams};
  }

  void moveHead(OpBuilder &builder, Value entry, Value head, bool streams) {
    const Turn turn = makeTurn(builder, entry, head, streams);
    for (const PartMove &move : moves)
      movePart(builder, op, turn, move);
    moveRowScales(builder, op, turn, moves.front());
  }

  RepackOp op;
  Location loc;
  SmallVector<PartMove> moves;
  int64_t numHeads;
  Value entries;
};
} // namespace

namespace {
struct DecomposeRepackPass
    : public fp8attn::impl::DecomposeRepackBase<DecomposeRepackPass> {
  using DecomposeRepackBase::DecomposeRepackBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<RepackOp> ops;
    getOperation().walk([&](RepackOp op) { ops.push_back(op); });
    for (RepackOp op : ops) {
      if (failed(checkLayouts(op)))
        return signalPassFailure();
      OpBuilder builder(op);
      RepackLoop(builder, op).build(builder);
      op.erase();
    }
  }
};
} // namespace
