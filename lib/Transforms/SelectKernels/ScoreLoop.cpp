//===- ScoreLoop.cpp - vector code of a score region ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row of a score tile, 16 keys, is one vector. Values that differ from key to
// key become vectors; the others stay scalars, are computed once a row, and are
// broadcast where they meet a vector.
//
// Values of bf16 and f16 are held as the f32 that they are, rounded after each
// operation: no operation on small floats is left but the rounding, which
// fp8attn-expand-small-floats knows.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ScoreLoop.h"
#include "Support/Constants.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Keys in a row of a score tile.
static constexpr int64_t kLanes = 16;

static VectorType vectorOf(Type element) {
  return VectorType::get({kLanes}, element);
}

static Value broadcast(OpBuilder &builder, Location loc, Value value) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(builder, loc, vectorOf(value.getType()),
                                     value);
}

static bool isSmallFloat(Type type) { return type.isBF16() || type.isF16(); }

/// Returns the type that values of `type` have in the code: of 16 keys, or of
/// the row.
static Type typeInCode(Type type, bool isVarying) {
  if (isSmallFloat(type))
    type = Float32Type::get(type.getContext());
  return isVarying ? vectorOf(type) : type;
}

/// Returns `type` with the shape, vector or scalar, of `value`.
static Type likeShapeOf(Value value, Type type) {
  return isa<VectorType>(value.getType()) ? vectorOf(type) : type;
}

/// Rounds f32 to nearest even to what `type` has.
static Value roundTo(OpBuilder &builder, Location loc, Value value, Type type) {
  Value rounded =
      arith::TruncFOp::create(builder, loc, likeShapeOf(value, type), value);
  return arith::ExtFOp::create(builder, loc, value.getType(), rounded);
}

/// Whether the result of an operation on values of a small type is one of them.
static bool isExact(Operation &op) {
  return isa<arith::SelectOp, arith::NegFOp, math::AbsFOp, arith::MaximumFOp,
             arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp>(op);
}

/// Returns the memory that `load` reads, as elements that vectors can have.
static Value memoryOf(OpBuilder &builder, memref::LoadOp load) {
  if (!load.getType().isInteger(1) && !isSmallFloat(load.getType()))
    return load.getMemRef();
  return ElementBitsOp::create(builder, load.getLoc(), load.getMemRef());
}

/// Returns what was loaded from that memory as the value of the load.
static Value valueOf(OpBuilder &builder, memref::LoadOp load, Value loaded) {
  Location loc = load.getLoc();
  Type type = load.getType();
  if (type.isInteger(1)) {
    Value zero = arith::ConstantOp::create(
        builder, loc, builder.getZeroAttr(loaded.getType()));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, loaded,
                                 zero);
  }
  if (!isSmallFloat(type))
    return loaded;
  Value small =
      arith::BitcastOp::create(builder, loc, likeShapeOf(loaded, type), loaded);
  return arith::ExtFOp::create(
      builder, loc, likeShapeOf(loaded, builder.getF32Type()), small);
}

/// Returns (0, 1, ..., 15).
static Value laneNumbers(OpBuilder &builder, Location loc) {
  SmallVector<int64_t> numbers(llvm::to_vector(llvm::seq<int64_t>(kLanes)));
  return arith::ConstantOp::create(builder, loc,
                                   builder.getIndexVectorAttr(numbers));
}

namespace {
/// Clones the block of a score region: scalar operations for what all keys of a
/// row share, vector operations for the rest.
class RegionVectorizer {
public:
  RegionVectorizer(Block &block) : block(block) {
    varying.insert(block.getArgument(0));
    varying.insert(block.getArgument(4));
    for (Operation &op : block.without_terminator())
      if (llvm::any_of(op.getOperands(),
                       [&](Value value) { return varying.contains(value); }))
        varying.insert_range(op.getResults());
  }

  /// Emits what all keys of a row share.
  void emitUniform(OpBuilder &builder, ValueRange sequenceHeadQuery) {
    mapping.map(block.getArguments().slice(1, 3), sequenceHeadQuery);
    for (Operation &op : block.without_terminator())
      if (!varying.contains(op.getResult(0)))
        emitOperation(builder, op, /*isVarying=*/false);
  }

