//===- ElementNumbers.cpp - factors and zero points of elements -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ElementNumbers.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/Prefetch.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kLanes = LineScaling::kLanes;
static constexpr int64_t kLaneCodes = LineScaling::kLaneCodes;
static constexpr int64_t kPaired = LineScaling::kPaired;

/// Emits a loop from 0 on that passes `value` on.
static Value
forEachWith(OpBuilder &builder, Location loc, Value end, int64_t step,
            Value value,
            function_ref<Value(OpBuilder &, Value i, Value value)> build) {
  auto loop = scf::ForOp::create(
      builder, loc, constantIndex(builder, loc, 0), end,
      constantIndex(builder, loc, step), value,
      [&](OpBuilder &body, Location loc, Value i, ValueRange args) {
        scf::YieldOp::create(body, loc, build(body, i, args.front()));
      });
  return loop.getResult(0);
}

ElementNumbers::ElementNumbers(LoadScaleOp load, CacheContent content,
                               int64_t channels, int64_t together)
    : load(load), content(content), channels(channels), together(together) {
  if (!load)
    return;
  const AffineMap map = load.getMap();
  headDim = static_cast<int64_t>(load.getChannels());
  shared = getChannelsPerScale(map, headDim);
  sharedByLanes = !isKey() && shared % kLanes == 0;
  differ = getGranularity(map).byToken;
}

void ElementNumbers::reserve(ScratchBuilder &buffers) {
  if (load)
    buffers.add(MemRefType::get({isKey() ? headDim / shared : FP8ATTN_GRANULE,
                                 isKey() ? FP8ATTN_GRANULE : channels},
                                Float32Type::get(load.getContext())),
                buffer);
}

bool ElementNumbers::areSharedByTile() const {
  return isKey() && shared % kPaired == 0;
}

ElementNumbers::LoadNumber
ElementNumbers::findNumber(Location loc, const KeyPlace &place) const {
  return [this, loc, place](OpBuilder &body, Value channel) {
    LoadScaleOp of = load;
    return loadScale(body, loc, of.getScale(), of.getMap(),
                     {place.page, of.getHead(), place.token, channel});
  };
}

Value ElementNumbers::collect(OpBuilder &builder, Location loc, FindPlace find,
                              FindPlace findNext, Value numTokens) const {
  return collect(
      builder, loc, numTokens, [&](OpBuilder &perToken, Value token) {
        LoadScaleOp of = load;
        const KeyPlace place = find(perToken, token);
        const KeyPlace next = findNext(perToken, token);
        // The first-level cache holds what is being multiplied.
        prefetchLine(
            perToken, loc, of.getScale(),
            getScaleIndices(perToken, loc, of.getMap(),
                            {next.page, of.getHead(), next.token, Value()}),
            CacheLevel::Second);
        return findNumber(loc, place);
      });
}

Value ElementNumbers::collect(OpBuilder &builder, Location loc) const {
  return collect(
      builder, loc, constantIndex(builder, loc, FP8ATTN_GRANULE),
      [&](OpBuilder &, Value) { return findNumber(loc, {Value(), Value()}); });
}

Value ElementNumbers::collect(OpBuilder &builder, Location loc, Value numTokens,
                              BeginToken begin) const {
  if (sharedByLanes)
    return storePairs(builder, loc, numTokens, begin);
  forEach(builder, loc, numTokens, 1, [&](OpBuilder &perToken, Value token) {
    storeToken(perToken, loc, token, begin(perToken, token));
  });
  return isKey() ? areKeysOrdinary(builder, loc) : Value();
}

void ElementNumbers::storeToken(OpBuilder &builder, Location loc, Value token,
                                const LoadNumber &number) const {
  forEach(builder, loc, headDim, shared,
          [&](OpBuilder &perGroup, Value channel) {
            Value value = number(perGroup, channel);
            if (isKey()) {
              memref::StoreOp::create(
                  perGroup, loc, value, buffer,
                  ValueRange{divide(perGroup, loc, channel, shared), token});
              return;
            }
            // Code generators do not join stores of single floats.
            const int64_t width = llvm::MinAlign(shared, kLanes);
            Value row = vector::BroadcastOp::create(
                perGroup, loc, VectorType::get({width}, perGroup.getF32Type()),
                value);
            forEach(perGroup, loc, shared, width,
                    [&](OpBuilder &body, Value offset) {
                      vector::StoreOp::create(
                          body, loc, row, buffer,
                          ValueRange{token, add(body, loc, channel, offset)});
                    });
          });
}

