//===- DecomposeQuantization.cpp - writes and conversions -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes kv_write, quantize and dequantize out as parallel loops around the
// tile operation of one block of tokens, or of one row. Keys that are rotated
// are those of a few tokens in scratch, in f32, when they are stored.
//
//===----------------------------------------------------------------------===//

#include "DecomposeQuantization/RowRotation.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/MixedParts.h"
#include "Support/ScaleLoads.h"
#include "Support/Scratch.h"
#include "Support/Views.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEQUANTIZATION
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Tokens of one iteration of a cache write: four tiles of 16 slots, enough to
/// pay for the call and small enough to spread a prompt over threads.
static constexpr int64_t kWriteTokens = 64;

/// Tokens whose keys are rotated before they are stored: a tile of slots, whose
/// f32 stay in the first level of the caches.
static constexpr int64_t kRotatedTokens = 16;

/// Elements that take as long to convert, about 5 us, as a pool takes to wake.
static constexpr int64_t kElementsAtOnce = 16 * 1024;

/// Returns how many pieces of work with `elements` elements each have
/// kElementsAtOnce, at least one.
static Value piecesAtOnce(OpBuilder &builder, Location loc, Value elements) {
  Value divisor = arith::MaxUIOp::create(builder, loc, elements,
                                         constantIndex(builder, loc, 1));
  return ceilDivide(builder, loc, constantIndex(builder, loc, kElementsAtOnce),
                    divisor);
}

/// The keys, or the values, of a write.
namespace {
struct StoredPart {
  CacheContent content;
  Value source;
  Value scale;
  std::optional<AffineMap> scaleMap;
  Value outerScale;
  Value zeroPoint;
  std::optional<AffineMap> zeroPointMap;
  Value cache;
  /// Where the channels of the cache begin in the source.
  int64_t firstChannel = 0;
};
} // namespace

/// Returns the heads of keys or values, whichever are more.
static int64_t getMostHeads(KvWriteOp op) {
  return std::max(op.getKeyCacheType().getNumHeads(),
                  op.getValueCacheType().getNumHeads());
}

/// Returns the keys and the values that a write stores: of keys in a mixed
/// cache, the channels of each of its parts.
static SmallVector<StoredPart> getParts(OpBuilder &builder, KvWriteOp op) {
  const CacheType type = op.getKeyCacheType();
  StoredPart keys{CacheContent::Key,       op.getKey(),
                  op.getKeyScale(),        op.getKeyScaleMap(),
                  op.getKeyOuterScale(),   op.getKeyZeroPoint(),
                  op.getKeyZeroPointMap(), op.getKeyCache()};
  if (type.isMixed()) {
    auto [codes, rope] = splitMixed(builder, op.getLoc(), op.getKeyCache());
    keys.cache = codes;
    return {keys,
            {CacheContent::Key, op.getKey(), /*scale=*/Value(), std::nullopt,
             /*outerScale=*/Value(), /*zeroPoint=*/Value(), std::nullopt, rope,
             type.getCodedDim()}};
  }
  // Values of a latent cache are part of the keys.
  if (!op.getValue())
    return {keys};
  return {keys,
          {CacheContent::Value, op.getValue(), op.getValueScale(),
           op.getValueScaleMap(), op.getValueOuterScale(),
           op.getValueZeroPoint(), op.getValueZeroPointMap(),
           op.getValueCache()}};
}

/// Stores one block of tokens of one head, memref<size x head_dim>, into a
/// cache. Their slots are those from `begin` on.
static void buildStore(OpBuilder &builder, Location loc, KvWriteOp op,
                       const StoredPart &part, Value tokens, Value head,
                       Value begin, Value size) {
  Value slotsOfTokens = viewOf(builder, loc, op.getSlots(), {begin}, {size},
                               {ShapedType::kDynamic});
  // One number for all, loaded here, or the map to one for each element.
  const bool differs =
      part.scale &&
      (part.zeroPoint || !getGranularity(*part.scaleMap).isUniform());
  Value factor = loadOuterScale(builder, loc, part.outerScale, head);
  if (part.scale && !differs) {
    Value scale = loadScale(builder, loc, part.scale, *part.scaleMap,
                            {Value(), head, Value(), Value()});
    factor =
        factor ? arith::MulFOp::create(builder, loc, scale, factor).getResult()
               : scale;
  }
  StoreOp::create(
      builder, loc, tokens, slotsOfTokens, factor,
      differs ? part.scale : Value(), part.zeroPoint, part.cache, head,
      CacheContentAttr::get(builder.getContext(), part.content),
      differs ? AffineMapAttr::get(*part.scaleMap) : AffineMapAttr(),
      part.zeroPoint ? AffineMapAttr::get(*part.zeroPointMap) : AffineMapAttr(),
      differs && op.getDynamic() ? builder.getUnitAttr() : UnitAttr(),
      op.getMicroscaling() ? builder.getUnitAttr() : UnitAttr());
}

