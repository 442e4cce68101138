//===- Dequantization.cpp - keys and values times their scales ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lines of codes become two of bf16 each, and everything else is where it was.
// What is contiguous in the cache, granules or their halves, is multiplied
// together; rows are, element by element. Channels that are bf16 in the cache
// are tiles of the page, behind those of each 16 keys, or elements of rows,
// too.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/Dequantization.h"
#include "Support/Codes.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/PackedCodes.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

/// Of a line, and of a tile of FP8.
static constexpr int64_t kLanes = 16, kLineBytes = 64, kTileLines = 8;
/// Elements of a lane in a line of codes, and of a tile along that dimension.
static constexpr int64_t kLaneCodes = 4;
static constexpr int64_t kPaired = kTileLines * kLaneCodes;
/// Of an element of the page, and of a tile there.
static constexpr int64_t kWordBytes = 2;
static constexpr int64_t kPageTileBytes = kWordBytes * kTileLines * kLineBytes;

/// Returns the cache of the keys, or values, of which `numbers` are.
static TypedValue<CacheType> cacheOf(LoadScaleOp numbers,
                                     CacheContent content) {
  auto run = numbers.getRun().getDefiningOp<KeyRunOp>();
  return content == CacheContent::Key ? run.getKeyCache() : run.getValueCache();
}

Dequantization::Dequantization(LoadScaleOp scale, LoadScaleOp zeroPoints,
                               CacheContent content, AppendRopeOp appended,
                               Isa isa, ScratchBuilder &buffers)
    : content(content), cache(cacheOf(scale ? scale : zeroPoints, content)),
      scaling(cache.getType().getElementType(), isa) {
  factors.load = scale;
  this->zeroPoints.load = zeroPoints;
  LoadScaleOp any = scale ? scale : zeroPoints;
  head = any.getHead();
  run = any.getRun();
  MLIRContext *context = any.getContext();
  const int64_t headDim = cache.getType().getHeadDim();
  if (appended)
    rope = appended.getRope();
  const int64_t ropeDim = rope ? rope.getType().getHeadDim() : 0;
  const LayoutAttr layout = cache.getType().getLayout();
  page = CacheType::get(context, content, /*numHeads=*/1, headDim + ropeDim,
                        FP8ATTN_BLOCK_KEYS, BFloat16Type::get(context), layout);
  channels = layout.getChannels(content, headDim);
  pageChannels = channels + ropeDim;
  together = fp8attn_tokens_together(cache.getType().getPageTokens());
  buffers.add(
      MemRefType::get({page.getPageBytes()}, IntegerType::get(context, 8)),
      bytes);
  reserve(factors, buffers);
  reserve(this->zeroPoints, buffers);
}

void Dequantization::reserve(Numbers &numbers, ScratchBuilder &buffers) const {
  if (!numbers.load)
    return;
  const int64_t headDim = cache.getType().getHeadDim();
  numbers.shared = getChannelsPerScale(numbers.load.getMap(), headDim);
  numbers.differ = getGranularity(numbers.load.getMap()).byToken;
  buffers.add(
      MemRefType::get({isKey() ? headDim / numbers.shared : FP8ATTN_GRANULE,
                       isKey() ? FP8ATTN_GRANULE : channels},
                      Float32Type::get(numbers.load.getContext())),
      numbers.buffer);
}

void Dequantization::emitPreparation(OpBuilder &builder, Location loc) {
  auto part = CacheContentAttr::get(builder.getContext(), content);
  codes = CachePartOp::create(builder, loc, cache, head, part);
  if (rope)
    ropeBytes = CachePartOp::create(builder, loc, rope, head, part);
  if (together == 1)
    return;
  // Those of any token will do.
  Value granule = constantIndex(builder, loc, FP8ATTN_GRANULE);
  for (const Numbers *numbers : {&factors, &zeroPoints})
    if (numbers->load && !numbers->differ)
      emitNumbers(builder, loc, *numbers, {}, {}, granule);
}

