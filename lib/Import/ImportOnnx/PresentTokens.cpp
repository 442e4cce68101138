//===- PresentTokens.cpp - keys and values of buffers ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What no entry writes is 0, as a host that reads the whole may look at it.
//
//===----------------------------------------------------------------------===//

#include "ImportOnnx/PresentTokens.h"

#include "ImportOnnx/OnnxOperands.h"
#include "Support/BatchEntries.h"
#include "Support/SizeChecks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of [batch, heads, tokens, channels], and which has the tokens.
static constexpr int64_t kRank = 4, kTokens = 2;

bool mlir::fp8attn::hasNoTokens(Value past) {
  auto type = dyn_cast<RankedTensorType>(past.getType());
  return type && type.getRank() == kRank && type.getDimSize(kTokens) == 0;
}

FailureOr<Value> mlir::fp8attn::getPresentTokens(OpBuilder &builder,
                                                 Location loc, Value past,
                                                 Value added,
                                                 const PresentShape &shape,
                                                 std::string &why) {
  auto pastType = dyn_cast<RankedTensorType>(past.getType());
  if (!pastType || pastType.getRank() != kRank) {
    why = llvm::formatv("expects a past of four dimensions, got {0}",
                        past.getType());
    return failure();
  }
  auto type = dyn_cast_if_present<RankedTensorType>(shape.type);
  const int64_t before = pastType.getDimSize(kTokens);
  const int64_t room = type && type.getRank() == kRank
                           ? type.getDimSize(kTokens)
                           : ShapedType::kDynamic;
  OpFoldResult queries = tensor::getMixedSize(builder, loc, added, kTokens);
  if (!ShapedType::isDynamic(before) && !ShapedType::isDynamic(room)) {
    if (room != before &&
        failed(demandSame(builder, loc, "tokens of query", queries,
                          "tokens of the present less those of the past",
                          builder.getIndexAttr(room - before), why)))
      return failure();
    return arith::ConstantIndexOp::create(builder, loc, room).getResult();
  }
  auto total = dyn_cast<RankedTensorType>(shape.total.getType());
  if (!total || !isa<IntegerType>(total.getElementType()) ||
      total.getRank() > 1 ||
      (total.getRank() == 1 && total.getDimSize(0) != 1)) {
    why = llvm::formatv("expects total_sequence_length of one element, got {0}",
                        shape.total.getType());
    return failure();
  }
  // The larger of the past and the total, which is not more than both.
  Value seen = tensor::DimOp::create(builder, loc, past, kTokens);
  Value tokens = tensor::DimOp::create(builder, loc, added, kTokens);
  Value both = arith::AddIOp::create(builder, loc, seen, tokens);
  Value said = readOnnxInteger(builder, loc, shape.total, Value());
  Value size = arith::MinSIOp::create(builder, loc, said, both);
  size = arith::MaxSIOp::create(builder, loc, size, seen);
  return arith::MaxSIOp::create(builder, loc, size, tokens).getResult();
}

/// Returns the tensor with the first tokens of an entry of `source` copied to
/// it, from a token of the same entry on.
static Value copyTokens(OpBuilder &builder, Location loc, Value source,
                        Value whole, Value entry, OpFoldResult from,
                        OpFoldResult count) {
  Value part = takeOfEntry(builder, loc, source, entry, kTokens,
                           builder.getIndexAttr(0), count);
  Value place = takeOfEntry(builder, loc, whole, entry, kTokens, from, count);
  Value copy = linalg::CopyOp::create(builder, loc, part, place)->getResult(0);
  return writeOfEntry(builder, loc, copy, whole, entry, kTokens, from, count);
}

/// Returns a tensor that holds the past, and 0 behind it.
static FailureOr<Value> copyPast(OpBuilder &builder, Location loc, Value past,
                                 Value added, Value room) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, added);
  Type element = getElementTypeOrSelf(added.getType());
  sizes[kTokens] = getAsOpFoldResult(room);
  Value whole = tensor::EmptyOp::create(builder, loc, sizes, element);
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  Value tokens = tensor::DimOp::create(builder, loc, past, kTokens);
  OpFoldResult seen = getAsOpFoldResult(tokens);
  OpFoldResult rest = getAsOpFoldResult(
      arith::SubIOp::create(builder, loc, room, tokens).getResult());
  return buildForEntries(
      builder, loc, sizes.front(), whole,
      [&](Value entry, Value written) -> FailureOr<Value> {
        written = copyTokens(builder, loc, past, written, entry,
                             builder.getIndexAttr(0), seen);
        Value place =
            takeOfEntry(builder, loc, written, entry, kTokens, seen, rest);
        Value filled =
            linalg::FillOp::create(builder, loc, zero, place).getResult(0);
        return writeOfEntry(builder, loc, filled, written, entry, kTokens, seen,
                            rest);
      });
}

Value mlir::fp8attn::writePresent(
    OpBuilder &builder, Location loc, Value past, Value added, Value room,
    llvm::function_ref<Value(OpBuilder &, Value)> countPast, std::string &why) {
  auto pastType = dyn_cast<RankedTensorType>(past.getType());
  auto type = cast<RankedTensorType>(added.getType());
  if (!pastType || pastType.getRank() != kRank ||
      pastType.getElementType() != type.getElementType()) {
    why =
        llvm::formatv("expects a past like {0}, got {1}", type, past.getType());
    return nullptr;
  }
  auto size = [&](Value tensor, int64_t dimension) {
    return tensor::getMixedSize(builder, loc, tensor, dimension);
  };
  for (int64_t dimension : {0, 1, 3})
    if (failed(demandSame(builder, loc,
                          ("size " + Twine(dimension) + " of the past").str(),
                          size(past, dimension), "that of what is added",
                          size(added, dimension), why)))
      return nullptr;
  // Sizes that are known to be equal were just demanded.
  std::optional<int64_t> known = getConstantIntValue(room);
  if (known && *known < type.getDimSize(kTokens)) {
    why = llvm::formatv("expects a past with room for {0}, got {1}", type,
                        pastType);
    return nullptr;
  }
  Value whole = past;
  if (!known || *known != pastType.getDimSize(kTokens)) {
    FailureOr<Value> copied = copyPast(builder, loc, past, added, room);
    if (failed(copied))
      return nullptr;
    whole = *copied;
  }
  OpFoldResult count = size(added, kTokens);
  FailureOr<Value> written = buildForEntries(
      builder, loc, size(added, 0), whole,
      [&](Value entry, Value written) -> FailureOr<Value> {
        OpFoldResult from = getAsOpFoldResult(countPast(builder, entry));
        return copyTokens(builder, loc, added, written, entry, from, count);
      });
  return failed(written) ? Value() : *written;
}
