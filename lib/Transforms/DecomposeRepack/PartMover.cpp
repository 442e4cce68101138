//===- PartMover.cpp - the keys or values of a head in an entry -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where layouts agree, the bytes are moved as they are; else rows of one token,
// or of 16 between `pairs` and layouts with rows.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/PartMover.h"
#include "DecomposeRepack/RowConversion.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::fp8attn;

/// Bytes of one move and of one turn of the loop.
static constexpr int64_t kMoveBytes = 64, kTurnBytes = 256;
/// The least that is moved: a head size is a multiple of 8 channels, of which
/// two may be in a byte.
static constexpr int64_t kLeastBytes = 4;

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
/// Moves the keys, or the values, of one head from the pages of an entry.
class PartMover {
public:
  PartMover(OpBuilder &builder, RepackOp op, const Turn &turn,
            const PartMove &move)
      : loc(op.getLoc()), head(turn.head),
        from(op, move.source, /*isSource=*/true, turn.entry, head,
             turn.streams),
        nextEntry(op, move.source, /*isSource=*/true, turn.nextEntry, head,
                  turn.streams),
        nextHead(findNextHead(builder, op, turn, move.source)),
        to(op, move.destination, /*isSource=*/false, turn.entry, head,
           turn.streams),
        conversion(builder, op, head, move.source.content), zero(turn.zero),
        streams(turn.streams), block(turn.block),
        tokens(std::max(from.getType().getPageTokens(),
                        to.getType().getPageTokens())) {}

  void build(OpBuilder &builder) {
    if (isSameBytes())
      return copyPart(builder);
    // Pages of pairs are whole blocks.
    const bool inBlocks =
        (from.hasPairs() && (to.hasPairs() || to.hasRows())) ||
        (from.hasRows() && to.hasPairs());
    forEach(builder, loc, block ? block->tokens : tokens,
            inBlocks ? kBlockTokens : 1, [&](OpBuilder &body, Value token) {
              if (block)
                token = add(body, loc, block->first, token);
              if (inBlocks)
                moveBlock(body, token);
              else
                moveToken(body, token);
            });
  }

private:
  /// Whether pages have every byte of the part in the same place.
  bool isSameBytes() const {
    const CacheType type = from.getType(), other = to.getType();
    return conversion.isCopy() && !from.isInterleaved() &&
           !to.isInterleaved() &&
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

  /// Returns what is moved next, of this entry or the next one.
  static RepackSide findNextHead(OpBuilder &builder, RepackOp op,
                                 const Turn &turn, const RepackedPart &part) {
    Value entry = turn.nextEntry, head = turn.head;
    if (part.type.getNumHeads() > 1) {
      Location loc = op.getLoc();
      Value following = arith::AddIOp::create(builder, loc, head,
                                              constantIndex(builder, loc, 1));
      Value isLast = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::eq, following,
          constantIndex(builder, loc, part.type.getNumHeads()));
      entry = arith::SelectOp::create(builder, loc, isLast, turn.nextEntry,
                                      turn.entry);
      head = arith::SelectOp::create(builder, loc, isLast,
                                     constantIndex(builder, loc, 0), following);
    }
    return RepackSide(op, part, /*isSource=*/true, entry, head, turn.streams);
  }

  /// Fetches as much as is moved: `count` elements, before which `token` tokens
  /// and `moved` elements were. Memory is fastest in the order of addresses: so
  /// the next head is fetched if its tokens are neighbours. If the rows of all
  /// heads are, the next block is fetched, row by row. Else tokens may be
  /// anywhere in an entry. The pages of the next one are fetched, and to the
  /// first cache, rows of the next head.
  void fetchAhead(OpBuilder &builder, Value token, Value moved, int64_t count) {
    if (!streams)
      return;
    const CacheType type = from.getType();
    const int64_t element = type.getElementBytes();
    const int64_t size = count * element;
    Value before = multiply(builder, loc, moved, element);
    if (nextHead.hasNeighbours())
      return nextHead.prefetchTokens(builder, loc, token, before, size);
    const int64_t headDim = type.getHeadDim(), rowBytes = headDim * element;
    if (block)
      return fetchBlock(builder, token, before, size);
    const int64_t parts = type.hasKeys() && type.hasValues() ? 2 : 1;
    const bool isSecond =
        parts == 2 && from.getContent() == CacheContent::Value;
    const int64_t partBytes = tokens * rowBytes;
    Value position =
        add(builder, loc, multiply(builder, loc, head, parts * partBytes),
            constantIndex(builder, loc, isSecond * partBytes));
    position = add(
        builder, loc,
        add(builder, loc, position, multiply(builder, loc, token, rowBytes)),
        before);
    nextEntry.prefetchEntry(builder, loc, position, size);
    if (type.getNumHeads() == 1 || count % headDim != 0)
      return;
    Value row = add(builder, loc, token, divide(builder, loc, moved, headDim));
    for (int64_t i = 0; i < count / headDim; ++i)
      nextHead.prefetchRow(
          builder, loc, add(builder, loc, row, constantIndex(builder, loc, i)),
          constantIndex(builder, loc, 0), rowBytes, CacheLevel::First);
  }

