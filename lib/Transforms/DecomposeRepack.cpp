//===- DecomposeRepack.cpp - repacks to loops over elements ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes repack out as a parallel loop over entries, pages of the cache with
// the larger ones, and heads. Where the layouts agree, it moves the bytes of
// keys or values as they are; else rows of one token, or of 16 between `pairs`
// and layouts with rows. All is loops of vectors, so that one body serves every
// ISA.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/RepackSide.h"
#include "DecomposeRepack/RowConversion.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

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

/// Bytes of one move and of one turn of the loop.
static constexpr int64_t kMoveBytes = 64, kTurnBytes = 256;
/// The least that is moved: a head size is a multiple of 8 channels.
static constexpr int64_t kLeastBytes = 8;

namespace {
/// Bytes of one cache, from `index` on.
struct Stretch {
  Value bytes, index;
};
} // namespace

/// Copies a multiple of kLeastBytes; past the caches if `streams`.
static void buildByteCopy(OpBuilder &builder, Location loc, const Stretch &from,
                          const Stretch &to, int64_t bytes, bool streams) {
  const llvm::MaybeAlign alignment =
      streams ? llvm::MaybeAlign(kStreamAlignment) : llvm::MaybeAlign();
  auto move = [&](OpBuilder &body, Value turn, int64_t offset, int64_t size) {
    auto type = VectorType::get({size}, body.getI8Type());
    auto placeIn = [&](const Stretch &stretch) -> Value {
      Value place = arith::AddIOp::create(body, loc, stretch.index,
                                          constantIndex(body, loc, offset));
      return turn ? arith::AddIOp::create(body, loc, place, turn).getResult()
                  : place;
    };
    Value moved =
        vector::LoadOp::create(body, loc, type, from.bytes, placeIn(from));
    vector::StoreOp::create(body, loc, moved, to.bytes, placeIn(to), streams,
                            alignment);
  };
  const int64_t inTurns = bytes / kTurnBytes * kTurnBytes;
  if (inTurns > 0)
    forEach(
        builder, loc, inTurns, kTurnBytes, [&](OpBuilder &body, Value turn) {
          for (int64_t offset = 0; offset < kTurnBytes; offset += kMoveBytes)
            move(body, turn, offset, kMoveBytes);
        });
  int64_t offset = inTurns;
  for (int64_t size = kMoveBytes; size >= kLeastBytes; size /= 2)
    for (; bytes - offset >= size; offset += size)
      move(builder, Value(), offset, size);
}

namespace {
/// What one turn moves.
struct Turn {
  Value entry, head;
  /// The entry behind it, or again the last one.
  Value nextEntry;
};

/// Moves the keys, or the values, of one head from the pages of an entry.
class PartMover {
public:
  PartMover(OpBuilder &builder, RepackOp op, const Turn &turn,
            CacheContent content, Value zero, bool streams)
      : loc(op.getLoc()), head(turn.head),
        from(op, /*isSource=*/true, turn.entry, head, content, streams),
        next(op, /*isSource=*/true, turn.nextEntry, head, content, streams),
        to(op, /*isSource=*/false, turn.entry, head, content, streams),
        conversion(builder, op, head, content), zero(zero), streams(streams),
        tokens(std::max(from.getType().getPageTokens(),
                        to.getType().getPageTokens())) {}

  void build(OpBuilder &builder) {
    if (isSameBytes())
      return copyPart(builder);
    // Pages of pairs are whole blocks.
    const bool inBlocks =
        (from.hasPairs() && (to.hasPairs() || to.hasRows())) ||
        (from.hasRows() && to.hasPairs());
    if (inBlocks)
      forEach(builder, loc, tokens, kBlockTokens,
              [&](OpBuilder &body, Value first) { moveBlock(body, first); });
    else
      forEach(builder, loc, tokens, 1,
              [&](OpBuilder &body, Value token) { moveToken(body, token); });
  }

private:
  /// Whether pages have every byte of the part in the same place.
  bool isSameBytes() const {
    const CacheType type = from.getType(), other = to.getType();
    return conversion.isCopy() &&
           type.getPageTokens() == other.getPageTokens() &&
           type.getLayout().agreesWith(other.getLayout(), from.getContent(),
                                       type.getPageTokens(), type.getHeadDim(),
                                       type.getElementBits());
  }

