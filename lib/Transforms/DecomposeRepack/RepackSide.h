//===- RepackSide.h - one of the two caches of a repack ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the tokens of an entry are in the source, or in the destination, and
// how rows of kRowChannels channels are read from there and written to it. An
// entry is a page of the cache with the larger pages, and the pages of the
// other one that hold the same tokens.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_REPACKSIDE_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_REPACKSIDE_H

#include "Support/PairBlocks.h"
#include "Support/Prefetch.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Channels of a row, a vector of integers as wide as the elements.
inline constexpr int64_t kRowChannels = 16;
/// Tokens whose rows are moved together from and to `pairs`, and those of a
/// block: as many as a tile of keys has in its lanes.
inline constexpr int64_t kTokensTogether = 4, kBlockTokens = 16;

/// Bytes of a line of a processor's caches.
inline constexpr int64_t kLineBytes = 64;

/// What a stretch must be aligned to, in bytes, to be stored past the caches.
inline constexpr int64_t kStreamAlignment = 16;

/// A token of an entry in one of the caches.
struct TokenPlace {
  /// Index of its page.
  Value page;
  /// Which one of the page's.
  Value token;
  /// The head's keys, or values, of the page: a memref of integers.
  Value part;
};

/// What is moved from or to the pages of a cache: its keys or values, or a part
/// of the channels of its keys.
struct RepackedPart {
  /// The cache, or a view of it that has this part alone.
  Value cache;
  /// That of such a cache.
  CacheType type;
  CacheContent content;
  /// Where something else stands between tokens: the bytes from one to the next
  /// and those before the first one; else 0.
  int64_t rowBytes = 0, firstByte = 0;
};

/// The keys, or the values, of one head in the pages of an entry.
class RepackSide {
public:
  /// Pages are those of `entry` in the list, or the next ones in their order.
  /// What is stored goes past the caches if `streams`.
  RepackSide(RepackOp op, const RepackedPart &part, bool isSource, Value entry,
             Value head, bool streams);

  CacheType getType() const { return type; }
  CacheContent getContent() const { return content; }
  LayoutAttr getLayout() const { return type.getLayout(); }
  /// Whether tokens are rows with something else between them.
  bool isInterleaved() const { return rowBytes > 0; }
  /// Whether tokens are rows of channels, or stand in blocks of `pairs`.
  bool hasRows() const;
  bool hasPairs() const;
  /// Returns the channels that keys, or values, are stored as.
  int64_t getStoredChannels() const {
    return getLayout().getChannels(content, type.getHeadDim());
  }
  /// Whether two elements are in a byte; they are moved as bytes.
  bool arePacked() const { return type.getElementBits() < 8; }
  /// Returns an integer as wide as an element, or a byte.
  IntegerType getElement() const;

  /// Returns the page of a token of the entry, and its number within.
  TokenPlace locate(OpBuilder &builder, Location loc, Value token) const;
  /// Returns the same for `count` tokens from `first` on.
  SmallVector<TokenPlace> locate(OpBuilder &builder, Location loc, Value first,
                                 int64_t count) const;
  /// Returns the place of the first token of a block if one page has them all.
  std::optional<TokenPlace> locateBlock(OpBuilder &builder, Location loc,
                                        Value first) const;
  /// Returns the places of `count` tokens, `offset` behind `first`, that of the
  /// block, whose place is `block` if there is one.
  SmallVector<TokenPlace> locate(OpBuilder &builder, Location loc,
                                 const std::optional<TokenPlace> &block,
                                 Value first, Value offset,
                                 int64_t count) const;
  /// Views the part of a place's page as `element`s; what stands between its
  /// tokens, too.
  Value viewPart(OpBuilder &builder, Location loc, Value page,
                 IntegerType element) const;
  /// Returns the index of (token of its page, channel), in elements: of packed
  /// ones that of the first one of the byte.
  Value getIndex(OpBuilder &builder, Location loc, Value token,
                 Value channel) const;

