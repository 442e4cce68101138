//===- ShardingInterface.cpp - over several devices -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops of an operation, which of them may be divided among devices, and
// the operation that each device has. It is an external model, so that only
// this file needs the headers of the shard dialect.
//
// A loop is divided only where each part is the same operation on its own, bit
// for bit. So queries and keys of attention are not: windows and causal masks
// are aligned to the sizes of the whole, and parts of the keys would want a
// merge.
//
//===----------------------------------------------------------------------===//

#include "ShardingInterface.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Shard/Interfaces/ShardingInterface.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::fp8attn;
using mlir::shard::GridAxis;
using mlir::shard::Sharding;
using mlir::shard::ShardingInterface;
using mlir::shard::ShardingOption;

namespace {
/// The loops of attention. What is neither a dimension of the results nor may
/// be divided is one loop, whatever it is.
enum AttentionLoop : unsigned { Batch, Heads, Queries, Channels, Rest, Count };

/// What a device may do alone.
struct LoopNest {
  unsigned numLoops;
  /// Loops that may be divided.
  SmallVector<bool> divisible;
  /// From loops to the dimensions of each operand, then of each result.
  SmallVector<AffineMap> maps;
};
} // namespace

/// Adds the maps of results, which are those of the operands they are tied to.
static void addResultMaps(Operation *op, LoopNest &nest) {
  auto destination = cast<DestinationStyleOpInterface>(op);
  for (OpResult result : op->getResults())
    nest.maps.push_back(
        nest.maps[destination.getTiedOpOperand(result)->getOperandNumber()]);
}

/// Returns the loops along the dimensions of an operand of attention. The first
/// three are the dimensions of the query.
static SmallVector<unsigned> getLoops(AttentionOp op, OpOperand &operand) {
  auto type = dyn_cast<ShapedType>(operand.get().getType());
  if (!type || type.getRank() == 0)
    return {};
  if (operand.get() == op.getKeyLens() || operand.get() == op.getQueryOffsets())
    return {Batch};
  for (auto [scale, map] : {std::pair<Value, std::optional<AffineMap>>(
                                op.getQueryScale(), op.getQueryScaleMap()),
                            {op.getOutScale(), op.getOutScaleMap()}})
    if (operand.get() == scale)
      return llvm::map_to_vector(map->getResults(), [](AffineExpr dim) {
        return cast<AffineDimExpr>(dim).getPosition();
      });
  if (type.getRank() == 1) // sink, slopes, scales
    return {Heads};
  if (type.getRank() == 3) // lse
    return {Batch, Heads, Queries};
  if (&operand == &op.getQueryMutable() || &operand == &op.getOutMutable())
    return {Batch, Heads, Queries, Channels};
  SmallVector<unsigned> loops = {Batch, Heads, Rest, Rest};
  // One mask for all batch entries, or heads, stays whole.
  for (unsigned dim : {0, 1})
    if (operand.get() == op.getMask() && type.getDimSize(dim) == 1)
      loops[dim] = Rest;
  return loops;
}

/// Query heads and KV heads are one loop: an equal part of each is the heads of
/// a device, and their KV heads.
static LoopNest getLoopNest(AttentionOp op) {
  LoopNest nest{Count, SmallVector<bool>(Count, false), {}};
  // Numbers of a part are not those of the whole.
  const auto isUsed = [&](unsigned argument) {
    return !op.getScore().empty() &&
           !op.getScore().getArgument(argument).use_empty();
  };
  nest.divisible[Batch] = !isUsed(1);
  nest.divisible[Heads] = !isUsed(2);
  for (OpOperand &operand : op->getOpOperands())
    nest.maps.push_back(AffineMap::getMultiDimMapWithTargets(
        Count, getLoops(op, operand), op.getContext()));
  addResultMaps(op, nest);
  return nest;
}

/// Rows are independent of each other.
static LoopNest getLoopNest(MergeOp op) {
  const unsigned rank = op.getOut().getType().getRank();
  LoopNest nest{rank, SmallVector<bool>(rank, true), {}};
  nest.divisible.back() = false; // channels, which no log-sum-exp has
  for (Value operand : op->getOperands())
    nest.maps.push_back(
        AffineMap::getMultiDimIdentityMap(rank, op.getContext())
            .getMajorSubMap(cast<ShapedType>(operand.getType()).getRank()));
  addResultMaps(op, nest);
  return nest;
}