  /// Emits the rest for 16 keys from `firstKey` on, of which those from lane
  /// `begin` to before lane `end` are visible, and returns the new scores.
  Value emitVarying(OpBuilder &builder, Location loc, Value scores,
                    Value firstKey, Value begin, Value end) {
    Value lanes = laneNumbers(builder, loc);
    auto compare = [&](arith::CmpIPredicate predicate, Value bound) {
      return arith::CmpIOp::create(builder, loc, predicate, lanes,
                                   broadcast(builder, loc, bound));
    };
    visible = arith::AndIOp::create(builder, loc,
                                    compare(arith::CmpIPredicate::sge, begin),
                                    compare(arith::CmpIPredicate::slt, end));
    this->firstKey = firstKey;
    Value keys = arith::AddIOp::create(
        builder, loc, broadcast(builder, loc, firstKey), lanes);
    mapping.map(block.getArgument(0), scores);
    mapping.map(block.getArgument(4), keys);
    for (Operation &op : block.without_terminator()) {
      if (varying.contains(op.getResult(0)))
        emitOperation(builder, op, /*isVarying=*/true);
    }
    Value result = cast<YieldOp>(block.getTerminator()).getScore();
    return broadcast(builder, loc, mapping.lookupOrDefault(result));
  }

private:
  /// Returns what stands for `value` in the code. Small floats from outside of
  /// the region have not been extended.
  Value lookup(OpBuilder &builder, Location loc, Value value) {
    value = mapping.lookupOrDefault(value);
    return isSmallFloat(value.getType())
               ? arith::ExtFOp::create(builder, loc, builder.getF32Type(),
                                       value)
               : value;
  }

  void emitOperation(OpBuilder &builder, Operation &op, bool isVarying) {
    if (isa<arith::ConstantOp>(op)) {
      builder.clone(op, mapping);
      return;
    }
    auto load = dyn_cast<memref::LoadOp>(op);
    if (!load) {
      mapping.map(op.getResult(0), emitElementwise(builder, op, isVarying));
      return;
    }
    Value loaded = isVarying ? emitLoadOfKeys(builder, load)
                             : emitLoadOfRow(builder, load);
    mapping.map(load.getResult(), valueOf(builder, load, loaded));
  }

  Value emitElementwise(OpBuilder &builder, Operation &op, bool isVarying) {
    Location loc = op.getLoc();
    Type type = op.getResult(0).getType();
    SmallVector<Value> operands;
    for (Value operand : op.getOperands()) {
      Value value = lookup(builder, loc, operand);
      operands.push_back(isVarying ? broadcast(builder, loc, value) : value);
    }
    if (isa<arith::ExtFOp>(op))
      return operands.front();
    if (isa<arith::TruncFOp>(op))
      return roundTo(builder, loc, operands.front(), type);
    Operation *emitted =
        builder.create(loc, op.getName().getIdentifier(), operands,
                       {typeInCode(type, isVarying)}, op.getAttrs());
    Value result = emitted->getResult(0);
    return isSmallFloat(type) && !isExact(op)
               ? roundTo(builder, loc, result, type)
               : result;
  }

  Value emitLoadOfRow(OpBuilder &builder, memref::LoadOp load) {
    SmallVector<Value> indices;
    for (Value index : load.getIndices())
      indices.push_back(mapping.lookupOrDefault(index));
    return memref::LoadOp::create(builder, load.getLoc(),
                                  memoryOf(builder, load), indices);
  }

  /// Loads for visible keys; the other lanes are 0.
  Value emitLoadOfKeys(OpBuilder &builder, memref::LoadOp load) {
    Location loc = load.getLoc();
    Value memory = memoryOf(builder, load);
    VectorType type =
        vectorOf(cast<MemRefType>(memory.getType()).getElementType());
    Value zero =
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
    if (isContiguous(load)) {
      SmallVector<Value> indices;
      for (Value index : load.getIndices().drop_back())
        indices.push_back(mapping.lookupOrDefault(index));
      indices.push_back(firstKey);
      return vector::MaskedLoadOp::create(builder, loc, type, memory, indices,
                                          visible, zero);
    }
    auto [elements, offsets] = linearize(builder, load, memory);
    return vector::GatherOp::create(builder, loc, type, elements,
                                    constantIndex(builder, loc, 0), offsets,
                                    visible, zero);
  }

