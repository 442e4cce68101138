//===- RepackSide.cpp - one of the two caches of a repack -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are vectors where the layout has them, blocks of `pairs` are shuffled,
// and the other layouts are addressed element by element.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/RepackSide.h"
#include "Support/Constants.h"
#include "Support/PackedCodes.h"
#include "Support/PairBlocks.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

RepackSide::RepackSide(RepackOp op, const RepackedPart &part, bool isSource,
                       Value entry, Value head, bool streams)
    : type(part.type), cache(part.cache), list(op.getPages()), entry(entry),
      head(head), content(part.content), rowBytes(part.rowBytes),
      firstByte(part.firstByte),
      column(isSource ? 0 : op.getPagesOfEntry(/*ofSource=*/true)),
      pagesOfEntry(op.getPagesOfEntry(isSource)), streams(streams) {}

bool RepackSide::hasRows() const {
  return getLayout().hasRows(content) ||
         (getLayout().getKind() == LayoutKind::Pairs && !hasPairs());
}

bool RepackSide::hasPairs() const {
  return getLayout().getKind() == LayoutKind::Pairs &&
         fp8attn_tokens_together(type.getPageTokens()) > 1;
}

IntegerType RepackSide::getElement() const {
  return IntegerType::get(type.getContext(), 8 * type.getElementBytes());
}

Value RepackSide::viewPart(OpBuilder &builder, Location loc, Value page,
                           IntegerType element) const {
  Value bytes =
      CachePartOp::create(builder, loc, cache, head,
                          CacheContentAttr::get(builder.getContext(), content));
  Value begin = arith::MulIOp::create(
      builder, loc, page,
      CachePageBytesOp::create(builder, loc, builder.getIndexType(), cache));
  const int64_t partBytes = isInterleaved() ? type.getPageTokens() * rowBytes
                                            : type.getPartBytes(content);
  auto part = MemRefType::get({partBytes * 8 / element.getWidth()}, element);
  return memref::ViewOp::create(builder, loc, part, bytes, begin, ValueRange());
}

Value RepackSide::getPage(OpBuilder &builder, Location loc, Value which) const {
  if (list) {
    Value place = arith::AddIOp::create(builder, loc, which,
                                        constantIndex(builder, loc, column));
    Value page =
        memref::LoadOp::create(builder, loc, list, ValueRange{entry, place});
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      page);
  }
  Value first = arith::MulIOp::create(
      builder, loc, entry, constantIndex(builder, loc, pagesOfEntry));
  return arith::AddIOp::create(builder, loc, first, which);
}

/// Returns the quotient and the remainder.
static std::pair<Value, Value> divide(OpBuilder &builder, Location loc,
                                      Value number, int64_t by) {
  Value divisor = constantIndex(builder, loc, by);
  return {arith::DivUIOp::create(builder, loc, number, divisor),
          arith::RemUIOp::create(builder, loc, number, divisor)};
}

TokenPlace RepackSide::locate(OpBuilder &builder, Location loc,
                              Value token) const {
  Value which = constantIndex(builder, loc, 0);
  if (pagesOfEntry > 1)
    std::tie(which, token) = divide(builder, loc, token, type.getPageTokens());
  Value page = getPage(builder, loc, which);
  return {page, token, viewPart(builder, loc, page, getElement())};
}

SmallVector<TokenPlace> RepackSide::locate(OpBuilder &builder, Location loc,
                                           Value first, int64_t count) const {
  SmallVector<TokenPlace> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back(
        locate(builder, loc,
               arith::AddIOp::create(builder, loc, first,
                                     constantIndex(builder, loc, i))));
  return places;
}

std::optional<TokenPlace>
RepackSide::locateBlock(OpBuilder &builder, Location loc, Value first) const {
  if (pagesOfEntry > 1 && type.getPageTokens() % kBlockTokens != 0)
    return std::nullopt;
  return locate(builder, loc, first);
}