  /// Whether the tokens of a head in a page are neighbours.
  bool hasNeighbours() const {
    return !isInterleaved() && getLayout().hasContiguousHeads();
  }
  /// Fetches `size` bytes of the entry's pages, one after the other, from
  /// `position` on.
  void prefetchEntry(OpBuilder &builder, Location loc, Value position,
                     int64_t size) const;
  /// Fetches `size` bytes, `offset` bytes behind the begin of a token of the
  /// head, which is a row.
  void prefetchRow(OpBuilder &builder, Location loc, Value token, Value offset,
                   int64_t size, CacheLevel level) const;
  /// Fetches `size` bytes of the head, whose tokens are neighbours, `offset`
  /// bytes behind the begin of a token of the entry.
  void prefetchTokens(OpBuilder &builder, Location loc, Value token,
                      Value offset, int64_t size) const;

  /// Whether an entry of the list may name no page for some tokens.
  bool mayBeAbsent() const { return list && pagesOfEntry > 1; }
  /// Returns whether all of the tokens have a page.
  Value arePresent(OpBuilder &builder, Location loc,
                   ArrayRef<TokenPlace> places) const;

  /// Returns a row for each place, one or a multiple of kTokensTogether in a
  /// block, `width` channels from `channel`, both multiples of kRowChannels,
  /// on; zeros up to kRowChannels where a smaller width ends a head.
  SmallVector<Value> load(OpBuilder &builder, Location loc,
                          ArrayRef<TokenPlace> places, Value channel,
                          int64_t width) const;
  /// Stores rows, of which `width` channels are the head's; the padding, too,
  /// if there is any.
  void store(OpBuilder &builder, Location loc, ArrayRef<TokenPlace> places,
             Value channel, int64_t width, ArrayRef<Value> rows) const;

private:
  /// Returns the map (token, channel) -> byte of the part of a page.
  AffineMap getMap() const;
  /// Returns where groups of kRowChannels channels of four tokens are, from the
  /// first one's `place` and `channel` on.
  PairPlace getGroups(OpBuilder &builder, Location loc, const TokenPlace &place,
                      Value channel, int64_t width) const;
  /// Returns the index of the entry's page `which`.
  Value getPage(OpBuilder &builder, Location loc, Value which) const;
  /// Returns the index of a channel of a row whose first one is at `first`: in
  /// every layout, their places differ by constants.
  Value getIndexOf(OpBuilder &builder, Location loc, Value first,
                   int64_t channel) const;

  /// Returns the element at an index of channel `channel` of a vector's, or
  /// writes it, where tokens are moved one by one.
  Value loadElement(OpBuilder &builder, Location loc, const TokenPlace &place,
                    Value index, int64_t channel) const;
  void storeElement(OpBuilder &builder, Location loc, Value element,
                    const TokenPlace &place, Value index,
                    int64_t channel) const;
  /// Returns the bit at which a packed element of `pairs` begins in its byte.
  Value getShift(OpBuilder &builder, Location loc, const TokenPlace &place,
                 int64_t channel) const;

  CacheType type;
  Value cache, list, entry, head;
  CacheContent content;
  int64_t rowBytes, firstByte;
  /// The first one's column in the list.
  int64_t column;
  int64_t pagesOfEntry;
  bool streams;
};

/// Returns whether all of the tokens have a page on both sides, null if they
/// must: places of a side that need not are not looked at.
Value arePresent(OpBuilder &builder, Location loc, const RepackSide &from,
                 ArrayRef<TokenPlace> source, const RepackSide &to,
                 ArrayRef<TokenPlace> destination);

/// Emits what `build` does with a token's places, if it has a page on both
/// sides.
void ifPresent(OpBuilder &builder, Location loc, const RepackSide &from,
               const RepackSide &to, Value token,
               function_ref<void(OpBuilder &, const TokenPlace &source,
                                 const TokenPlace &destination)>
                   build);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_REPACKSIDE_H