  /// Whether neighbouring keys are neighbours in memory: the last index is the
  /// key position, and no other depends on it.
  bool isContiguous(memref::LoadOp load) const {
    auto strides = load.getMemRefType().getStridesAndOffset().first;
    return load.getIndices().back() == block.getArgument(4) &&
           strides.back() == 1 &&
           llvm::none_of(load.getIndices().drop_back(),
                         [&](Value index) { return varying.contains(index); });
  }

  /// Returns a view of rank 1 of `memory` from its first element on, and the
  /// offset of each lane's element in it.
  std::pair<Value, Value> linearize(OpBuilder &builder, memref::LoadOp load,
                                    Value memory) {
    Location loc = load.getLoc();
    auto metadata =
        memref::ExtractStridedMetadataOp::create(builder, loc, memory);
    SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
    Value offsets = broadcast(builder, loc, constantIndex(builder, loc, 0));
    for (auto [index, stride] : llvm::zip(load.getIndices(), strides)) {
      Value step = broadcast(
          builder, loc, getValueOrCreateConstantIndexOp(builder, loc, stride));
      Value place = broadcast(builder, loc, mapping.lookupOrDefault(index));
      Value distance = arith::MulIOp::create(builder, loc, place, step);
      offsets = arith::AddIOp::create(builder, loc, offsets, distance);
    }
    auto type = MemRefType::get(
        {ShapedType::kDynamic},
        cast<MemRefType>(memory.getType()).getElementType(),
        StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, 1));
    // The view has no use for its size.
    Value elements = memref::ReinterpretCastOp::create(
        builder, loc, type, metadata.getBaseBuffer(),
        metadata.getConstifiedMixedOffset(),
        ArrayRef<OpFoldResult>{constantIndex(builder, loc, 1)},
        ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
    return {elements, offsets};
  }

  Block &block;
  llvm::SmallDenseSet<Value> varying;
  IRMapping mapping;
  Value firstKey;
  Value visible;
};

/// Emits the loops.
class ScoreLoopEmitter {
public:
  ScoreLoopEmitter(OpBuilder &builder, Location loc, ModifyOp modify,
                   const ScoreStep &step)
      : builder(builder), loc(loc), modify(modify), step(step) {}

  void emit() {
    zero = constantIndex(builder, loc, 0);
    lanes = constantIndex(builder, loc, kLanes);
    Value item = modify.getItem();
    sequence = SequenceOp::create(builder, loc, item);
    Value one = constantIndex(builder, loc, 1);
    auto rows = scf::ForOp::create(builder, loc, zero, step.rows, one);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(rows.getBody());
    emitRow(rows.getInductionVar());
  }

private:
  Value minMax(Value value, Value least, Value most) {
    value = arith::MaxSIOp::create(builder, loc, value, least);
    return arith::MinSIOp::create(builder, loc, value, most);
  }

  /// Returns a row's bound of what it sees, counted from this step's first key
  /// and within the step.
  Value emitBound(Value bounds, Value row) {
    Value bound = memref::LoadOp::create(builder, loc, bounds, row);
    bound =
        arith::IndexCastOp::create(builder, loc, builder.getIndexType(), bound);
    bound = arith::SubIOp::create(builder, loc, bound, step.firstKey);
    return minMax(bound, zero, step.numKeys);
  }

  /// Returns (sequence, query head, query position) of a row.
  SmallVector<Value> emitPlace(Value row) {
    Value item = modify.getItem();
    Value group = GroupOp::create(builder, loc, item);
    Value first = FirstRowOp::create(builder, loc, item);
    if (step.firstRow)
      first = arith::AddIOp::create(builder, loc, first, step.firstRow);
    Value rowOfSequence = arith::AddIOp::create(builder, loc, first, row);
    Value query = arith::DivUIOp::create(builder, loc, rowOfSequence, group);
    Value member = arith::RemUIOp::create(builder, loc, rowOfSequence, group);
    Value kvHead = KvHeadOp::create(builder, loc, item);
    Value firstHead = arith::MulIOp::create(builder, loc, kvHead, group);
    Value head = arith::AddIOp::create(builder, loc, firstHead, member);
    Value diagonal = DiagonalOp::create(builder, loc, item);
    Value position = arith::AddIOp::create(builder, loc, diagonal, query);
    return {sequence, head, position};
  }