  /// Fetches as many bytes of the next block, `size`, as are moved behind
  /// `before` bytes from `token` on. They are not put into the first cache,
  /// which a block may fill.
  void fetchBlock(OpBuilder &builder, Value token, Value before, int64_t size) {
    const CacheType type = from.getType();
    const int64_t rowBytes = type.getHeadDim() * type.getElementBytes();
    const int64_t tokenBytes = type.getNumHeads() * rowBytes;
    Value ofHead = arith::SubIOp::create(builder, loc, token, block->first);
    Value position =
        add(builder, loc, multiply(builder, loc, ofHead, rowBytes), before);
    position = add(builder, loc, position,
                   multiply(builder, loc, head, block->tokens * rowBytes));
    block->next.prefetchRow(builder, loc,
                            add(builder, loc, block->nextFirst,
                                divide(builder, loc, position, tokenBytes)),
                            remainder(builder, loc, position, tokenBytes), size,
                            CacheLevel::Second);
  }

  /// Moves a token if it has a page.
  void moveToken(OpBuilder &builder, Value token) {
    fetchAhead(builder, token, constantIndex(builder, loc, 0),
               from.getType().getHeadDim());
    ifPresent(builder, loc, from, to, token,
              [&](OpBuilder &then, const TokenPlace &source,
                  const TokenPlace &destination) {
                movePlaces(then, {source}, {destination});
              });
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
    Value present =
        arePresent(builder, loc, from, placesIn(from, from.mayBeAbsent()), to,
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
        to.hasPairs() && to.getContent() == CacheContent::Key;
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
        fetchAhead(outer, token, constantIndex(outer, loc, 0),
                   kTokensTogether * from.getType().getHeadDim());
        movePlaces(outer, source, destination);
      });
    forChannels(builder, [&](OpBuilder &outer, Value channel, int64_t width) {
      forTokens(outer, [&](OpBuilder &body, const Places &source,
                           const Places &destination, Value token) {
        Value offset = arith::SubIOp::create(body, loc, token, first);
        Value moved = add(body, loc, multiply(body, loc, channel, kBlockTokens),
                          multiply(body, loc, offset, width));
        fetchAhead(body, first, moved, together * width);
        moveRows(body, source, destination, channel, width);
      });
    });
    if (hasPaddedRows())
      forTokens(builder,
                [&](OpBuilder &body, const Places &, const Places &destination,
                    Value) { zeroPadding(body, destination); });
  }

  /// Returns the channels that are moved together. Of rows that consist of
  /// lines, two of these if there are, as memory takes neighbours faster; or
  /// one, if lines of values are written, which have a chunk of each of four
  /// rows.
  int64_t getChannelsTogether() const {
    const int64_t element = to.getType().getElementBytes();
    const int64_t rowBytes = to.getType().getHeadDim() * element;
    const bool writesValues = conversion.isCopy() && from.hasRows() &&
                              to.hasPairs() &&
                              to.getContent() == CacheContent::Value;
    if (rowBytes % kLineBytes != 0 || !(to.hasRows() || writesValues))
      return kRowChannels;
    const bool hasTwo = to.hasRows() && rowBytes % (2 * kLineBytes) == 0;
    return (hasTwo ? 2 : 1) * kLineBytes / element;
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
    // Conversions know rows of kRowChannels.
    const int64_t step =
        conversion.isCopy()
            ? std::min(width, kLineBytes / to.getType().getElementBytes())
            : kRowChannels;
    for (int64_t offset = 0; offset < width; offset += step) {
      Piece piece = {arith::AddIOp::create(builder, loc, channel,
                                           constantIndex(builder, loc, offset)),
                     std::min(step, width - offset),
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
    const int64_t bits = from.getType().getElementBits();
    auto bytesOf = [&](const RepackSide &side,
                       const TokenPlace &place) -> Stretch {
      Value index = side.getIndex(builder, loc, place.token,
                                  constantIndex(builder, loc, 0));
      index = side.arePacked() ? divide(builder, loc, index, 8 / bits)
                               : multiply(builder, loc, index, bits / 8);
      return {side.viewPart(builder, loc, place.page, builder.getI8Type()),
              index};
    };
    Stretch read = bytesOf(from, source), written = bytesOf(to, destination);
    buildByteCopy(builder, loc, read, written,
                  from.getType().getHeadDim() * bits / 8, streams);
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
  RepackSide from, nextEntry, nextHead, to;
  RowConversion conversion;
  /// For padding.
  Value zero;
  bool streams;
  std::optional<TokenBlock> block;
  /// Of an entry.
  int64_t tokens;
};
} // namespace

void mlir::fp8attn::movePart(OpBuilder &builder, RepackOp op, const Turn &turn,
                             const PartMove &move) {
  PartMover(builder, op, turn, move).build(builder);
}