SmallVector<TokenPlace>
RepackSide::locate(OpBuilder &builder, Location loc,
                   const std::optional<TokenPlace> &block, Value first,
                   Value offset, int64_t count) const {
  if (!block)
    return locate(builder, loc,
                  arith::AddIOp::create(builder, loc, first, offset), count);
  Value begin = arith::AddIOp::create(builder, loc, block->token, offset);
  SmallVector<TokenPlace> places(count, *block);
  for (auto [i, place] : llvm::enumerate(places))
    place.token = arith::AddIOp::create(builder, loc, begin,
                                        constantIndex(builder, loc, i));
  return places;
}

AffineMap RepackSide::getMap() const {
  if (!isInterleaved())
    return type.getMap(content);
  AffineExpr token, channel;
  bindDims(type.getContext(), token, channel);
  return AffineMap::get(
      2, 0, token * rowBytes + firstByte + channel * type.getElementBytes());
}

Value RepackSide::getIndex(OpBuilder &builder, Location loc, Value token,
                           Value channel) const {
  AffineExpr place = getMap().getResult(0).floorDiv(type.getElementBytes());
  if (arePacked())
    place = place * 2;
  return affine::expandAffineExpr(builder, loc, place, {token, channel}, {});
}

Value RepackSide::getIndexOf(OpBuilder &builder, Location loc, Value first,
                             int64_t channel) const {
  const AffineMap map = getMap();
  const int64_t bytes =
      map.compose({0, channel}).front() - map.compose({0, 0}).front();
  return arith::AddIOp::create(
      builder, loc, first,
      constantIndex(builder, loc,
                    arePacked() ? 2 * bytes : bytes / type.getElementBytes()));
}

Value RepackSide::getShift(OpBuilder &builder, Location loc,
                           const TokenPlace &place, int64_t channel) const {
  // Of four neighbours along the dimension that is paired, two are in the high
  // halves.
  AffineExpr paired = getAffineConstantExpr(channel, type.getContext());
  if (content == CacheContent::Value)
    bindDims(type.getContext(), paired);
  Value shift = affine::expandAffineExpr(
      builder, loc, paired.floorDiv(2) % 2 * 4, place.token, {});
  return arith::IndexCastOp::create(builder, loc, builder.getI8Type(), shift);
}

Value RepackSide::loadElement(OpBuilder &builder, Location loc,
                              const TokenPlace &place, Value index,
                              int64_t channel) const {
  if (!arePacked())
    return memref::LoadOp::create(builder, loc, place.part, index);
  return loadPackedCode(builder, loc, place.part, index,
                        getShift(builder, loc, place, channel));
}

void RepackSide::storeElement(OpBuilder &builder, Location loc, Value element,
                              const TokenPlace &place, Value index,
                              int64_t channel) const {
  if (!arePacked()) {
    memref::StoreOp::create(builder, loc, element, place.part, index);
    return;
  }
  storePackedCode(builder, loc, element, place.part, index,
                  getShift(builder, loc, place, channel));
}

Value RepackSide::arePresent(OpBuilder &builder, Location loc,
                             ArrayRef<TokenPlace> places) const {
  // A negative page has the sign bit, and so has what any of them is or'ed to.
  Value any = places.front().page;
  for (const TokenPlace &place : places.drop_front())
    if (place.page != places.front().page)
      any = arith::OrIOp::create(builder, loc, any, place.page);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, any,
                               constantIndex(builder, loc, 0));
}

Value mlir::fp8attn::arePresent(OpBuilder &builder, Location loc,
                                const RepackSide &from,
                                ArrayRef<TokenPlace> source,
                                const RepackSide &to,
                                ArrayRef<TokenPlace> destination) {
  if (from.mayBeAbsent())
    return from.arePresent(builder, loc, source);
  return to.mayBeAbsent() ? to.arePresent(builder, loc, destination) : Value();
}

void mlir::fp8attn::ifPresent(
    OpBuilder &builder, Location loc, const RepackSide &from,
    const RepackSide &to, Value token,
    function_ref<void(OpBuilder &, const TokenPlace &, const TokenPlace &)>
        build) {
  const TokenPlace source = from.locate(builder, loc, token);
  const TokenPlace destination = to.locate(builder, loc, token);
  Value isPresent = arePresent(builder, loc, from, source, to, destination);
  if (!isPresent)
    return build(builder, source, destination);
  auto found =
      scf::IfOp::create(builder, loc, isPresent, /*withElseRegion=*/false);
  OpBuilder then = found.getThenBodyBuilder();
  build(then, source, destination);
}