  /// Returns what `emitRegion` makes of 16 scores from `firstKey` on, or these
  /// if the region changes none of them.
  Value emitChanged(Value firstKey, Value scores,
                    function_ref<Value(OpBuilder &)> emitRegion) {
    Value from = modify.getFrom();
    if (!from)
      return emitRegion(builder);
    Value end = arith::AddIOp::create(builder, loc, firstKey, lanes);
    Value changes = arith::CmpIOp::create(builder, loc,
                                          arith::CmpIPredicate::sgt, end, from);
    return scf::IfOp::create(
               builder, loc, changes,
               [&](OpBuilder &body, Location loc) {
                 scf::YieldOp::create(body, loc, emitRegion(body));
               },
               [&](OpBuilder &body, Location loc) {
                 scf::YieldOp::create(body, loc, scores);
               })
        .getResult(0);
  }

  void emitRow(Value row) {
    Value begin = emitBound(step.rowBegin, row);
    Value end = emitBound(step.rowLimit, row);
    Value any = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                      begin, end);
    auto guarded = scf::IfOp::create(builder, loc, any,
                                     /*withElseRegion=*/false);
    builder.setInsertionPointToStart(guarded.thenBlock());
    Value scale = broadcast(
        builder, loc, memref::LoadOp::create(builder, loc, step.rowScale, row));
    RegionVectorizer region(modify.getBody().front());
    region.emitUniform(builder, emitPlace(row));
    Value rowTile = arith::DivUIOp::create(builder, loc, row, lanes);
    Value tileRow = arith::RemUIOp::create(builder, loc, row, lanes);
    Value inTile = arith::RemUIOp::create(builder, loc, begin, lanes);
    Value firstTile = arith::SubIOp::create(builder, loc, begin, inTile);
    auto keys = scf::ForOp::create(builder, loc, firstTile, end, lanes);
    builder.setInsertionPointToStart(keys.getBody());
    Value j = keys.getInductionVar();
    Value keyTile = arith::DivUIOp::create(builder, loc, j, lanes);
    SmallVector<Value> place = {rowTile, keyTile, tileRow, zero};
    Value scores = vector::LoadOp::create(
        builder, loc, vectorOf(builder.getF32Type()), step.scores, place);
    scores = arith::MulFOp::create(builder, loc, scores, scale);
    if (step.keyFactors) {
      Value factors = vector::LoadOp::create(
          builder, loc, vectorOf(builder.getF32Type()), step.keyFactors, j);
      scores = arith::MulFOp::create(builder, loc, scores, factors);
    }
    Value firstKey = arith::AddIOp::create(builder, loc, step.firstKey, j);
    Value result = emitChanged(firstKey, scores, [&](OpBuilder &body) {
      return region.emitVarying(body, loc, scores, firstKey,
                                arith::SubIOp::create(body, loc, begin, j),
                                arith::SubIOp::create(body, loc, end, j));
    });
    vector::StoreOp::create(builder, loc, result, step.scores, place);
  }

  OpBuilder &builder;
  Location loc;
  ModifyOp modify;
  const ScoreStep &step;
  Value zero, lanes, sequence;
};
} // namespace

void mlir::fp8attn::emitScoreLoop(OpBuilder &builder, Location loc,
                                  ModifyOp modify, const ScoreStep &step) {
  static_assert(FP8ATTN_TILE_ROWS == kLanes, "score tiles are square");
  ScoreLoopEmitter(builder, loc, modify, step).emit();
}

void mlir::fp8attn::fillRows(OpBuilder &builder, Location loc, Value rows,
                             Value value) {
  Value vector = broadcast(builder, loc, value);
  int64_t size = cast<MemRefType>(rows.getType()).getDimSize(0);
  for (int64_t row = 0; row < size; row += kLanes)
    vector::StoreOp::create(builder, loc, vector, rows,
                            constantIndex(builder, loc, row));
}
