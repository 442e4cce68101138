//===- PageTensors.cpp - batches and slots of programs of torch -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers that are loaded are numbers of the call. A place that a tensor does
// not have, and a page before the first, become what the call refuses, though
// torch counts negative indices from the end.
//
//===----------------------------------------------------------------------===//

#include "PageTensors.h"

#include "Support/HeadShapes.h"
#include "Support/IndexTensors.h"
#include "Torch/TorchValues.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Larger numbers are of no page, and cannot wrap with the factors that sums
/// have.
static constexpr int64_t kMostNumber = int64_t(1) << 40;

namespace {
/// Builds tensors of expressions.
class ExpressionBuilder {
public:
  ExpressionBuilder(OpBuilder &builder, Location loc,
                    const TorchIntegers &integers)
      : builder(builder), loc(loc), integers(integers) {}

  /// Builds a tensor of the numbers of an expression whose dimensions are those
  /// of the tensor, `dims`, and of `added`, an index, if it is there; `none`
  /// stands for one that is negative, or loads what is not there.
  Value build(ArrayRef<OpFoldResult> sizes, ArrayRef<unsigned> dims,
              AffineExpr expression, Type type, int64_t none,
              Value added = Value());
  /// Returns the size of a dimension of a tensor that is loaded from.
  OpFoldResult getSize(Value tensor, int64_t dim) {
    return tensor::getMixedSize(builder, loc, getTensor(tensor), dim);
  }

private:
  Value getTensor(Value tensor);
  Value getIndex(OpBuilder &inner, int64_t number) {
    return arith::ConstantIndexOp::create(inner, loc, number);
  }
  Value getNumber(OpBuilder &inner, int64_t number) {
    return arith::ConstantOp::create(inner, loc,
                                     builder.getI64IntegerAttr(number));
  }
  /// Loads a number, and lets `isThere` be false if it is not there.
  Value load(OpBuilder &inner, Value tensor, ArrayRef<Value> place,
             Value &isThere);

  OpBuilder &builder;
  Location loc;
  const TorchIntegers &integers;
  DenseMap<Value, Value> tensors;
};
} // namespace

Value ExpressionBuilder::getTensor(Value tensor) {
  Value &known = tensors[tensor];
  if (!known)
    known = toBuiltinTensor(builder, loc, tensor);
  return known;
}

Value ExpressionBuilder::load(OpBuilder &inner, Value tensor,
                              ArrayRef<Value> place, Value &isThere) {
  using arith::CmpIPredicate;
  for (auto [dim, index] : llvm::enumerate(place)) {
    Value size = tensor::DimOp::create(inner, loc, tensor, dim);
    Value isInside =
        arith::CmpIOp::create(inner, loc, CmpIPredicate::ult, index, size);
    isThere = arith::AndIOp::create(inner, loc, isThere, isInside);
  }
  Type i64 = builder.getI64Type();
  auto read = [&](OpBuilder &then, Location) {
    Value number = tensor::ExtractOp::create(then, loc, tensor, place);
    number = convertInteger(then, loc, number, i64);
    number = arith::MaxSIOp::create(then, loc, number,
                                    getNumber(then, -kMostNumber));
    number =
        arith::MinSIOp::create(then, loc, number, getNumber(then, kMostNumber));
    number = arith::IndexCastOp::create(then, loc, then.getIndexType(), number);
    scf::YieldOp::create(then, loc, number);
  };
  auto none = [&](OpBuilder &other, Location) {
    scf::YieldOp::create(other, loc, getIndex(other, 0));
  };
  return scf::IfOp::create(inner, loc, isThere, read, none).getResult(0);
}