/// Fetches lines of memory to the caches from `level` on.
static void prefetchLines(OpBuilder &builder, Location loc, Value bytes,
                          Value begin, int64_t size, CacheLevel level) {
  for (int64_t line = 0; line < size; line += kLineBytes)
    prefetchLine(builder, loc, bytes,
                 arith::AddIOp::create(builder, loc, begin,
                                       constantIndex(builder, loc, line))
                     .getResult(),
                 level);
}

void RepackSide::prefetchTokens(OpBuilder &builder, Location loc, Value token,
                                Value offset, int64_t size) const {
  const TokenPlace place = locate(builder, loc, token);
  const int64_t tokenBytes = type.getPartBytes(content) / type.getPageTokens();
  Value begin = arith::MulIOp::create(builder, loc, place.token,
                                      constantIndex(builder, loc, tokenBytes));
  prefetchLines(builder, loc,
                viewPart(builder, loc, place.page, builder.getI8Type()),
                arith::AddIOp::create(builder, loc, begin, offset), size,
                CacheLevel::First);
}

void RepackSide::prefetchRow(OpBuilder &builder, Location loc, Value token,
                             Value offset, int64_t size,
                             CacheLevel level) const {
  const TokenPlace place = locate(builder, loc, token);
  const int64_t element = type.getElementBytes();
  Value first =
      getIndex(builder, loc, place.token, constantIndex(builder, loc, 0));
  Value begin = arith::MulIOp::create(builder, loc, first,
                                      constantIndex(builder, loc, element));
  prefetchLines(
      builder, loc, viewPart(builder, loc, place.page, builder.getI8Type()),
      arith::AddIOp::create(builder, loc, begin, offset), size, level);
}

void RepackSide::prefetchEntry(OpBuilder &builder, Location loc, Value position,
                               int64_t size) const {
  auto [which, offset] = divide(builder, loc, position, type.getPageBytes());
  Value page = getPage(builder, loc, which);
  Value bytes = CachePartOp::create(
      builder, loc, cache, constantIndex(builder, loc, 0),
      CacheContentAttr::get(builder.getContext(), type.hasKeys()
                                                      ? CacheContent::Key
                                                      : CacheContent::Value));
  Value begin = arith::MulIOp::create(
      builder, loc, page,
      CachePageBytesOp::create(builder, loc, builder.getIndexType(), cache));
  begin = arith::AddIOp::create(builder, loc, begin, offset);
  // Of rows with something else between, each part fetches as many bytes as it
  // has: the page is fetched in its order.
  begin = arith::AddIOp::create(
      builder, loc, begin,
      constantIndex(builder, loc, firstByte * type.getPageTokens()));
  // An entry is more than the first cache holds.
  prefetchLines(builder, loc, bytes, begin, size, CacheLevel::Second);
}

/// Returns zeros for `count` channels.
static Value zeros(OpBuilder &builder, Location loc, int64_t count,
                   Type element) {
  return arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(VectorType::get({count}, element)));
}

/// Returns a mask of a shuffle that takes `count` neighbours from `first` on.
static SmallVector<int64_t> neighbours(int64_t first, int64_t count) {
  return llvm::to_vector(llvm::seq(first, first + count));
}

PairPlace RepackSide::getGroups(OpBuilder &builder, Location loc,
                                const TokenPlace &place, Value channel,
                                int64_t width) const {
  PairPlace groups = {place.part, {}, arePacked()};
  for (int64_t offset = 0; offset < width; offset += kRowChannels)
    groups.groups.push_back(
        getIndex(builder, loc, place.token,
                 arith::AddIOp::create(builder, loc, channel,
                                       constantIndex(builder, loc, offset))));
  return groups;
}

