//===- Dequantization.cpp - keys and values times their scales ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lines of codes become two of bf16 each, and everything else is where it was.
// What is contiguous in the cache, granules or their halves, is multiplied
// together; rows become a granule first. Channels that are bf16 in the cache
// are tiles of the page, behind those of each 16 keys, or rows, too.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/Dequantization.h"
#include "SelectKernels/RowGathering.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/Prefetch.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kLanes = LineScaling::kLanes;
static constexpr int64_t kLineBytes = LineScaling::kLineBytes;
static constexpr int64_t kTileLines = LineScaling::kTileLines;
static constexpr int64_t kLaneCodes = LineScaling::kLaneCodes;
static constexpr int64_t kPaired = LineScaling::kPaired;
/// Of an element of the page, and of a tile there.
static constexpr int64_t kWordBytes = 2;
static constexpr int64_t kPageTileBytes = kWordBytes * kTileLines * kLineBytes;

/// Returns the channels of a token in tiles, the padding included.
static int64_t getTileChannels(CacheType cache, CacheContent content) {
  return cache.getLayout().getChannels(content, cache.getHeadDim());
}

/// Returns the tokens that become tiles together: rows are put together first.
static int64_t getTokensTogether(CacheType cache) {
  const int64_t tokens = fp8attn_tokens_together(cache.getPageTokens());
  return tokens == 1 ? FP8ATTN_GRANULE : tokens;
}

Dequantization::Dequantization(LoadScaleOp scale, LoadScaleOp zeroPoints,
                               CacheContent content, AppendRopeOp appended,
                               Isa isa, ScratchBuilder &buffers)
    : content(content), cache(getCache(scale ? scale : zeroPoints, content)),
      scaling(cache.getType().getElementType(), isa),
      channels(getTileChannels(cache.getType(), content)),
      together(getTokensTogether(cache.getType())),
      factors(scale, content, channels, together),
      zeroPoints(zeroPoints, content, channels, together) {
  LoadScaleOp any = scale ? scale : zeroPoints;
  head = any.getHead();
  run = any.getRun();
  MLIRContext *context = any.getContext();
  if (appended)
    rope = appended.getRope();
  const int64_t ropeDim = rope ? rope.getType().getHeadDim() : 0;
  const LayoutAttr layout = cache.getType().getLayout();
  page = CacheType::get(context, content, /*numHeads=*/1,
                        cache.getType().getHeadDim() + ropeDim,
                        FP8ATTN_BLOCK_KEYS, BFloat16Type::get(context), layout);
  pageChannels = channels + ropeDim;
  areRows = fp8attn_tokens_together(cache.getType().getPageTokens()) == 1;
  if (areRows) {
    granule = CacheType::get(context, content, /*numHeads=*/1, channels,
                             FP8ATTN_GRANULE, cache.getType().getElementType(),
                             layout);
    buffers.add(
        MemRefType::get({granule.getPageBytes()}, IntegerType::get(context, 8)),
        granuleBytes);
    buffers.add(MemRefType::get({together}, IntegerType::get(context, 64)),
                rowBegins);
  }
  buffers.add(
      MemRefType::get({page.getPageBytes()}, IntegerType::get(context, 8)),
      bytes);
  factors.reserve(buffers);
  this->zeroPoints.reserve(buffers);
}

void Dequantization::emitPreparation(OpBuilder &builder, Location loc) {
  auto part = CacheContentAttr::get(builder.getContext(), content);
  codes = CachePartOp::create(builder, loc, cache, head, part);
  if (rope)
    ropeBytes = CachePartOp::create(builder, loc, rope, head, part);
  if (factors.exist() && !factors.differByToken())
    sharedAreOrdinary = factors.collect(builder, loc);
  if (zeroPoints.exist() && !zeroPoints.differByToken())
    zeroPoints.collect(builder, loc);
}