Value ElementNumbers::storePairs(OpBuilder &builder, Location loc,
                                 Value numTokens, BeginToken begin) const {
  auto type = VectorType::get({kLanes}, builder.getF32Type());
  SmallVector<int64_t> inTurns;
  for (int64_t lane = 0; lane < kLanes; ++lane)
    inTurns.push_back(lane % 2 * kLanes);
  Value one = constantIndex(builder, loc, 1);
  Value last = arith::SubIOp::create(builder, loc, numTokens, one);
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  auto storePair = [&](OpBuilder &perPair, Value even, Value areBefore) {
    // The last one twice if there is no other.
    Value odd = arith::MinUIOp::create(perPair, loc,
                                       add(perPair, loc, even, one), last);
    const LoadNumber loads[] = {begin(perPair, even), begin(perPair, odd)};
    Value pair = divide(perPair, loc, even, 2);
    return forEachWith(
        perPair, loc, constantIndex(perPair, loc, headDim), shared, areBefore,
        [&](OpBuilder &perGroup, Value channel, Value are) -> Value {
          Value numbers[2];
          for (auto [number, load] : llvm::zip_equal(numbers, loads))
            number = vector::BroadcastOp::create(perGroup, loc, type,
                                                 load(perGroup, channel));
          Value row = vector::ShuffleOp::create(perGroup, loc, numbers[0],
                                                numbers[1], inTurns);
          forEach(perGroup, loc, shared, kLanes,
                  [&](OpBuilder &body, Value offset) {
                    vector::StoreOp::create(
                        body, loc, row, buffer,
                        ValueRange{pair, add(body, loc, channel, offset)});
                  });
          return arith::AndIOp::create(perGroup, loc, are,
                                       areOrdinary(perGroup, loc, row));
        });
  };
  return forEachWith(builder, loc, numTokens, 2, yes, storePair);
}

/// Returns whether those of keys that have been collected are ordinary.
Value ElementNumbers::areKeysOrdinary(OpBuilder &builder, Location loc) const {
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  auto type = VectorType::get({kLanes}, builder.getF32Type());
  return forEachWith(
      builder, loc, constantIndex(builder, loc, headDim / shared), 1, yes,
      [&](OpBuilder &body, Value group, Value are) {
        for (int64_t token = 0; token < together; token += kLanes) {
          Value row = vector::LoadOp::create(
              body, loc, type, buffer,
              ValueRange{group, constantIndex(body, loc, token)});
          are = arith::AndIOp::create(body, loc, are,
                                      areOrdinary(body, loc, row));
        }
        return are;
      });
}

Value ElementNumbers::loadLanes(OpBuilder &builder, Location loc, Value tile,
                                Value paired) const {
  // Tiles run along channels, then, of keys, along groups of 16 tokens.
  SmallVector<Value> place;
  if (isKey()) {
    const int64_t rowTiles = channels / kPaired;
    Value channel =
        add(builder, loc,
            multiply(builder, loc, remainder(builder, loc, tile, rowTiles),
                     kPaired),
            paired);
    // Channels of the padding meet zeros of the query; they take what is there.
    Value group = arith::MinUIOp::create(
        builder, loc, divide(builder, loc, channel, shared),
        constantIndex(builder, loc, headDim / shared - 1));
    place = {group, multiply(builder, loc, divide(builder, loc, tile, rowTiles),
                             kLanes)};
  } else {
    place = {paired, multiply(builder, loc, tile, kLanes)};
  }
  auto type = VectorType::get({kLanes}, builder.getF32Type());
  return vector::LoadOp::create(builder, loc, type, buffer, place);
}

RowFactors ElementNumbers::loadRow(OpBuilder &builder, Location loc, Value tile,
                                   Value paired,
                                   function_ref<Value(Value)> prepare) const {
  if (sharedByLanes) {
    Value both =
        prepare(loadLanes(builder, loc, tile, divide(builder, loc, paired, 2)));
    return {both, both};
  }
  Value even = prepare(loadLanes(builder, loc, tile, paired));
  // All elements of a lane are of one group of channels if their first is.
  Value odd = even;
  if (!isKey() || shared % kLaneCodes != 0)
    odd = prepare(
        loadLanes(builder, loc, tile,
                  add(builder, loc, paired, constantIndex(builder, loc, 1))));
  return interleave(builder, loc, even, odd);
}
