//===- AttentionImport.cpp - attention of front ends ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whether attention can be meant is what the verifier says of it: there is no
// second list of what is taken.
//
//===----------------------------------------------------------------------===//

#include "AttentionImport.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of [batch, heads, tokens, channels], and of a mask.
static constexpr int64_t kRank = 4;

/// Returns the type of an operand of four dimensions; says why there is none.
static RankedTensorType getTensorType(Value value, StringRef name,
                                      std::string &why) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && type.getRank() == kRank)
    return type;
  why = llvm::formatv("expects {0} of four dimensions, got {1}", name,
                      value.getType());
  return nullptr;
}

/// Returns the mask as [batch, heads, queries, keys]; null, and why, if it
/// cannot be.
static Value expandMask(OpBuilder &builder, Location loc, Value mask,
                        RankedTensorType query, RankedTensorType key,
                        std::string &why) {
  auto type = dyn_cast<RankedTensorType>(mask.getType());
  if (!type || type.getRank() < 2 || type.getRank() > kRank) {
    why = llvm::formatv("expects a mask of two to four dimensions, got {0}",
                        mask.getType());
    return nullptr;
  }
  // A mask of 1 query or key is used for all of them.
  const std::pair<StringRef, int64_t> needed[] = {
      {"queries", query.getDimSize(2)}, {"keys", key.getDimSize(2)}};
  for (auto [size, dimension] :
       llvm::zip(type.getShape().take_back(2), needed)) {
    auto [name, expected] = dimension;
    if (size == 1 && expected != 1) {
      why = llvm::formatv("expects a mask that is not broadcast along {0}, "
                          "got {1}",
                          name, type);
      return nullptr;
    }
  }
  if (type.getRank() == kRank)
    return mask;
  const int64_t added = kRank - type.getRank();
  SmallVector<int64_t> shape(added, 1);
  llvm::append_range(shape, type.getShape());
  SmallVector<ReassociationIndices> groups(type.getRank());
  for (int64_t dimension = 0; dimension < kRank; ++dimension)
    groups[std::max<int64_t>(dimension - added, 0)].push_back(dimension);
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), mask,
                                       groups);
}

/// Returns what the verifier has against an operation; empty if nothing.
static std::string findFault(AttentionOp op) {
  std::string text;
  ScopedDiagnosticHandler handler(op.getContext(), [&](Diagnostic &diagnostic) {
    if (text.empty())
      text = diagnostic.str();
    return success();
  });
  if (succeeded(verify(op)))
    return "";
  StringRef fault = text;
  fault.consume_front("'fp8attn.attention' op ");
  return fault.str();
}

Value mlir::fp8attn::castResult(OpBuilder &builder, Location loc, Value result,
                                Type type, std::string &why) {
  if (result.getType() == type)
    return result;
  if (tensor::CastOp::areCastCompatible(result.getType(), type))
    return tensor::CastOp::create(builder, loc, type, result);
  why =
      llvm::formatv("expects a result of {0}, got {1}", result.getType(), type);
  return nullptr;
}

FailureOr<SmallVector<Value>>
mlir::fp8attn::buildAttention(OpBuilder &builder, Location loc,
                              const AttentionImport &import, bool wantsLse,
                              std::string &why) {
  RankedTensorType query = getTensorType(import.query, "query", why);
  RankedTensorType key =
      query ? getTensorType(import.key, "key", why) : nullptr;
  RankedTensorType value =
      key ? getTensorType(import.value, "value", why) : nullptr;
  if (!value)
    return failure();

  Value mask;
  if (import.mask) {
    mask = expandMask(builder, loc, import.mask, query, key, why);
    if (!mask)
      return failure();
  }
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, import.query);
  sizes.back() = tensor::getMixedSize(builder, loc, import.value, kRank - 1);
  Value out = import.out;
  if (!out)
    out = tensor::EmptyOp::create(builder, loc, sizes,
                                  import.outType ? import.outType
                                                 : query.getElementType());
  SmallVector<Type> written = {out.getType()};
  Value lse;
  if (wantsLse) {
    lse = tensor::EmptyOp::create(builder, loc, ArrayRef(sizes).drop_back(),
                                  builder.getF32Type());
    written.push_back(lse.getType());
  }
  auto number = [&](std::optional<double> value) {
    return value ? builder.getF32FloatAttr(*value) : FloatAttr();
  };
  auto attention = AttentionOp::create(
      builder, loc, written, import.query, import.key, import.value,
      /*keyScale=*/Value(), /*valueScale=*/Value(), /*sink=*/Value(), out, lse,
      /*alibi=*/Value(), mask, import.scaleValue,
      /*keyScaleMap=*/AffineMapAttr(),
      /*valueScaleMap=*/AffineMapAttr(), number(import.scale),
      number(import.softcap), import.isCausal, /*window_left=*/IntegerAttr(),
      /*window_right=*/IntegerAttr(),
      import.isCausal ? Alignment::TopLeft : Alignment::BottomRight);
  why = findFault(attention);
  if (!why.empty())
    return failure();
  return SmallVector<Value>(attention.getResults());
}

void mlir::fp8attn::remarkMissed(Operation *op, StringRef why) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("Import").category("fp8attn"))
      << remark::reason("{0} is left alone: {1}", op->getName(), why);
}