Value Dequantization::emitStep(OpBuilder &builder, Location loc, Value firstKey,
                               Value numKeys, Value end) {
  forEach(builder, loc, numKeys, together,
          [&](OpBuilder &body, Value firstToken) {
            Value key = add(body, loc, firstKey, firstToken);
            if (together == 1)
              return emitRow(body, loc, key, firstToken);
            Value numTokens = blockSize(body, loc, firstToken, numKeys,
                                        constantIndex(body, loc, together));
            emitTiles(body, loc, key, firstToken, numTokens, end);
          });
  Value values = bytes;
  if (cache.getType().isLatent())
    values = UkernelNullOp::create(
        builder, loc,
        MemRefType::get({ShapedType::kDynamic}, builder.getI8Type()));
  return UkernelPackedRunOp::create(builder, loc, bytes, values, numKeys);
}

Dequantization::Place Dequantization::emitPlace(OpBuilder &builder,
                                                Location loc, Value key) {
  const int64_t pageTokens = cache.getType().getPageTokens();
  Value pageNumber =
      RunPageOp::create(builder, loc, builder.getIndexType(), run,
                        divide(builder, loc, key, pageTokens));
  return {pageNumber, remainder(builder, loc, key, pageTokens)};
}

Value Dequantization::emitSource(OpBuilder &builder, Location loc,
                                 const Place &place, int64_t tokenBytes) {
  return add(
      builder, loc,
      arith::MulIOp::create(builder, loc, place.page,
                            CachePageBytesOp::create(
                                builder, loc, builder.getIndexType(), cache)),
      multiply(builder, loc, place.token, tokenBytes));
}

int64_t Dequantization::getTokenBytes() const {
  // An element is a byte of codes, or half of one.
  return channels * cache.getType().getElementBits() / 8;
}

int64_t Dequantization::getCodeBytes() const {
  return kLineBytes * cache.getType().getElementBits() / 8;
}

/// Fetches the line of a byte into the second-level cache: the first-level one
/// holds what is being multiplied.
static void prefetchLine(OpBuilder &builder, Location loc, Value memory,
                         ValueRange place) {
  memref::PrefetchOp::create(builder, loc, memory, place, /*isWrite=*/false,
                             /*localityHint=*/2, /*isDataCache=*/true);
}

void Dequantization::emitTiles(OpBuilder &builder, Location loc, Value firstKey,
                               Value firstToken, Value numTokens, Value end) {
  const Place place = emitPlace(builder, loc, firstKey);
  // Those that are multiplied next, of this step or another.
  Value nextKey =
      add(builder, loc, firstKey, constantIndex(builder, loc, together));
  Value isThere = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                        nextKey, end);
  nextKey = arith::SelectOp::create(builder, loc, isThere, nextKey, firstKey);
  const Place nextPlace = emitPlace(builder, loc, nextKey);
  for (const Numbers *numbers : {&factors, &zeroPoints})
    if (numbers->load && numbers->differ)
      emitNumbers(builder, loc, *numbers, place, nextPlace, numTokens);
  const Addresses at = {emitSource(builder, loc, place, getTokenBytes()),
                        emitSource(builder, loc, nextPlace, getTokenBytes()),
                        emitTarget(builder, loc, firstToken)};
  if (!factors.load) {
    // Differences are small integers.
    emitTiles(builder, loc, at, FactorKind::Ordinary);
  } else if (isKey()) {
    scf::IfOp::create(
        builder, loc, emitAreOrdinary(builder, loc),
        [&](OpBuilder &body, Location loc) {
          emitTiles(body, loc, at, FactorKind::Ordinary);
          scf::YieldOp::create(body, loc);
        },
        [&](OpBuilder &body, Location loc) {
          emitTiles(body, loc, at, FactorKind::Any);
          scf::YieldOp::create(body, loc);
        });
  } else {
    emitTiles(builder, loc, at, FactorKind::Any);
  }
  if (rope)
    emitRope(builder, loc, place, nextPlace, at.target);
}

Value Dequantization::emitAreOrdinary(OpBuilder &builder, Location loc) {
  const int64_t groups = cache.getType().getHeadDim() / factors.shared;
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  auto loop = scf::ForOp::create(
      builder, loc, constantIndex(builder, loc, 0),
      constantIndex(builder, loc, groups), constantIndex(builder, loc, 1), yes,
      [&](OpBuilder &body, Location loc, Value group, ValueRange args) {
        Value are = args.front();
        for (int64_t token = 0; token < together; token += kLanes) {
          Value row = vector::LoadOp::create(
              body, loc, VectorType::get({kLanes}, body.getF32Type()),
              factors.buffer,
              ValueRange{group, constantIndex(body, loc, token)});
          are = arith::AndIOp::create(body, loc, are,
                                      areOrdinary(body, loc, row));
        }
        scf::YieldOp::create(body, loc, are);
      });
  return loop.getResult(0);
}