/// Stores one block of tokens of one head as it is.
static void buildPlainStore(OpBuilder &builder, Location loc, KvWriteOp op,
                            const StoredPart &part, Value head, Value begin,
                            Value size) {
  const int64_t channels = cast<CacheType>(part.cache.getType()).getHeadDim();
  Value tokens =
      viewOf(builder, loc, part.source,
             {begin, head, builder.getIndexAttr(part.firstChannel)},
             {size, builder.getIndexAttr(1), builder.getIndexAttr(channels)},
             {ShapedType::kDynamic, channels});
  buildStore(builder, loc, op, part, tokens, head, begin, size);
}

/// Stores one block of keys of one head, normalised and rotated, in each of
/// `parts` its channels.
static void buildRotatedStore(OpBuilder &builder, Location loc, KvWriteOp op,
                              ArrayRef<StoredPart> parts, Value head,
                              Value begin, Value size) {
  const int64_t channels = op.getKeyCacheType().getHeadDim();
  ScratchBuilder scratch;
  Value rows;
  scratch.add(MemRefType::get({kRotatedTokens, channels}, builder.getF32Type()),
              rows);
  scratch.build(builder, loc);
  Value most = constantIndex(builder, loc, kRotatedTokens);
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1),
               all = builder.getIndexAttr(channels);
  RowRotation rotation(op, op.getKeyNorm());
  forEach(builder, loc, size, kRotatedTokens, [&](OpBuilder &body, Value at) {
    Value count = blockSize(body, loc, at, size, most);
    Value first = arith::AddIOp::create(body, loc, begin, at);
    forEach(body, loc, count, 1, [&](OpBuilder &inner, Value i) {
      Value token = arith::AddIOp::create(inner, loc, first, i);
      rotation.emit(inner, loc, op.getKey(), token, head,
                    viewOf(inner, loc, rows, {i, zero}, {one, all}, channels));
    });
    for (const StoredPart &part : parts) {
      const int64_t stored = cast<CacheType>(part.cache.getType()).getHeadDim();
      Value tokens = viewOf(
          body, loc, rows, {zero, body.getIndexAttr(part.firstChannel)},
          {count, body.getIndexAttr(stored)}, {ShapedType::kDynamic, stored});
      buildStore(body, loc, op, part, tokens, head, first, count);
    }
  });
}

/// Normalises and rotates the queries of one block of tokens, of the `group`
/// heads that attend to one head of the cache.
static void buildQueries(OpBuilder &builder, Location loc, KvWriteOp op,
                         int64_t group, Value head, Value begin, Value size) {
  RowRotation rotation(op, op.getQueryNorm());
  const int64_t channels = op.getKeyCacheType().getHeadDim();
  Value firstHead = arith::MulIOp::create(builder, loc, head,
                                          constantIndex(builder, loc, group));
  forEach(builder, loc, size, 1, [&](OpBuilder &body, Value i) {
    Value token = arith::AddIOp::create(body, loc, begin, i);
    forEach(body, loc, group, 1, [&](OpBuilder &inner, Value j) {
      Value of = arith::AddIOp::create(inner, loc, firstHead, j);
      OpFoldResult zero = inner.getIndexAttr(0), one = inner.getIndexAttr(1);
      Value row = viewOf(inner, loc, op.getQueryOut(), {token, of, zero},
                         {one, one, inner.getIndexAttr(channels)}, channels);
      rotation.emit(inner, loc, op.getQuery(), token, of, row);
    });
  });
}