  void copyPart(OpBuilder &builder) {
    Value zero = constantIndex(builder, loc, 0);
    auto bytesOf = [&](const RepackSide &side) -> Stretch {
      Value page = side.locate(builder, loc, zero).page;
      return {side.viewPart(builder, loc, page, builder.getI8Type()), zero};
    };
    Stretch source = bytesOf(from), destination = bytesOf(to);
    buildByteCopy(builder, loc, source, destination,
                  from.getType().getPartBytes(from.getContent()), streams);
  }

  using Places = SmallVector<TokenPlace>;

  /// Returns whether all of the tokens have a page, nothing if they must.
  Value arePresent(OpBuilder &builder, ArrayRef<TokenPlace> source,
                   ArrayRef<TokenPlace> destination) {
    if (from.mayBeAbsent())
      return from.arePresent(builder, loc, source);
    return to.mayBeAbsent() ? to.arePresent(builder, loc, destination)
                            : Value();
  }

  /// Fetches of the next entry as much as is moved of this one: `channels` of
  /// `count` tokens, before which all channels of `token` tokens and `channel`
  /// of these were moved. Pages are fetched in the order of addresses, in which
  /// memory is fastest: the tokens of a head may be anywhere in them.
  void fetchAhead(OpBuilder &builder, Value token, Value channel, int64_t count,
                  int64_t channels) {
    if (!streams)
      return;
    const CacheType type = from.getType();
    const int64_t element = type.getElementBytes();
    const int64_t rowBytes = type.getHeadDim() * element;
    const int64_t parts = type.hasKeys() && type.hasValues() ? 2 : 1;
    const bool isSecond =
        parts == 2 && from.getContent() == CacheContent::Value;
    auto times = [&](Value number, int64_t by) -> Value {
      return arith::MulIOp::create(builder, loc, number,
                                   constantIndex(builder, loc, by));
    };
    auto plus = [&](Value a, Value b) -> Value {
      return arith::AddIOp::create(builder, loc, a, b);
    };
    const int64_t partBytes = tokens * rowBytes;
    Value position = plus(times(head, parts * partBytes),
                          constantIndex(builder, loc, isSecond * partBytes));
    position = plus(position, times(token, rowBytes));
    position = plus(position, times(channel, count * element));
    next.prefetch(builder, loc, position, count * channels * element);
  }

  /// Moves a token if it has a page.
  void moveToken(OpBuilder &builder, Value token) {
    fetchAhead(builder, token, constantIndex(builder, loc, 0), /*count=*/1,
               from.getType().getHeadDim());
    Places source = {from.locate(builder, loc, token)};
    Places destination = {to.locate(builder, loc, token)};
    if (Value isPresent = arePresent(builder, source, destination)) {
      auto found =
          scf::IfOp::create(builder, loc, isPresent, /*withElseRegion=*/false);
      OpBuilder then = found.getThenBodyBuilder();
      return movePlaces(then, source, destination);
    }
    movePlaces(builder, source, destination);
  }

  void movePlaces(OpBuilder &builder, const Places &source,
                  const Places &destination) {
    if (conversion.isCopy() && from.hasRows() && to.hasRows() &&
        to.getStoredChannels() == to.getType().getHeadDim())
      return copyRow(builder, source.front(), destination.front());
    forChannels(builder, [&](OpBuilder &body, Value channel, int64_t width) {
      moveRows(body, source, destination, channel, width);
    });
    zeroPadding(builder, destination);
  }

  /// Moves kBlockTokens tokens; one by one if some have no page.
  void moveBlock(OpBuilder &builder, Value first) {
    auto placesIn = [&](const RepackSide &side, bool areNeeded) {
      return areNeeded ? side.locate(builder, loc, first, kBlockTokens)
                       : Places();
    };
    Value present = arePresent(builder, placesIn(from, from.mayBeAbsent()),
                               placesIn(to, to.mayBeAbsent()));
    if (!present)
      return movePresentBlock(builder, first);
    auto found =
        scf::IfOp::create(builder, loc, present, /*withElseRegion=*/true);
    OpBuilder then = found.getThenBodyBuilder();
    movePresentBlock(then, first);
    OpBuilder others = found.getElseBodyBuilder();
    forEach(others, loc, kBlockTokens, 1, [&](OpBuilder &body, Value i) {
      moveToken(body, arith::AddIOp::create(body, loc, first, i));
    });
  }