Value ExpressionBuilder::build(ArrayRef<OpFoldResult> sizes,
                               ArrayRef<unsigned> dims, AffineExpr expression,
                               Type type, int64_t none, Value added) {
  SmallVector<unsigned> needed = integers.getSymbols(expression);
  for (unsigned symbol : needed)
    getTensor(integers.getLoads()[symbol].tensor);
  auto compute = [&](OpBuilder &inner, ValueRange indices) -> Value {
    SmallVector<Value> places(dims.empty() ? 0 : *llvm::max_element(dims) + 1,
                              getIndex(inner, 0));
    for (auto [dim, index] : llvm::zip(dims, indices))
      places[dim] = index;
    SmallVector<Value> symbols(integers.getLoads().size(), getIndex(inner, 0));
    Value isThere =
        arith::ConstantOp::create(inner, loc, builder.getBoolAttr(true));
    auto expand = [&](AffineExpr part) {
      return affine::expandAffineExpr(inner, loc, part, places, symbols);
    };
    for (unsigned symbol : needed) {
      const TorchIntegers::Load &what = integers.getLoads()[symbol];
      SmallVector<Value> place = llvm::map_to_vector(what.place, expand);
      symbols[symbol] = load(inner, tensors[what.tensor], place, isThere);
    }
    Value index = expand(expression);
    if (added)
      index = arith::AddIOp::create(inner, loc, index, added);
    Value number =
        arith::IndexCastOp::create(inner, loc, inner.getI64Type(), index);
    Value isRight = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::sge,
                                          number, getNumber(inner, 0));
    isRight = arith::AndIOp::create(inner, loc, isRight, isThere);
    number = arith::SelectOp::create(inner, loc, isRight, number,
                                     getNumber(inner, none));
    return convertInteger(inner, loc, number, type);
  };
  return buildTensor(builder, loc, sizes, type, compute);
}

namespace {
/// The scale of keys or of values; null for those that are no codes.
struct Scale {
  Scale(OpBuilder &builder, Location loc, const PageShape &shape,
        const PageScale &scale) {
    if (shape.codes)
      map = buildPageScale(builder, loc, scale, tensor);
  }
  void give(MutableOperandRange operand) const {
    if (tensor)
      operand.assign(tensor);
  }
  Value tensor;
  AffineMapAttr map;
};

/// Gives an operation the scales of its keys and values.
template <class Op>
void setScales(Op op, const Scale &keys, const Scale &values) {
  keys.give(op.getKeyScaleMutable());
  values.give(op.getValueScaleMutable());
  op.setKeyScaleMapAttr(keys.map);
  op.setValueScaleMapAttr(values.map);
}

/// The queries of sequences, which are as many of each.
class Queries {
public:
  Queries(OpBuilder &builder, Location loc, Value query)
      : builder(builder), loc(loc), query(query),
        isOne(cast<RankedTensorType>(query.getType()).getDimSize(kTokens) ==
              1) {}

  /// Returns [sequences * queries, heads, channels] of [sequences, heads,
  /// queries, channels]: one of each is not copied.
  Value getTokens() {
    return isOne ? tensor::CollapseShapeOp::create(builder, loc, query, oneEach)
                       .getResult()
                 : collapseTokens(builder, loc,
                                  exchangeHeadsAndTokens(builder, loc, query));
  }
  /// Builds a tensor as that, to write to.
  Value buildOut();
  /// Returns what was written to it as [sequences, heads, queries, channels].
  Value getResult(Value out);
  /// Builds where each sequence begins, [sequences + 1].
  Value buildStarts();
  /// Returns how many there are before the last of a sequence.
  Value countBeforeLast() {
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    return arith::SubIOp::create(builder, loc, count(), one);
  }

private:
  /// Which dimension has the queries, and how it goes if there is one.
  static constexpr int64_t kTokens = 2;
  const SmallVector<ReassociationIndices> oneEach = {{0}, {1, 2}, {3}};
  const SmallVector<ReassociationIndices> someEach = {{0, 1}, {2}, {3}};

  Value count() { return tensor::DimOp::create(builder, loc, query, kTokens); }

  OpBuilder &builder;
  Location loc;
  Value query, wideOut;
  bool isOne;
};
} // namespace

Value Queries::buildOut() {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, query);
  if (!isOne)
    std::swap(sizes[1], sizes[kTokens]);
  wideOut = tensor::EmptyOp::create(builder, loc, sizes,
                                    getElementTypeOrSelf(query.getType()));
  return tensor::CollapseShapeOp::create(builder, loc, wideOut,
                                         isOne ? oneEach : someEach);
}

Value Queries::getResult(Value out) {
  Value wide = tensor::ExpandShapeOp::create(
      builder, loc, wideOut.getType(), out, isOne ? oneEach : someEach,
      tensor::getMixedSizes(builder, loc, wideOut));
  return isOne ? wide : exchangeHeadsAndTokens(builder, loc, wide);
}