void Dequantization::emitTiles(OpBuilder &builder, Location loc,
                               const Addresses &at, FactorKind kind) {
  const int64_t tileLines = isKey() ? kTileLines : together / kLaneCodes;
  const int64_t codeBytes = getCodeBytes();
  const int64_t tiles =
      isKey() ? together * channels / (kLanes * kPaired) : channels / kLanes;
  forEach(builder, loc, tiles, 1, [&](OpBuilder &body, Value tile) {
    Value offset = multiply(body, loc, tile, tileLines * codeBytes);
    Value from = add(body, loc, at.source, offset);
    Value ahead = add(body, loc, at.next, offset);
    Value pageTile = tile;
    if (rope) {
      // Those of 16 keys are farther apart in the page.
      Value keys = divide(body, loc, tile, channels / kPaired);
      pageTile =
          add(body, loc, tile,
              multiply(body, loc, keys, (pageChannels - channels) / kPaired));
    }
    Value to = add(body, loc, at.target,
                   multiply(body, loc, pageTile, kPageTileBytes));
    std::optional<RowNumbers> tileNumbers;
    if (areSharedByTile())
      tileNumbers = loadRow(body, loc, tile, constantIndex(body, loc, 0), kind);
    forEach(body, loc, tileLines, 1, [&](OpBuilder &inner, Value line) {
      prefetchLine(
          inner, loc, codes,
          add(inner, loc, ahead, multiply(inner, loc, line, codeBytes)));
      emitLine(inner, loc, from, to, tile, line, kind, tileNumbers);
    });
  });
}

Value Dequantization::emitTarget(OpBuilder &builder, Location loc,
                                 Value firstToken) {
  if (isKey() || together == FP8ATTN_GRANULE)
    return multiply(builder, loc, firstToken, kWordBytes * pageChannels);
  // Where half of a granule begins, so does a tile of keys, and the second half
  // of one of values.
  Value inGranule = remainder(builder, loc, firstToken, FP8ATTN_GRANULE);
  Value granule = arith::SubIOp::create(builder, loc, firstToken, inGranule);
  return add(builder, loc,
             multiply(builder, loc, granule, kWordBytes * pageChannels),
             multiply(builder, loc, inGranule, kWordBytes * kLanes));
}

void Dequantization::emitRope(OpBuilder &builder, Location loc,
                              const Place &place, const Place &next,
                              Value target) {
  // Tiles of 16 keys are neighbours in both.
  const int64_t tokenBytes = kWordBytes * rope.getType().getHeadDim();
  const int64_t tileBytes = kLanes * tokenBytes;
  Value source = emitSource(builder, loc, place, tokenBytes);
  Value ahead = emitSource(builder, loc, next, tokenBytes);
  auto lineType = VectorType::get({kLineBytes}, builder.getI8Type());
  forEach(
      builder, loc, together / kLanes, 1, [&](OpBuilder &keys, Value group) {
        Value offset = multiply(keys, loc, group, tileBytes);
        Value from = add(keys, loc, source, offset);
        Value nextFrom = add(keys, loc, ahead, offset);
        Value to = add(
            keys, loc, target,
            add(keys, loc,
                multiply(keys, loc, group, kWordBytes * kLanes * pageChannels),
                constantIndex(keys, loc, kWordBytes * kLanes * channels)));
        forEach(
            keys, loc, tileBytes, kLineBytes, [&](OpBuilder &body, Value at) {
              prefetchLine(body, loc, ropeBytes, add(body, loc, nextFrom, at));
              Value line =
                  vector::LoadOp::create(body, loc, lineType, ropeBytes,
                                         ValueRange{add(body, loc, from, at)});
              vector::StoreOp::create(body, loc, line, bytes,
                                      ValueRange{add(body, loc, to, at)});
            });
      });
}

Value Dequantization::loadCode(OpBuilder &builder, Location loc, Value row,
                               Value channel) {
  if (cache.getType().getElementBits() == 8)
    return memref::LoadOp::create(builder, loc, codes,
                                  add(builder, loc, row, channel));
  // Of two channels in a byte, the first one is in the low half.
  Value shift = multiply(builder, loc, remainder(builder, loc, channel, 2),
                         cache.getType().getElementBits());
  return loadPackedCode(
      builder, loc, codes,
      add(builder, loc, multiply(builder, loc, row, 2), channel),
      arith::IndexCastOp::create(builder, loc, builder.getI8Type(), shift));
}

