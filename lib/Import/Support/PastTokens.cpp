//===- PastTokens.cpp - keys and values of a past -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both parts are written where they stand in the result, by linalg.copy:
// what tensor.insert_slice alone becomes, a copy between strides, has no code
// without a library.
//
//===----------------------------------------------------------------------===//

#include "PastTokens.h"

#include "AttentionImport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of [batch, heads, tokens, channels], and which has the tokens.
static constexpr int64_t kRank = 4, kTokens = 2;

static OpFoldResult add(OpBuilder &builder, Location loc, OpFoldResult first,
                        OpFoldResult second) {
  std::optional<int64_t> one = getConstantIntValue(first),
                         other = getConstantIntValue(second);
  if (one && other)
    return builder.getIndexAttr(*one + *other);
  return arith::AddIOp::create(
             builder, loc, getValueOrCreateConstantIndexOp(builder, loc, first),
             getValueOrCreateConstantIndexOp(builder, loc, second))
      .getResult();
}

/// Returns the tensor with a part written from a token on.
static Value writeTokens(OpBuilder &builder, Location loc, Value part,
                         Value whole, OpFoldResult from) {
  SmallVector<Range> ranges = getWhole(builder, loc, part);
  ranges[kTokens].offset = from;
  Value place = tensor::ExtractSliceOp::create(builder, loc, whole, ranges);
  Value copy = linalg::CopyOp::create(builder, loc, part, place)->getResult(0);
  return tensor::InsertSliceOp::create(builder, loc, copy, whole, ranges);
}

Value mlir::fp8attn::appendTokens(OpBuilder &builder, Location loc, Value past,
                                  Value added, std::string &why) {
  auto pastType = dyn_cast<RankedTensorType>(past.getType());
  auto type = dyn_cast<RankedTensorType>(added.getType());
  auto isLike = [&] {
    if (!type || !pastType || type.getRank() != kRank ||
        pastType.getRank() != kRank ||
        type.getElementType() != pastType.getElementType() ||
        llvm::is_contained(type.getShape(), 0))
      return false;
    for (int64_t dimension = 0; dimension < kRank; ++dimension)
      if (dimension != kTokens &&
          type.getDimSize(dimension) != pastType.getDimSize(dimension))
        return false;
    return true;
  };
  if (!isLike()) {
    why = llvm::formatv("expects a past that differs from what is added, which "
                        "is not empty, in its tokens alone, got {0} and {1}",
                        past.getType(), added.getType());
    return nullptr;
  }
  if (pastType.getDimSize(kTokens) == 0)
    return added;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, added);
  OpFoldResult seen = tensor::getMixedSize(builder, loc, past, kTokens);
  sizes[kTokens] = add(builder, loc, seen, sizes[kTokens]);
  Value whole =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  whole = writeTokens(builder, loc, past, whole, builder.getIndexAttr(0));
  return writeTokens(builder, loc, added, whole, seen);
}