Value Queries::buildStarts() {
  const int64_t sequences =
      cast<RankedTensorType>(query.getType()).getDimSize(0);
  Type i32 = builder.getI32Type();
  Value each = count();
  OpFoldResult size = builder.getIndexAttr(sequences + 1);
  return buildTensor(
      builder, loc, size, i32, [&](OpBuilder &inner, ValueRange indices) {
        Value start = arith::MulIOp::create(inner, loc, indices[0], each);
        start =
            arith::IndexCastOp::create(inner, loc, inner.getI64Type(), start);
        return convertInteger(inner, loc, start, i32);
      });
}

LogicalResult mlir::fp8attn::buildPageWrite(OpBuilder &builder,
                                            const TorchIntegers &integers,
                                            const PageWrite &key,
                                            const PageWrite &value,
                                            AffineExpr slot, ValueRange caches,
                                            std::string &why) {
  Location loc = key.op->getLoc();
  Value keys = toBuiltinTensor(builder, loc, key.source);
  Value values = toBuiltinTensor(builder, loc, value.source);
  const auto outer = static_cast<unsigned>(key.sizes.size() - 2);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, keys);
  sizes.resize(outer);
  ExpressionBuilder expressions(builder, loc, integers);
  Value slots =
      expressions.build(sizes, llvm::to_vector(llvm::seq<unsigned>(outer)),
                        slot, builder.getI64Type(), kNoSlot);
  if (outer > 1) {
    SmallVector<ReassociationIndices> groups = {
        llvm::to_vector<2>(llvm::seq<int64_t>(outer))};
    slots = tensor::CollapseShapeOp::create(builder, loc, slots, groups);
  }
  Scale keyScale(builder, loc, key.shape, key.scale),
      valueScale(builder, loc, value.shape, value.scale);
  auto write =
      KvWriteOp::create(builder, loc, collapseTokens(builder, loc, keys),
                        collapseTokens(builder, loc, values), slots, caches);
  setScales(write, keyScale, valueScale);
  why = findFault(write);
  return success(why.empty());
}

Value mlir::fp8attn::buildPageAttention(OpBuilder &builder,
                                        const TorchIntegers &integers,
                                        const PageAttention &attention,
                                        ValueRange caches, std::string &why) {
  Location loc = attention.op->getLoc();
  Type i32 = builder.getI32Type();
  ExpressionBuilder expressions(builder, loc, integers);
  // The columns of the table that pages are loaded from.
  OpFoldResult columns;
  if (!ShapedType::isDynamic(attention.columns))
    columns = builder.getIndexAttr(attention.columns);
  for (unsigned symbol : integers.getSymbols(attention.page)) {
    const TorchIntegers::Load &load = integers.getLoads()[symbol];
    auto column =
        llvm::find(load.place, getAffineDimExpr(kColumn, builder.getContext()));
    if (!columns && column != load.place.end())
      columns = expressions.getSize(load.tensor, column - load.place.begin());
  }
  if (!columns) {
    why = "expects a table that has a column for each page";
    return nullptr;
  }

  AttentionImport options = attention.options;
  // Keys and values are those of the cache.
  options.key = options.value = options.query;
  options.mask = nullptr;
  if (failed(convertTorchOperands(builder, loc, options, why)))
    return nullptr;
  auto type = cast<RankedTensorType>(options.query.getType());
  OpFoldResult batch = builder.getIndexAttr(type.getDimSize(0));
  Value table = expressions.build({batch, columns}, {kBatch, kColumn},
                                  attention.page, i32, /*none=*/-1);
  Queries queries(builder, loc, options.query);
  // The last query sees all of them.
  Value lengths = expressions.build(
      {batch}, {kBatch}, attention.length, i32, /*none=*/-1,
      attention.isCausal ? queries.countBeforeLast() : Value());
  Value starts = queries.buildStarts();
  Value tokens = queries.getTokens();
  Value out = queries.buildOut();
  const PageRead &keys = attention.keys, &values = attention.values;
  Scale keyScale(builder, loc, keys.shape, keys.scale),
      valueScale(builder, loc, values.shape, values.scale);
  auto op = PagedAttentionOp::create(builder, loc, tokens, caches, starts,
                                     lengths, table, out);
  setScales(op, keyScale, valueScale);
  if (options.scaleValue)
    op.getSoftmaxScaleValueMutable().assign(options.scaleValue);
  if (options.scale)
    op.setSoftmaxScaleAttr(builder.getF32FloatAttr(*options.scale));
  op.setCausal(attention.isCausal);
  why = findFault(op);
  if (!why.empty())
    return nullptr;
  return castTorchResult(builder, loc, queries.getResult(op.getResult(0)),
                         attention.op->getResult(0), why);
}
