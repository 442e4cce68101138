//===- BlockScales.cpp - scales of blocks for kernels ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/BlockScales.h"
#include "SelectKernels/KernelCalls.h"
#include "SelectKernels/KernelSelection.h"
#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// A result of a map as a sum: of dimensions, channels being counted in blocks,
/// times numbers, and of a number.
struct LinearIndex {
  std::array<int64_t, kNumScaleDims> factors = {};
  int64_t constant = 0;
};
} // namespace

/// Adds `factor` times `expr` to `index`. Fails if it is no such sum.
static LogicalResult addTerm(AffineExpr expr, int64_t blockChannels,
                             int64_t factor, LinearIndex &index) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    index.constant += factor * constant.getValue();
    return success();
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    index.factors[dim.getPosition()] += factor;
    return success(dim.getPosition() != kChannel);
  }
  auto both = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!both)
    return failure();
  AffineExpr left = both.getLHS(), right = both.getRHS();
  if (both.getKind() == AffineExprKind::Add)
    return success(succeeded(addTerm(left, blockChannels, factor, index)) &&
                   succeeded(addTerm(right, blockChannels, factor, index)));
  // Constants are on the right.
  auto number = dyn_cast<AffineConstantExpr>(right);
  if (!number)
    return failure();
  if (both.getKind() == AffineExprKind::Mul)
    return addTerm(left, blockChannels, factor * number.getValue(), index);
  auto dim = dyn_cast<AffineDimExpr>(left);
  if (both.getKind() != AffineExprKind::FloorDiv || !dim ||
      dim.getPosition() != kChannel || number.getValue() != blockChannels)
    return failure();
  index.factors[kChannel] += factor;
  return success();
}

static FailureOr<LinearIndex> getLinearIndex(AffineExpr result,
                                             int64_t blockChannels) {
  LinearIndex index;
  if (failed(addTerm(result, blockChannels, 1, index)))
    return failure();
  return index;
}

/// Returns why kernels cannot find the scales of blocks of `fewest` channels,
/// or multiples of them, that `load` loads for `cache`; empty if they can.
static std::string getScaleObstacle(LoadScaleOp load, CacheType cache,
                                    int64_t fewest) {
  const int64_t headDim = cache.getHeadDim();
  const int64_t shared = getChannelsPerScale(load.getMap(), headDim);
  if (shared % fewest != 0 || headDim % shared != 0)
    return llvm::formatv("{0} of {1} channels share a scale, which is no "
                         "multiple of {2} that divides them",
                         shared, headDim, fewest);
  if (headDim % kKeyTileChannels != 0)
    return llvm::formatv("{0} channels are no multiple of {1}", headDim,
                         kKeyTileChannels);
  if (!llvm::all_of(load.getMap().getResults(), [&](AffineExpr result) {
        return succeeded(getLinearIndex(result, shared));
      }))
    return "the scales of tokens and blocks are not at fixed distances";
  return "";
}

/// Returns why kernels cannot multiply such blocks by them.
static std::string getObstacle(LoadScaleOp load, CacheType cache,
                               int64_t fewest) {
  std::string obstacle = getScaleObstacle(load, cache, fewest);
  if (!obstacle.empty())
    return obstacle;
  if (cache.isLatent())
    return "values of a latent cache are put in order first";
  if (fp8attn_tokens_together(cache.getPageTokens()) == 1)
    return "pages are no multiple of 16 tokens";
  return "";
}

BlockKernels mlir::fp8attn::findBlockKernels(LoadScaleOp load,
                                             CacheType cache) {
  Type element = cache.getElementType();
  Type scale = load.getScale().getType().getElementType();
  if (isa<Float8E8M0FNUType>(scale))
    return {getTypeWord(element), getObstacle(load, cache, kKeyTileChannels)};
  if (isa<Float8E4M3FNType>(scale) && isa<Float4E2M1FNType>(element))
    return {"nvfp4", getObstacle(load, cache, kValueTileChannels)};
  std::string obstacle;
  llvm::raw_string_ostream(obstacle)
      << "scales of " << scale << " for " << element
      << " are neither powers of two (f8E8M0FNU) nor those of NVFP4 (f8E4M3FN "
         "for f4E2M1FN)";
  return {"", obstacle};
}

SmallVector<Value> mlir::fp8attn::emitBlockScales(OpBuilder &builder,
                                                  Location loc,
                                                  LoadScaleOp load) {
  const AffineMap map = load.getMap();
  const int64_t shared =
      getChannelsPerScale(map, static_cast<int64_t>(load.getChannels()));
  SmallVector<Value> operands;
  appendStrided(builder, loc, load.getScale(), map.getNumResults(), operands);
  Value offset = constantIndex(builder, loc, 0);
  SmallVector<Value> strides(kNumScaleDims, offset);
  auto addProduct = [&](Value &sum, Value stride, Value factor) {
    Value product = arith::MulIOp::create(builder, loc, stride, factor);
    sum = arith::AddIOp::create(builder, loc, sum, product);
  };
  for (auto [result, stride] :
       llvm::zip_equal(map.getResults(), ArrayRef(operands).drop_front())) {
    FailureOr<LinearIndex> index = getLinearIndex(result, shared);
    assert(succeeded(index) && "expects scales without an obstacle");
    addProduct(offset, stride, constantIndex(builder, loc, index->constant));
    for (auto [sum, factor] : llvm::zip_equal(strides, index->factors))
      if (factor != 0)
        addProduct(sum, stride, constantIndex(builder, loc, factor));
  }
  addProduct(offset, strides[kHead], load.getHead());
  return {load.getScale(),   offset,
          strides[kPage],    strides[kToken],
          strides[kChannel], constantIndex(builder, loc, shared)};
}

std::string mlir::fp8attn::findMixedObstacle(LoadScaleOp load, CacheType cache,
                                             CacheType rope) {
  Type scale = load.getScale().getType().getElementType();
  std::string obstacle;
  if (!scale.isF32()) {
    llvm::raw_string_ostream(obstacle)
        << "scales of keys with bf16 channels are " << scale << ", not f32";
    return obstacle;
  }
  if (rope.getHeadDim() % kKeyTileChannels != 0)
    return llvm::formatv("{0} bf16 channels are no multiple of {1}",
                         rope.getHeadDim(), kKeyTileChannels);
  if (cache.getPageTokens() % FP8ATTN_GRANULE != 0)
    return "pages are no multiple of 32 tokens";
  return getScaleObstacle(load, cache, kKeyTileChannels);
}

SmallVector<Value> mlir::fp8attn::emitMixedParts(OpBuilder &builder,
                                                 Location loc, LoadScaleOp load,
                                                 TypedValue<CacheType> rope) {
  SmallVector<Value> operands = {
      CachePartOp::create(
          builder, loc, rope, load.getHead(),
          CacheContentAttr::get(load.getContext(), CacheContent::Key)),
      CachePageBytesOp::create(builder, loc, builder.getIndexType(), rope)};
  llvm::append_range(operands, emitBlockScales(builder, loc, load));
  return operands;
}