Value Dequantization::emitStep(OpBuilder &builder, Location loc, Value firstKey,
                               Value numKeys, Value end) {
  forEach(builder, loc, numKeys, together,
          [&](OpBuilder &body, Value firstToken) {
            if (areRows)
              return emitRows(body, loc, firstKey, firstToken, numKeys, end);
            Value key = add(body, loc, firstKey, firstToken);
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
  auto tokenOf = [&](const Place &first) {
    return [&](OpBuilder &body, Value token) -> Place {
      return {first.page, add(body, loc, first.token, token)};
    };
  };
  Value ordinary =
      emitNumbers(builder, loc, tokenOf(place), tokenOf(nextPlace), numTokens);
  const Addresses at = {codes, emitSource(builder, loc, place, getTokenBytes()),
                        emitSource(builder, loc, nextPlace, getTokenBytes()),
                        emitTarget(builder, loc, firstToken)};
  emitProducts(builder, loc, at, ordinary);
  if (rope)
    emitRope(builder, loc, place, nextPlace, at.target);
}

void Dequantization::emitProducts(OpBuilder &builder, Location loc,
                                  const Addresses &at, Value ordinary) {
  if (!factors.exist()) {
    // Differences are small integers.
    emitTiles(builder, loc, at, FactorKind::Ordinary);
  } else if (ordinary) {
    scf::IfOp::create(
        builder, loc, ordinary,
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
    if ((!factors.exist() || factors.areSharedByTile()) &&
        (!zeroPoints.exist() || zeroPoints.areSharedByTile()))
      tileNumbers = loadRow(body, loc, tile, constantIndex(body, loc, 0), kind);
    forEach(body, loc, tileLines, 1, [&](OpBuilder &inner, Value line) {
      if (at.next) {
        Value ahead = add(inner, loc, at.next, offset);
        prefetchLine(
            inner, loc, at.memory,
            add(inner, loc, ahead, multiply(inner, loc, line, codeBytes)),
            CacheLevel::Second);
      }
      emitLine(inner, loc, at.memory, from, to, tile, line, kind, tileNumbers);
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
              prefetchLine(body, loc, ropeBytes, add(body, loc, nextFrom, at),
                           CacheLevel::Second);
              Value line =
                  vector::LoadOp::create(body, loc, lineType, ropeBytes,
                                         ValueRange{add(body, loc, from, at)});
              vector::StoreOp::create(body, loc, line, bytes,
                                      ValueRange{add(body, loc, to, at)});
            });
      });
}

void Dequantization::emitRows(OpBuilder &builder, Location loc, Value firstKey,
                              Value firstToken, Value numKeys, Value end) {
  Value key = add(builder, loc, firstKey, firstToken);
  Value nextKey =
      add(builder, loc, key, constantIndex(builder, loc, FP8ATTN_GRANULE));
  // The last one again where there are no more.
  auto placeOf = [&](OpBuilder &body, Value first, Value token, Value behind) {
    Value last =
        arith::SubIOp::create(body, loc, behind, constantIndex(body, loc, 1));
    return emitPlace(
        body, loc,
        arith::MinUIOp::create(body, loc, add(body, loc, first, token), last));
  };
  Value stepEnd = add(builder, loc, firstKey, numKeys);
  auto current = [&](OpBuilder &body, Value token) {
    return placeOf(body, key, token, stepEnd);
  };
  auto next = [&](OpBuilder &body, Value token) {
    return placeOf(body, nextKey, token, end);
  };
  auto gather = [&](const GatheredRows &rows, Value token) {
    const int64_t rowBytes = rows.channels * rows.elementBits / 8;
    forEach(builder, loc, together, 1, [&](OpBuilder &body, Value row) {
      Value ahead = emitSource(body, loc, next(body, row), rowBytes);
      for (int64_t byte = 0; byte < rowBytes; byte += kLineBytes)
        prefetchLine(body, loc, rows.rows,
                     add(body, loc, ahead, constantIndex(body, loc, byte)),
                     CacheLevel::Second);
      Value begin = emitSource(body, loc, current(body, row), rowBytes);
      begin = arith::IndexCastOp::create(body, loc, body.getI64Type(), begin);
      memref::StoreOp::create(body, loc, begin, rowBegins, row);
    });
    gatherGranule(builder, loc, rows, token);
  };
  gather({content, channels, cache.getType().getElementBits(), codes, rowBegins,
          granuleBytes, granule.getMap(content), /*firstChannel=*/0},
         constantIndex(builder, loc, 0));
  if (rope)
    gather({content, rope.getType().getHeadDim(), 8 * kWordBytes, ropeBytes,
            rowBegins, bytes, page.getMap(content), channels},
           firstToken);
  Value ordinary =
      emitNumbers(builder, loc, current, next,
                  blockSize(builder, loc, firstToken, numKeys,
                            constantIndex(builder, loc, together)));
  emitProducts(builder, loc,
               {granuleBytes, constantIndex(builder, loc, 0), Value(),
                emitTarget(builder, loc, firstToken)},
               ordinary);
}

Value Dequantization::emitNumbers(OpBuilder &builder, Location loc,
                                  FindPlace find, FindPlace findNext,
                                  Value numTokens) {
  if (zeroPoints.exist() && zeroPoints.differByToken())
    zeroPoints.collect(builder, loc, find, findNext, numTokens);
  if (factors.exist() && factors.differByToken())
    return factors.collect(builder, loc, find, findNext, numTokens);
  return sharedAreOrdinary;
}

RowNumbers Dequantization::loadRow(OpBuilder &builder, Location loc, Value tile,
                                   Value paired, FactorKind kind) {
  RowNumbers row;
  if (factors.exist())
    row.factors = factors.loadRow(builder, loc, tile, paired, [&](Value lanes) {
      return scaling.prepare(builder, loc, lanes, kind);
    });
  if (zeroPoints.exist())
    row.zeroPoints = zeroPoints.loadRow(builder, loc, tile, paired,
                                        [](Value lanes) { return lanes; });
  return row;
}

void Dequantization::emitLine(OpBuilder &builder, Location loc, Value memory,
                              Value source, Value target, Value tile,
                              Value line, FactorKind kind,
                              std::optional<RowNumbers> tileNumbers) {
  Value from =
      add(builder, loc, source, multiply(builder, loc, line, getCodeBytes()));
  Value to =
      add(builder, loc, target, multiply(builder, loc, line, 2 * kLineBytes));
  Value paired = multiply(builder, loc, line, kLaneCodes);
  Value lineCodes = vector::LoadOp::create(
      builder, loc, VectorType::get({getCodeBytes()}, builder.getI8Type()),
      memory, from);
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