  /// The order is that in which lines are written as a whole, and soon: lines
  /// that are written in parts past the caches cost several times as much.
  void movePresentBlock(OpBuilder &builder, Value first) {
    auto sourceBlock = from.locateBlock(builder, loc, first);
    auto destinationBlock = to.locateBlock(builder, loc, first);
    // A line of keys in pairs has all tokens of the block.
    const bool hasWideLines =
        streams && to.hasPairs() && to.getContent() == CacheContent::Key;
    const int64_t together = hasWideLines ? kBlockTokens : kTokensTogether;
    auto forTokens = [&](OpBuilder &outer, auto move) {
      forEach(
          outer, loc, kBlockTokens, together,
          [&](OpBuilder &body, Value offset) {
            Places source =
                from.locate(body, loc, sourceBlock, first, offset, together);
            Places destination =
                to.locate(body, loc, destinationBlock, first, offset, together);
            move(body, source, destination,
                 arith::AddIOp::create(body, loc, first, offset).getResult());
          });
    };
    if (to.hasRows())
      return forTokens(builder, [&](OpBuilder &outer, const Places &source,
                                    const Places &destination, Value token) {
        fetchAhead(outer, token, constantIndex(outer, loc, 0), kTokensTogether,
                   from.getType().getHeadDim());
        movePlaces(outer, source, destination);
      });
    forChannels(builder, [&](OpBuilder &outer, Value channel, int64_t width) {
      fetchAhead(outer, first, channel, kBlockTokens, kRowChannels);
      forTokens(outer, [&](OpBuilder &body, const Places &source,
                           const Places &destination, Value) {
        moveRows(body, source, destination, channel, width);
      });
    });
    if (hasPaddedRows())
      forTokens(builder,
                [&](OpBuilder &body, const Places &, const Places &destination,
                    Value) { zeroPadding(body, destination); });
  }

  /// Returns the channels that are moved together: those of a line, if rows
  /// that are written consist of lines.
  int64_t getChannelsTogether() const {
    const int64_t element = to.getType().getElementBytes();
    const bool hasLines =
        to.hasRows() && to.getType().getHeadDim() * element % kLineBytes == 0;
    return hasLines ? kLineBytes / element : kRowChannels;
  }

  /// Calls `move` for as many channels, and for those behind.
  void forChannels(OpBuilder &builder,
                   function_ref<void(OpBuilder &, Value, int64_t)> move) {
    const int64_t headDim = from.getType().getHeadDim();
    const int64_t step = getChannelsTogether();
    const int64_t whole = headDim / step * step;
    if (whole > 0)
      forEach(builder, loc, whole, step, [&](OpBuilder &body, Value channel) {
        move(body, channel, step);
      });
    if (whole < headDim)
      move(builder, constantIndex(builder, loc, whole), headDim - whole);
  }

  /// Moves `width` channels of tokens, kRowChannels or fewer, or whole lines.
  void moveRows(OpBuilder &builder, const Places &source,
                const Places &destination, Value channel, int64_t width) {
    struct Piece {
      Value channel;
      int64_t width;
      SmallVector<Value> rows;
    };
    SmallVector<Piece> pieces;
    for (int64_t offset = 0; offset < width; offset += kRowChannels) {
      Piece piece = {arith::AddIOp::create(builder, loc, channel,
                                           constantIndex(builder, loc, offset)),
                     std::min(kRowChannels, width - offset),
                     {}};
      piece.rows = from.load(builder, loc, source, piece.channel, piece.width);
      conversion.convert(builder, loc, source, destination, piece.channel,
                         piece.width, piece.rows);
      pieces.push_back(std::move(piece));
    }
    auto store = [&](ArrayRef<TokenPlace> places, const Piece &piece,
                     ArrayRef<Value> rows) {
      to.store(builder, loc, places, piece.channel, piece.width, rows);
    };
    if (pieces.size() == 1)
      return store(destination, pieces.front(), pieces.front().rows);
    for (auto [index, place] : llvm::enumerate(destination))
      for (const Piece &piece : pieces)
        store(place, piece, piece.rows[index]);
  }

  void copyRow(OpBuilder &builder, const TokenPlace &source,
               const TokenPlace &destination) {
    const int64_t size = from.getType().getElementBytes();
    auto bytesOf = [&](const RepackSide &side,
                       const TokenPlace &place) -> Stretch {
      Value index = side.getIndex(builder, loc, place.token,
                                  constantIndex(builder, loc, 0));
      index = arith::MulIOp::create(builder, loc, index,
                                    constantIndex(builder, loc, size));
      return {side.viewPart(builder, loc, place.page, builder.getI8Type()),
              index};
    };
    Stretch read = bytesOf(from, source), written = bytesOf(to, destination);
    buildByteCopy(builder, loc, read, written,
                  from.getType().getHeadDim() * size, streams);
  }

