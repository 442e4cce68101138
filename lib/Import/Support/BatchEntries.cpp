//===- BatchEntries.cpp - batch entries with keys of their own ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A part of a tensor hides the sizes of the whole from the operation that takes
// it, so that they are checked here.
//
//===----------------------------------------------------------------------===//

#include "BatchEntries.h"

#include "SizeChecks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of [batch, heads, tokens, channels], and of a mask.
static constexpr int64_t kBatch = 0, kHeads = 1, kTokens = 2, kQueries = 2,
                         kKeys = 3;

/// Returns where a part of a tensor is.
static SmallVector<Range> getPart(OpBuilder &builder, Location loc,
                                  Value tensor, Value entry, int64_t dimension,
                                  OpFoldResult from, OpFoldResult count) {
  SmallVector<Range> part = getWhole(builder, loc, tensor);
  part[kBatch].offset = getAsOpFoldResult(entry);
  part[kBatch].size = builder.getIndexAttr(1);
  part[dimension].offset = from;
  part[dimension].size = count;
  return part;
}

Value mlir::fp8attn::takeOfEntry(OpBuilder &builder, Location loc, Value tensor,
                                 Value entry, int64_t dimension,
                                 OpFoldResult from, OpFoldResult count) {
  return tensor::ExtractSliceOp::create(
      builder, loc, tensor,
      getPart(builder, loc, tensor, entry, dimension, from, count));
}

Value mlir::fp8attn::writeOfEntry(OpBuilder &builder, Location loc, Value part,
                                  Value tensor, Value entry, int64_t dimension,
                                  OpFoldResult from, OpFoldResult count) {
  return tensor::InsertSliceOp::create(
      builder, loc, part, tensor,
      getPart(builder, loc, tensor, entry, dimension, from, count));
}

FailureOr<Value> mlir::fp8attn::buildForEntries(
    OpBuilder &builder, Location loc, OpFoldResult numEntries, Value first,
    llvm::function_ref<FailureOr<Value>(Value, Value)> build) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  if (getConstantIntValue(numEntries) == 1)
    return build(zero, first);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value count = getValueOrCreateConstantIndexOp(builder, loc, numEntries);
  auto loop =
      scf::ForOp::create(builder, loc, zero, count, one, ValueRange{first});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  FailureOr<Value> next =
      build(loop.getInductionVar(), loop.getRegionIterArg(0));
  if (failed(next))
    return failure();
  scf::YieldOp::create(builder, loc, *next);
  return loop.getResult(0);
}

/// Demands that tensors have what the parts of an entry are taken from; says
/// why if they cannot.
static LogicalResult demandSizes(OpBuilder &builder, Location loc,
                                 const AttentionImport &import,
                                 std::string &why) {
  for (auto [value, name] :
       {std::pair(import.query, "query"), std::pair(import.key, "key"),
        std::pair(import.value, "value")})
    if (!getTensorType(value, name, why))
      return failure();
  auto size = [&](Value value, int64_t dimension) {
    return tensor::getMixedSize(builder, loc, value, dimension);
  };
  auto demand = [&](StringRef name, Value value, int64_t dimension,
                    StringRef otherName, Value other, int64_t otherDimension) {
    return demandSame(builder, loc, name, size(value, dimension), otherName,
                      size(other, otherDimension), why);
  };
  if (failed(demand("batch of key", import.key, kBatch, "batch of query",
                    import.query, kBatch)) ||
      failed(demand("batch of value", import.value, kBatch, "batch of query",
                    import.query, kBatch)) ||
      failed(demand("tokens of value", import.value, kTokens, "tokens of key",
                    import.key, kTokens)))
    return failure();
  if (!import.mask)
    return success();
  auto mask = cast<RankedTensorType>(import.mask.getType());
  return success((mask.getDimSize(kBatch) == 1 ||
                  succeeded(demand("batch of mask", import.mask, kBatch,
                                   "batch of query", import.query, kBatch))) &&
                 (mask.getDimSize(kHeads) == 1 ||
                  succeeded(demand("heads of mask", import.mask, kHeads,
                                   "heads of query", import.query, kHeads))) &&
                 (mask.getDimSize(kQueries) == 1 ||
                  succeeded(demand("queries of mask", import.mask, kQueries,
                                   "tokens of query", import.query, kTokens))));
}

FailureOr<Value>
mlir::fp8attn::buildAttentionOfEntries(OpBuilder &builder, Location loc,
                                       const AttentionImport &given,
                                       KeyCounter countKeys, std::string &why) {
  AttentionImport import = given;
  if (import.mask) {
    import.mask = addLeadingDimensions(builder, loc, import.mask, why);
    if (!import.mask)
      return failure();
  }
  if (failed(demandSizes(builder, loc, import, why)))
    return failure();
  const Outputs outputs = getOutputs(builder, loc, import, /*wantsLse=*/false);
  // The same value where a part is taken and where it is written.
  OpFoldResult queries = outputs.sizes[kTokens];
  OpFoldResult none = builder.getIndexAttr(0);
  auto attend = [&](Value entry, Value written) -> FailureOr<Value> {
    Value keys = countKeys(builder, entry);
    auto take = [&](Value tensor, OpFoldResult count) {
      return takeOfEntry(builder, loc, tensor, entry, kTokens, none, count);
    };
    AttentionImport part = import;
    part.query = take(import.query, queries);
    part.key = take(import.key, keys);
    part.value = take(import.value, keys);
    part.out = take(written, queries);
    if (import.mask) {
      auto type = cast<RankedTensorType>(import.mask.getType());
      OpFoldResult columns =
          tensor::getMixedSize(builder, loc, import.mask, kKeys);
      if (getConstantIntValue(columns) != 1) {
        demandUpTo(builder, loc, "keys of a batch entry", keys,
                   "the columns of the mask",
                   getValueOrCreateConstantIndexOp(builder, loc, columns));
        columns = keys;
      }
      Value first =
          type.getDimSize(kBatch) == 1
              ? arith::ConstantIndexOp::create(builder, loc, 0).getResult()
              : entry;
      part.mask =
          takeOfEntry(builder, loc, import.mask, first, kKeys, none, columns);
    }
    FailureOr<SmallVector<Value>> results =
        buildAttention(builder, loc, part, /*wantsLse=*/false, why);
    if (failed(results))
      return failure();
    return writeOfEntry(builder, loc, results->front(), written, entry, kTokens,
                        none, queries);
  };
  return buildForEntries(builder, loc, outputs.sizes[kBatch], outputs.out,
                         attend);
}