/// Elements are independent of each other, with the scale that the map names.
template <typename ConvertOp>
static LoopNest getLoopNestOfConvert(ConvertOp op) {
  const unsigned rank = op.getSource().getType().getRank();
  LoopNest nest{rank, SmallVector<bool>(rank, true), {}};
  for (OpOperand &operand : op->getOpOperands())
    nest.maps.push_back(
        &operand == &op.getScaleMutable()
            ? op.getScaleMap()
            : AffineMap::getMultiDimIdentityMap(rank, op.getContext()));
  addResultMaps(op, nest);
  return nest;
}
static LoopNest getLoopNest(QuantizeOp op) { return getLoopNestOfConvert(op); }
static LoopNest getLoopNest(DequantizeOp op) {
  return getLoopNestOfConvert(op);
}

/// Returns whether all that a loop runs along has equal parts on each device.
static bool hasEqualParts(Operation *op, const LoopNest &nest, unsigned loop,
                          ArrayRef<GridAxis> axes, FlatSymbolRefAttr gridName) {
  SymbolTableCollection symbols;
  shard::GridOp grid = shard::getGridOrNull(op, gridName, symbols);
  if (!grid)
    return false;
  if (llvm::any_of(axes, [&](GridAxis axis) { return axis >= grid.getRank(); }))
    return false;
  const int64_t devices = shard::collectiveProcessGroupSize(axes, grid);
  if (ShapedType::isDynamic(devices))
    return false;
  for (auto [operand, map] : llvm::zip(op->getOperands(), nest.maps)) {
    auto type = dyn_cast<ShapedType>(operand.getType());
    for (auto [dim, result] : llvm::enumerate(map.getResults()))
      if (cast<AffineDimExpr>(result).getPosition() == loop &&
          !type.isDynamicDim(dim) && type.getDimSize(dim) % devices != 0)
        return false;
  }
  return true;
}

namespace {
template <typename Op>
struct ModelOpSharding
    : public ShardingInterface::ExternalModel<ModelOpSharding<Op>, Op> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    return SmallVector<utils::IteratorType>(getLoopNest(cast<Op>(op)).numLoops,
                                            utils::IteratorType::parallel);
  }

  SmallVector<AffineMap> getIndexingMaps(Operation *op) const {
    return getLoopNest(cast<Op>(op)).maps;
  }

  /// Takes the sharding of operands and results where it can be taken. Other
  /// dimensions are whole on each device: annotations that say otherwise are
  /// resharded.
  FailureOr<ShardingOption>
  getShardingOption(Operation *op, ArrayRef<Sharding> operands,
                    ArrayRef<Sharding> results) const {
    if (op->getNumResults() == 0)
      return ShardingOption::makeEmpty(); // on memrefs
    FailureOr<ShardingOption> option =
        shard::detail::defaultGetShardingOption(op, operands, results);
    if (failed(option) || option->empty)
      return option;
    const LoopNest nest = getLoopNest(cast<Op>(op));
    for (auto [loop, axes] : llvm::enumerate(option->shardingArray))
      if (!axes.empty() && !(nest.divisible[loop] &&
                             hasEqualParts(op, nest, loop, axes, option->grid)))
        axes.clear();
    return option;
  }

  LogicalResult partition(Operation *op, ArrayRef<Value>, ArrayRef<Sharding>,
                          ArrayRef<Sharding>, IRMapping &partitionMap,
                          SymbolTableCollection &, OpBuilder &builder) const {
    auto part =
        cast<DestinationStyleOpInterface>(builder.clone(*op, partitionMap));
    for (OpResult result : part->getResults())
      result.setType(part.getTiedOpOperand(result)->get().getType());
    return success();
  }
};
} // namespace

template <typename... Ops> static void attachTo(MLIRContext &context) {
  (Ops::template attachInterface<ModelOpSharding<Ops>>(context), ...);
}

void fp8attn::detail::attachShardingInterface(MLIRContext &context) {
  attachTo<AttentionOp, MergeOp, QuantizeOp, DequantizeOp>(context);
}