static void decompose(KvWriteOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  const int64_t mostHeads = getMostHeads(op);
  Value heads = constantIndex(builder, loc, mostHeads);
  Value block = constantIndex(builder, loc, kWriteTokens);
  Value tokens = memref::DimOp::create(builder, loc, op.getKey(), 0);
  Value blocks = ceilDivide(builder, loc, tokens, kWriteTokens);
  Value count = arith::MulIOp::create(builder, loc, blocks, heads);
  int64_t channels = op.getKeyCacheType().getHeadDim();
  if (op.getValue())
    channels += op.getValueCacheType().getHeadDim();
  int64_t group = 0;
  if (Value query = op.getQuery())
    group = cast<MemRefType>(query.getType()).getDimSize(1) /
            op.getKeyCacheType().getNumHeads();
  channels += group * op.getKeyCacheType().getHeadDim();
  Value elements = arith::MulIOp::create(
      builder, loc, arith::MinUIOp::create(builder, loc, tokens, block),
      constantIndex(builder, loc, channels));
  Value atOnce = piecesAtOnce(builder, loc, elements);
  forEachInParallel(
      builder, loc, count, atOnce, [&](OpBuilder &body, Value turn) {
        // Heads innermost: neighbours read one token's row from end to end.
        Value head = arith::RemUIOp::create(body, loc, turn, heads);
        Value index = arith::DivUIOp::create(body, loc, turn, heads);
        Value begin = arith::MulIOp::create(body, loc, index, block);
        Value size = blockSize(body, loc, begin, tokens, block);
        // A cache may have fewer heads than the other one.
        auto ifHead = [&](int64_t numHeads,
                          function_ref<void(OpBuilder &, Location)> build) {
          if (numHeads == mostHeads)
            return build(body, loc);
          Value isHead =
              arith::CmpIOp::create(body, loc, arith::CmpIPredicate::ult, head,
                                    constantIndex(body, loc, numHeads));
          scf::IfOp::create(body, loc, isHead,
                            [&](OpBuilder &then, Location loc) {
                              build(then, loc);
                              scf::YieldOp::create(then, loc);
                            });
        };
        const SmallVector<StoredPart> parts = getParts(body, op);
        ArrayRef<StoredPart> plain = parts;
        if (op.isRotated()) {
          auto isKey = [](const StoredPart &part) {
            return part.content == CacheContent::Key;
          };
          ArrayRef<StoredPart> keys = plain.take_while(isKey);
          ifHead(op.getKeyCacheType().getNumHeads(),
                 [&](OpBuilder &then, Location loc) {
                   buildRotatedStore(then, loc, op, keys, head, begin, size);
                 });
          plain = plain.drop_front(keys.size());
        }
        for (const StoredPart &part : plain)
          ifHead(cast<CacheType>(part.cache.getType()).getNumHeads(),
                 [&](OpBuilder &then, Location loc) {
                   buildPlainStore(then, loc, op, part, head, begin, size);
                 });
        if (group > 0)
          ifHead(op.getKeyCacheType().getNumHeads(),
                 [&](OpBuilder &then, Location loc) {
                   buildQueries(then, loc, op, group, head, begin, size);
                 });
      });
  op.erase();
}

/// Makes a loop over the rows of `op` with `TileOp` on each.
template <typename TileOp, typename ConvertOp>
static void decomposeConvert(ConvertOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  int64_t outer = op.getSource().getType().getRank() - 1;
  SmallVector<Value> sizes;
  Value count = constantIndex(builder, loc, 1);
  for (int64_t dim = 0; dim < outer; ++dim) {
    sizes.push_back(memref::DimOp::create(builder, loc, op.getSource(), dim));
    count = arith::MulIOp::create(builder, loc, count, sizes.back());
  }
  OpFoldResult rowSize =
      memref::getMixedSize(builder, loc, op.getSource(), outer);
  // Rows without elements are no work, however many there are.
  if (getConstantIntValue(rowSize).value_or(0) == 0)
    count = arith::MulIOp::create(
        builder, loc, count,
        arith::MinUIOp::create(
            builder, loc, constantIndex(builder, loc, 1),
            getValueOrCreateConstantIndexOp(builder, loc, rowSize)));
  Value atOnce = piecesAtOnce(
      builder, loc, getValueOrCreateConstantIndexOp(builder, loc, rowSize));
  forEachInParallel(
      builder, loc, count, atOnce, [&](OpBuilder &body, Value row) {
        SmallVector<Value> indices(outer);
        Value rest = row;
        for (int64_t dim = outer - 1; dim >= 0; --dim) {
          indices[dim] = arith::RemUIOp::create(body, loc, rest, sizes[dim]);
          rest = arith::DivUIOp::create(body, loc, rest, sizes[dim]);
        }
        Value scale =
            loadScale(body, loc, op.getScale(), op.getScaleMap(), indices);
        SmallVector<OpFoldResult> offsets(indices.begin(), indices.end());
        offsets.push_back(body.getIndexAttr(0));
        SmallVector<OpFoldResult> shape(outer, body.getIndexAttr(1));
        shape.push_back(rowSize);
        auto viewOfRow = [&](Value memref) {
          int64_t size = cast<MemRefType>(memref.getType()).getDimSize(outer);
          return outer == 0 ? memref
                            : viewOf(body, loc, memref, offsets, shape, size);
        };
        TileOp::create(body, loc, viewOfRow(op.getSource()), scale,
                       viewOfRow(op.getDestination()));
      });
  op.erase();
}

static void decompose(QuantizeOp op) { decomposeConvert<TileQuantizeOp>(op); }
static void decompose(DequantizeOp op) {
  decomposeConvert<TileDequantizeOp>(op);
}

namespace {
struct DecomposeQuantizationPass
    : public fp8attn::impl::DecomposeQuantizationBase<
          DecomposeQuantizationPass> {
  using DecomposeQuantizationBase::DecomposeQuantizationBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<KvWriteOp, QuantizeOp, DequantizeOp>(op))
        ops.push_back(op);
    });
    auto decomposeOne = [](auto op) { decompose(op); };
    for (Operation *op : ops)
      llvm::TypeSwitch<Operation *>(op)
          .Case<KvWriteOp, QuantizeOp, DequantizeOp>(decomposeOne);
  }
};
} // namespace
