//===- HeadShapes.cpp - tensors of three dimensions -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tensor has no strides: exchanging heads and tokens is a copy.
//
//===----------------------------------------------------------------------===//

#include "HeadShapes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp8attn;

Value mlir::fp8attn::exchangeHeadsAndTokens(OpBuilder &builder, Location loc,
                                            Value value) {
  static constexpr int64_t kOrder[] = {0, 2, 1, 3};
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  std::swap(sizes[1], sizes[2]);
  Value empty = tensor::EmptyOp::create(
      builder, loc, sizes,
      cast<RankedTensorType>(value.getType()).getElementType());
  return linalg::TransposeOp::create(builder, loc, value, empty, kOrder)
      ->getResult(0);
}

Value mlir::fp8attn::splitHeads(OpBuilder &builder, Location loc, Value value,
                                int64_t heads) {
  auto type = cast<RankedTensorType>(value.getType());
  const int64_t channels = type.getDimSize(2) / heads;
  auto split =
      type.clone({type.getDimSize(0), type.getDimSize(1), heads, channels});
  SmallVector<ReassociationIndices> groups = {{0}, {1}, {2, 3}};
  value = tensor::ExpandShapeOp::create(builder, loc, split, value, groups);
  return exchangeHeadsAndTokens(builder, loc, value);
}

Value mlir::fp8attn::joinHeads(OpBuilder &builder, Location loc, Value value) {
  SmallVector<ReassociationIndices> groups = {{0}, {1}, {2, 3}};
  value = exchangeHeadsAndTokens(builder, loc, value);
  return tensor::CollapseShapeOp::create(builder, loc, value, groups);
}

Value mlir::fp8attn::collapseTokens(OpBuilder &builder, Location loc,
                                    Value value) {
  const int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  if (rank == 3)
    return value;
  SmallVector<ReassociationIndices> groups = {
      llvm::to_vector<2>(llvm::seq<int64_t>(rank - 2)), {rank - 2}, {rank - 1}};
  return tensor::CollapseShapeOp::create(builder, loc, value, groups);
}

Value mlir::fp8attn::addHead(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + 1, 1);
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}};
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), value,
                                       groups);
}

Value mlir::fp8attn::dropHead(OpBuilder &builder, Location loc, Value value) {
  SmallVector<ReassociationIndices> groups = {{0, 1}};
  const int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  for (int64_t dimension = 2; dimension < rank; ++dimension)
    groups.push_back({dimension});
  return tensor::CollapseShapeOp::create(builder, loc, value, groups);
}