SmallVector<Value> RepackSide::load(OpBuilder &builder, Location loc,
                                    ArrayRef<TokenPlace> places, Value channel,
                                    int64_t width) const {
  const IntegerType element = getElement();
  auto indexOf = [&](const TokenPlace &place, int64_t offset) {
    return getIndex(builder, loc, place.token,
                    arith::AddIOp::create(builder, loc, channel,
                                          constantIndex(builder, loc, offset)));
  };
  SmallVector<Value> rows;
  if (hasPairs() && places.size() > kTokensTogether) {
    for (size_t i = 0; i < places.size(); i += kTokensTogether)
      llvm::append_range(
          rows,
          load(builder, loc, places.slice(i, kTokensTogether), channel, width));
    return rows;
  }
  if (hasPairs() && places.size() == kTokensTogether) {
    rows = loadPairs(builder, loc, content == CacheContent::Key,
                     getGroups(builder, loc, places.front(), channel, width));
    if (width >= kRowChannels)
      return rows;
    SmallVector<int64_t> mask = neighbours(0, width);
    llvm::append_range(mask, neighbours(kRowChannels, kRowChannels - width));
    for (Value &row : rows)
      row = vector::ShuffleOp::create(
          builder, loc, row, zeros(builder, loc, kRowChannels, element), mask);
    return rows;
  }
  constexpr int64_t kHalf = kRowChannels / 2;
  auto loadRow = [&](const TokenPlace &place, int64_t first,
                     int64_t count) -> Value {
    Value index = indexOf(place, first);
    if (arePacked())
      return loadPackedCodes(builder, loc, place.part, index, count);
    return vector::LoadOp::create(
        builder, loc, VectorType::get({count}, element), place.part, index);
  };
  for (const TokenPlace &place : places) {
    if (hasRows()) {
      auto loadHalf = [&](int64_t first) -> Value {
        if (first >= width)
          return zeros(builder, loc, kHalf, element);
        return loadRow(place, first, kHalf);
      };
      if (width >= kRowChannels) {
        rows.push_back(loadRow(place, 0, width));
        continue;
      }
      Value low = loadHalf(0), high = loadHalf(kHalf);
      rows.push_back(vector::ShuffleOp::create(builder, loc, low, high,
                                               neighbours(0, kRowChannels)));
      continue;
    }
    Value row = zeros(builder, loc, std::max(width, kRowChannels), element);
    const Value first = indexOf(place, 0);
    for (int64_t i = 0; i < width; ++i) {
      Value loaded = loadElement(builder, loc, place,
                                 getIndexOf(builder, loc, first, i), i);
      row = vector::InsertOp::create(builder, loc, loaded, row, i);
    }
    rows.push_back(row);
  }
  return rows;
}

void RepackSide::store(OpBuilder &builder, Location loc,
                       ArrayRef<TokenPlace> places, Value channel,
                       int64_t width, ArrayRef<Value> rows) const {
  if (hasPairs() && places.size() >= kTokensTogether)
    return storePairs(builder, loc, content == CacheContent::Key,
                      getGroups(builder, loc, places.front(), channel, width),
                      rows, streams);
  // All layouts with padding have some up to the end of a row.
  if (getStoredChannels() > type.getHeadDim())
    width = std::max(width, kRowChannels);
  for (auto [place, row] : llvm::zip_equal(places, rows)) {
    if (hasRows()) {
      Value stored = row;
      if (width < kRowChannels)
        stored = vector::ShuffleOp::create(builder, loc, row, row,
                                           neighbours(0, width));
      Value index = getIndex(builder, loc, place.token, channel);
      if (arePacked()) {
        storePackedCodes(builder, loc, stored, place.part, index);
        continue;
      }
      // Rows need not be whole vectors: one of 72 channels of bf16 begins at a
      // multiple of 16 bytes.
      const int64_t element = type.getElementBytes();
      const llvm::MaybeAlign alignment =
          streams ? llvm::MaybeAlign(llvm::MinAlign(
                        getStoredChannels() * element, width * element))
                  : llvm::MaybeAlign();
      vector::StoreOp::create(builder, loc, stored, place.part, index, streams,
                              alignment);
      continue;
    }
    const Value first = getIndex(builder, loc, place.token, channel);
    for (int64_t i = 0; i < width; ++i)
      storeElement(builder, loc,
                   vector::ExtractOp::create(builder, loc, row, i), place,
                   getIndexOf(builder, loc, first, i), i);
  }
}