  /// Returns the first row that is all padding.
  int64_t getPaddedBegin() const {
    return llvm::alignTo(to.getType().getHeadDim(), kRowChannels);
  }
  bool hasPaddedRows() const {
    return getPaddedBegin() < to.getStoredChannels();
  }

  /// Zeroes rows that are all padding.
  void zeroPadding(OpBuilder &builder, const Places &places) {
    if (!hasPaddedRows())
      return;
    Value element =
        arith::IndexCastOp::create(builder, loc, to.getElement(), zero);
    Value zeros = vector::BroadcastOp::create(
        builder, loc, VectorType::get({kRowChannels}, to.getElement()),
        element);
    const SmallVector<Value> rows(places.size(), zeros);
    for (int64_t channel = getPaddedBegin(); channel < to.getStoredChannels();
         channel += kRowChannels)
      to.store(builder, loc, places, constantIndex(builder, loc, channel),
               kRowChannels, rows);
  }

  Location loc;
  Value head;
  /// `next` is the source of the next entry.
  RepackSide from, next, to;
  RowConversion conversion;
  /// For padding.
  Value zero;
  bool streams;
  /// Of an entry.
  int64_t tokens;
};
} // namespace

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

/// Returns whether all that is written is vectors of kStreamAlignment, aligned,
/// and memory is what it waits for: not where elements are converted.
static bool canStream(RepackOp op) {
  const CacheType type = op.getDestination().getType();
  const LayoutAttr layout = type.getLayout();
  auto hasVectors = [&](CacheContent part) {
    return layout.getKind() == LayoutKind::Pairs || layout.hasRows(part);
  };
  return type.getElementType() == op.getSource().getType().getElementType() &&
         hasVectors(CacheContent::Key) && hasVectors(CacheContent::Value) &&
         type.getHeadDim() * type.getElementBytes() % kStreamAlignment == 0;
}

static void decompose(RepackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  CacheType type = op.getSource().getType();
  Value heads = constantIndex(builder, loc, type.getNumHeads());
  Value entries = countEntries(builder, op);
  Value count = arith::MulIOp::create(builder, loc, entries, heads);
  // Of what an entry writes.
  const CacheType to = op.getDestination().getType();
  const int64_t pageBytes =
      to.getPageBytes() * op.getPagesOfEntry(/*ofSource=*/false);
  forEachInParallel(builder, loc, count, [&](OpBuilder &body, Value turn) {
    Value entry = arith::DivUIOp::create(body, loc, turn, heads);
    Value head = arith::RemUIOp::create(body, loc, turn, heads);
    Value one = constantIndex(body, loc, 1);
    Value nextEntry = arith::MinUIOp::create(
        body, loc, arith::AddIOp::create(body, loc, entry, one),
        arith::SubIOp::create(body, loc, entries, one));
    // Pages are not a negative number of bytes apart, which code generators do
    // not know: of stores of a constant they make calls of memset.
    constexpr int64_t kSignBit = 63;
    Value zero = arith::ShRUIOp::create(
        body, loc,
        CachePageBytesOp::create(body, loc, body.getIndexType(),
                                 op.getDestination()),
        constantIndex(body, loc, kSignBit));
    auto moveParts = [&](OpBuilder &builder, bool streams) {
      for (CacheContent content : {CacheContent::Key, CacheContent::Value})
        if (content == CacheContent::Key ? type.hasKeys() : type.hasValues())
          PartMover(builder, op, {entry, head, nextEntry}, content, zero,
                    streams)
              .build(builder);
    };
    if (!canStream(op))
      return moveParts(body, /*streams=*/false);
    Value isLarge = arith::CmpIOp::create(
        body, loc, arith::CmpIPredicate::uge, entries,
        constantIndex(body, loc, llvm::divideCeil(kStreamedBytes, pageBytes)));
    auto choice =
        scf::IfOp::create(body, loc, isLarge, /*withElseRegion=*/true);
    OpBuilder large = choice.getThenBodyBuilder();
    moveParts(large, /*streams=*/true);
    // Others may see what was stored past the caches when this turn is over.
    LLVM::FenceOp::create(large, loc, LLVM::AtomicOrdering::seq_cst,
                          /*syncscope=*/StringRef());
    OpBuilder small = choice.getElseBodyBuilder();
    moveParts(small, /*streams=*/false);
  });
  op.erase();
}

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
      decompose(op);
    }
  }
};
} // namespace
