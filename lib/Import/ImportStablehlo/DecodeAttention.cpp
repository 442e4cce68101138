//===- DecodeAttention.cpp - one token of each user -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A user sees the keys up to its position, that included: one more. As there is
// one query, this is all that is said of order.
//
//===----------------------------------------------------------------------===//

#include "ImportStablehlo/DecodeAttention.h"

#include "Support/AttentionImport.h"
#include "Support/CallOptions.h"
#include "Support/ForeignOps.h"
#include "Support/IndexTensors.h"
#include "Support/SizeChecks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isDecodeAttention(Operation *op) {
  return op->getNumResults() == 1 &&
         isForeign(op, "ttir.scaled_dot_product_attention_decode");
}

/// Returns the positions of users, once nothing else is said; null, and why, if
/// something is.
static Value readOperands(Operation *op, AttentionImport &import,
                          std::string &why) {
  // A query, a key and a value; a mask, positions and a sink if they are there.
  constexpr int32_t kCounted[] = {1, 1, 1, 0, 1, 0};
  auto segments = getForeignAttr<DenseI32ArrayAttr>(op, "operandSegmentSizes");
  if (!segments || segments.asArrayRef() != ArrayRef(kCounted) ||
      op->getNumOperands() != 4) {
    why = llvm::formatv("expects a query, a key, a value and cur_pos_tensor, "
                        "without a mask and a sink, operandSegmentSizes = "
                        "array<i32: 1, 1, 1, 0, 1, 0>, got {0}",
                        segments);
    return nullptr;
  }
  CallOptions options(op);
  std::optional<bool> isCausal;
  std::optional<double> window;
  if (failed(options.read("is_causal", isCausal, why)) ||
      failed(options.read("scale", import.scale, why)) ||
      failed(options.read("sliding_window_size", window, why)))
    return nullptr;
  if (!isCausal.value_or(true))
    why = "expects is_causal to be true, got false";
  else if (window)
    why = "expects no sliding_window_size";
  if (!why.empty())
    return nullptr;
  import.query = op->getOperand(0);
  import.key = op->getOperand(1);
  import.value = op->getOperand(2);
  return op->getOperand(3);
}

FailureOr<SmallVector<Value>>
mlir::fp8attn::buildDecodeAttention(OpBuilder &builder, Operation *op,
                                    std::string &why) {
  Location loc = op->getLoc();
  AttentionImport import;
  Value positions = readOperands(op, import, why);
  if (!positions)
    return failure();
  RankedTensorType query = getTensorType(import.query, "query", why);
  if (!query || !getTensorType(import.key, "key", why))
    return failure();
  auto type = dyn_cast<RankedTensorType>(positions.getType());
  if (query.getDimSize(0) != 1 || !type || type.getRank() != 1 ||
      !type.getElementType().isSignlessInteger()) {
    why = llvm::formatv("expects a query [1, users, heads, channels] and "
                        "positions [users] of integers, got {0} and {1}",
                        query, positions.getType());
    return failure();
  }
  OpFoldResult users = tensor::getMixedSize(builder, loc, positions, 0);
  if (failed(demandSame(
          builder, loc, "users of cur_pos_tensor", users, "users of key",
          tensor::getMixedSize(builder, loc, import.key, 0), why)))
    return failure();
  import.keyLens =
      buildKeyLens(builder, loc, users, [&](OpBuilder &inner, Value user) {
        Value last = tensor::ExtractOp::create(inner, loc, positions, user);
        Type index = inner.getIndexType();
        last = arith::IndexCastOp::create(inner, loc, index, last);
        Value one = arith::ConstantIndexOp::create(inner, loc, 1);
        return Value(arith::AddIOp::create(inner, loc, last, one));
      });
  // Neither copies: [1, users, ...] and [users, heads, 1, ...] are views of
  // [users, heads, channels].
  const SmallVector<ReassociationIndices> first = {{0, 1}, {2}, {3}},
                                          one = {{0}, {1, 2}, {3}};
  auto view = [&](Value value, ArrayRef<ReassociationIndices> from,
                  ArrayRef<ReassociationIndices> to, int64_t place) -> Value {
    Value less = tensor::CollapseShapeOp::create(builder, loc, value, from);
    auto type = cast<RankedTensorType>(less.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin() + place, 1);
    return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), less,
                                         to);
  };
  import.query = view(import.query, first, one, /*place=*/2);
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, import, /*wantsLse=*/false, why);
  if (succeeded(results))
    results->front() = view(results->front(), one, first, /*place=*/0);
  return results;
}