void Dequantization::emitRow(OpBuilder &builder, Location loc, Value key,
                             Value token) {
  const CacheType type = cache.getType();
  const Place place = emitPlace(builder, loc, key);
  Value source = emitSource(builder, loc, place, getTokenBytes());
  auto elementType = VectorType::get({kWordBytes}, builder.getI8Type());
  auto storeBytes = [&](OpBuilder &body, Value channel, Value element) {
    Value to = affine::expandAffineExpr(
        body, loc, page.getMap(content).getResult(0), {token, channel}, {});
    vector::StoreOp::create(body, loc, element, bytes, to);
  };
  auto store = [&](OpBuilder &body, Value channel, Value word) {
    Value words = vector::BroadcastOp::create(
        body, loc, VectorType::get({1}, body.getI16Type()), word);
    storeBytes(body, channel,
               vector::BitCastOp::create(body, loc, elementType, words));
  };
  // Channels that share both numbers.
  int64_t together = type.getHeadDim();
  for (const Numbers *numbers : {&factors, &zeroPoints})
    if (numbers->load)
      together = std::gcd(together, numbers->shared);
  forEach(
      builder, loc, type.getHeadDim(), together,
      [&](OpBuilder &perGroup, Value group) {
        auto load = [&](const Numbers &numbers) {
          LoadScaleOp of = numbers.load;
          return of ? loadScale(perGroup, loc, of.getScale(), of.getMap(),
                                {place.page, head, place.token, group})
                    : Value();
        };
        Value factor = load(factors), zeroPoint = load(zeroPoints);
        forEach(perGroup, loc, together, 1, [&](OpBuilder &body, Value offset) {
          Value channel = add(body, loc, group, offset);
          Value code = loadCode(body, loc, source, channel);
          Value value = valuesOfCodes(body, loc, code, type.getElementType());
          if (zeroPoint)
            value = arith::SubFOp::create(body, loc, value, zeroPoint);
          if (factor)
            value = arith::MulFOp::create(body, loc, value, factor);
          value = arith::TruncFOp::create(body, loc, body.getBF16Type(), value);
          store(body, channel,
                arith::BitcastOp::create(body, loc, body.getI16Type(), value));
        });
      });
  // The padding is 0.
  forEach(
      builder, loc, channels - type.getHeadDim(), 1,
      [&](OpBuilder &body, Value offset) {
        Value first = constantIndex(body, loc, type.getHeadDim());
        store(body, add(body, loc, offset, first),
              arith::ConstantOp::create(body, loc, body.getI16IntegerAttr(0)));
      });
  if (!rope)
    return;
  const int64_t ropeDim = rope.getType().getHeadDim();
  Value ropeRow = emitSource(builder, loc, place, kWordBytes * ropeDim);
  forEach(builder, loc, ropeDim, 1, [&](OpBuilder &body, Value offset) {
    Value from =
        add(body, loc, ropeRow, multiply(body, loc, offset, kWordBytes));
    Value element =
        vector::LoadOp::create(body, loc, elementType, ropeBytes, from);
    storeBytes(body, add(body, loc, offset, constantIndex(body, loc, channels)),
               element);
  });
}

void Dequantization::emitNumbers(OpBuilder &builder, Location loc,
                                 const Numbers &numbers, const Place &place,
                                 const Place &next, Value numTokens) {
  const int64_t headDim = cache.getType().getHeadDim();
  LoadScaleOp load = numbers.load;
  const int64_t shared = numbers.shared;
  forEach(builder, loc, numTokens, 1, [&](OpBuilder &perToken, Value token) {
    auto dimsOf = [&](const Place &first, Value channel) -> SmallVector<Value> {
      if (!numbers.differ)
        return {Value(), head, Value(), channel};
      return {first.page, head, add(perToken, loc, first.token, token),
              channel};
    };
    if (numbers.differ)
      prefetchLine(
          perToken, loc, load.getScale(),
          getScaleIndices(perToken, loc, load.getMap(), dimsOf(next, Value())));
    forEach(perToken, loc, headDim, shared,
            [&](OpBuilder &perGroup, Value channel) {
              Value number = loadScale(perGroup, loc, load.getScale(),
                                       load.getMap(), dimsOf(place, channel));
              if (isKey()) {
                memref::StoreOp::create(
                    perGroup, loc, number, numbers.buffer,
                    ValueRange{divide(perGroup, loc, channel, shared), token});
                return;
              }
              forEach(perGroup, loc, shared, 1,
                      [&](OpBuilder &body, Value offset) {
                        memref::StoreOp::create(
                            body, loc, number, numbers.buffer,
                            ValueRange{token, add(body, loc, channel, offset)});
                      });
            });
  });
}

