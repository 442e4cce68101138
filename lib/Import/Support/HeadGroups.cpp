//===- HeadGroups.cpp - keys and values of different heads ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A head that is repeated is a view of stride 0 among heads of other strides,
// which no memref is: a loop takes one head of keys and one of values at a
// time.
//
//===----------------------------------------------------------------------===//

#include "HeadGroups.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

/// Which dimension of [batch, heads, tokens, channels] has the heads.
static constexpr int64_t kHeads = 1;

/// Returns where so many heads of a tensor are; a sink has no other dimension.
static SmallVector<Range> getHeads(OpBuilder &builder, Location loc,
                                   Value tensor, OpFoldResult from,
                                   int64_t count) {
  SmallVector<Range> ranges = getWhole(builder, loc, tensor);
  Range &heads = ranges[ranges.size() == 1 ? 0 : kHeads];
  heads.offset = from;
  heads.size = builder.getIndexAttr(count);
  return ranges;
}

static Value takeHeads(OpBuilder &builder, Location loc, Value tensor,
                       OpFoldResult from, int64_t count) {
  return tensor::ExtractSliceOp::create(
      builder, loc, tensor, getHeads(builder, loc, tensor, from, count));
}

FailureOr<SmallVector<Value>>
mlir::fp8attn::buildAttentionOfGroups(OpBuilder &builder, Location loc,
                                      const AttentionImport &given,
                                      bool wantsLse, std::string &why) {
  AttentionImport import = given;
  auto getNumHeads = [](Value tensor) {
    return cast<RankedTensorType>(tensor.getType()).getDimSize(kHeads);
  };
  const int64_t heads = getNumHeads(import.query);
  const int64_t keys = getNumHeads(import.key),
                values = getNumHeads(import.value);
  const bool areKnown = heads > 0 && keys > 0 && values > 0;
  const int64_t pairs = areKnown ? std::lcm(keys, values) : 0;
  if (!areKnown || heads % pairs != 0) {
    why = llvm::formatv(
        "expects heads of the query that are a multiple of those "
        "of the key and of the value, got {0}, {1} and {2}",
        import.query.getType(), import.key.getType(), import.value.getType());
    return failure();
  }
  const int64_t group = heads / pairs;
  if (import.mask) {
    import.mask = addLeadingDimensions(builder, loc, import.mask, why);
    if (!import.mask)
      return failure();
  }
  const Outputs outputs = getOutputs(builder, loc, import, wantsLse);
  SmallVector<Value> first = {outputs.out};
  if (outputs.lse)
    first.push_back(outputs.lse);
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, number);
  };
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(pairs),
                                 constant(1), first);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value pair = loop.getInductionVar();
  auto divide = [&](int64_t divisor) -> OpFoldResult {
    if (divisor == 1)
      return pair;
    return arith::DivUIOp::create(builder, loc, pair, constant(divisor))
        .getResult();
  };
  Value from = arith::MulIOp::create(builder, loc, pair, constant(group));
  AttentionImport part = import;
  part.query = takeHeads(builder, loc, import.query, from, group);
  part.key = takeHeads(builder, loc, import.key, divide(pairs / keys), 1);
  part.value = takeHeads(builder, loc, import.value, divide(pairs / values), 1);
  // Written in place: it is the part of the very same values.
  SmallVector<SmallVector<Range>> places;
  for (Value whole : loop.getRegionIterArgs())
    places.push_back(getHeads(builder, loc, whole, from, group));
  part.out = tensor::ExtractSliceOp::create(
      builder, loc, loop.getRegionIterArg(0), places.front());
  if (import.sink)
    part.sink = takeHeads(builder, loc, import.sink, from, group);
  if (import.mask && getNumHeads(import.mask) != 1)
    part.mask = takeHeads(builder, loc, import.mask, from, group);
  if (import.score)
    part.score = [&](OpBuilder &builder, Location loc, ValueRange arguments,
                     std::string &why) {
      SmallVector<Value> moved(arguments);
      moved[2] = arith::AddIOp::create(builder, loc, moved[2], from);
      return import.score(builder, loc, moved, why);
    };
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, part, wantsLse, why);
  if (failed(results))
    return failure();
  SmallVector<Value> written;
  for (auto [result, whole, place] :
       llvm::zip(*results, loop.getRegionIterArgs(), places))
    written.push_back(
        tensor::InsertSliceOp::create(builder, loc, result, whole, place));
  scf::YieldOp::create(builder, loc, written);
  return SmallVector<Value>(loop.getResults());
}
