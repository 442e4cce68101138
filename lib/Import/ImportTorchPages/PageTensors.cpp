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
  /// of the tensor, `dims`; `none` stands for one that is negative, or loads
  /// what is not there.
  Value build(ArrayRef<OpFoldResult> sizes, ArrayRef<unsigned> dims,
              AffineExpr expression, Type type, int64_t none);
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
                               Type type, int64_t none) {
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
    Value number = arith::IndexCastOp::create(inner, loc, inner.getI64Type(),
                                              expand(expression));
    Value isRight = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::sge,
                                          number, getNumber(inner, 0));
    isRight = arith::AndIOp::create(inner, loc, isRight, isThere);
    number = arith::SelectOp::create(inner, loc, isRight, number,
                                     getNumber(inner, none));
    return convertInteger(inner, loc, number, type);
  };
  return buildTensor(builder, loc, sizes, type, compute);
}

LogicalResult
mlir::fp8attn::buildPageWrite(OpBuilder &builder, const TorchIntegers &integers,
                              const PageWrite &key, const PageWrite &value,
                              AffineExpr slot, Value cache, std::string &why) {
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
  auto write = KvWriteOp::create(
      builder, loc, TypeRange(), collapseTokens(builder, loc, keys),
      collapseTokens(builder, loc, values), slots, /*keyScale=*/Value(),
      /*valueScale=*/Value(), ValueRange{cache},
      /*keyScaleMap=*/AffineMapAttr(), /*valueScaleMap=*/AffineMapAttr(),
      /*dynamic=*/false);
  why = findFault(write);
  return success(why.empty());
}

Value mlir::fp8attn::buildPageAttention(OpBuilder &builder,
                                        const TorchIntegers &integers,
                                        const PageAttention &attention,
                                        Value cache, std::string &why) {
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
  OpFoldResult starts = builder.getIndexAttr(type.getDimSize(0) + 1);
  Value table = expressions.build({batch, columns}, {kBatch, kColumn},
                                  attention.page, i32, /*none=*/-1);
  Value lengths = expressions.build({batch}, {kBatch}, attention.length, i32,
                                    /*none=*/-1);
  Value queryStart = expressions.build(
      {starts}, {kBatch}, getAffineDimExpr(kBatch, builder.getContext()), i32,
      /*none=*/-1);
  // One query of each sequence, whose dimension goes.
  SmallVector<ReassociationIndices> groups = {{0}, {1, 2}, {3}};
  Value query =
      tensor::CollapseShapeOp::create(builder, loc, options.query, groups);
  Value wideOut = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, options.query),
      type.getElementType());
  Value out = tensor::CollapseShapeOp::create(builder, loc, wideOut, groups);
  auto op = PagedAttentionOp::create(
      builder, loc, out.getType(), query, ValueRange{cache},
      /*keyScale=*/Value(), /*valueScale=*/Value(), queryStart, lengths, table,
      /*sink=*/Value(), out, /*lse=*/Value(), /*alibi=*/Value(),
      /*mask=*/Value(), options.scaleValue, /*groupStart=*/Value(),
      /*prefixLens=*/Value(), /*prefixTable=*/Value(),
      /*draftMask=*/Value(),
      /*keyScaleMap=*/AffineMapAttr(),
      /*valueScaleMap=*/AffineMapAttr(),
      options.scale ? builder.getF32FloatAttr(*options.scale) : FloatAttr(),
      /*softcap=*/FloatAttr(), /*causal=*/false, /*window_left=*/IntegerAttr(),
      /*window_right=*/IntegerAttr(), Alignment::BottomRight);
  why = findFault(op);
  if (!why.empty())
    return nullptr;
  Value result = tensor::ExpandShapeOp::create(
      builder, loc, wideOut.getType(), op.getResult(0), groups,
      tensor::getMixedSizes(builder, loc, wideOut));
  return castTorchResult(builder, loc, result, attention.op->getResult(0), why);
}