bool Dequantization::areSharedByTile() const {
  return isKey() && llvm::all_of(ArrayRef({&factors, &zeroPoints}),
                                 [](const Numbers *numbers) {
                                   return !numbers->load ||
                                          numbers->shared % kPaired == 0;
                                 });
}

Value Dequantization::loadLanes(OpBuilder &builder, Location loc,
                                const Numbers &numbers, Value tile,
                                Value paired) {
  // Tiles run along channels, then, of keys, along groups of 16 tokens.
  SmallVector<Value> place;
  if (isKey()) {
    const int64_t rowTiles = channels / kPaired;
    const int64_t groups = cache.getType().getHeadDim() / numbers.shared;
    Value channel =
        add(builder, loc,
            multiply(builder, loc, remainder(builder, loc, tile, rowTiles),
                     kPaired),
            paired);
    // Channels of the padding meet zeros of the query; they take what is there.
    Value group = arith::MinUIOp::create(
        builder, loc, divide(builder, loc, channel, numbers.shared),
        constantIndex(builder, loc, groups - 1));
    place = {group, multiply(builder, loc, divide(builder, loc, tile, rowTiles),
                             kLanes)};
  } else {
    place = {paired, multiply(builder, loc, tile, kLanes)};
  }
  auto type = VectorType::get({kLanes}, builder.getF32Type());
  return vector::LoadOp::create(builder, loc, type, numbers.buffer, place);
}

std::pair<Value, Value> Dequantization::loadPairs(OpBuilder &builder,
                                                  Location loc,
                                                  const Numbers &numbers,
                                                  Value tile, Value paired) {
  Value even = loadLanes(builder, loc, numbers, tile, paired);
  // All elements of a lane are of one group of channels if their first is.
  Value odd = even;
  if (!isKey() || numbers.shared % kLaneCodes != 0)
    odd = loadLanes(builder, loc, numbers, tile,
                    add(builder, loc, paired, constantIndex(builder, loc, 1)));
  return {even, odd};
}

RowNumbers Dequantization::loadRow(OpBuilder &builder, Location loc, Value tile,
                                   Value paired, FactorKind kind) {
  RowNumbers row;
  if (factors.load) {
    auto [even, odd] = loadPairs(builder, loc, factors, tile, paired);
    row.factors = scaling.spread(builder, loc, even, odd, kind);
  }
  if (zeroPoints.load) {
    auto [even, odd] = loadPairs(builder, loc, zeroPoints, tile, paired);
    row.zeroPoints = interleave(builder, loc, even, odd);
  }
  return row;
}

void Dequantization::emitLine(OpBuilder &builder, Location loc, Value source,
                              Value target, Value tile, Value line,
                              FactorKind kind,
                              std::optional<RowNumbers> tileNumbers) {
  Value from =
      add(builder, loc, source, multiply(builder, loc, line, getCodeBytes()));
  Value to =
      add(builder, loc, target, multiply(builder, loc, line, 2 * kLineBytes));
  Value paired = multiply(builder, loc, line, kLaneCodes);
  Value lineCodes = vector::LoadOp::create(
      builder, loc, VectorType::get({getCodeBytes()}, builder.getI8Type()),
      codes, from);
  for (auto [row, words] :
       llvm::enumerate(scaling.splitLine(builder, loc, lineCodes))) {
    Value offset = constantIndex(builder, loc, 2 * row);
    const RowNumbers numbers =
        tileNumbers ? *tileNumbers
                    : loadRow(builder, loc, tile,
                              add(builder, loc, paired, offset), kind);
    Value values = scaling.scale(builder, loc, words, numbers, kind);
    vector::StoreOp::create(
        builder, loc, values, bytes,
        ValueRange{add(builder, loc, to,
                       constantIndex(builder, loc, row * kLineBytes))});
  }
}
