//===- DecomposeRepack.cpp - repacks to loops over elements ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes repack out as a parallel loop over pages and heads. Where the layouts
// agree, it moves the bytes of keys or values as they are; else it loops over
// tokens and blocks of channels, addressed by the affine maps of the layouts.
// The loops compute nothing, so that one body serves every ISA.
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "Support/Loops.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEREPACK
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Demands that it is known where elements are.
static LogicalResult checkLayouts(RepackOp op) {
  for (Value cache : {op.getSource(), op.getDestination()})
    if (!cast<CacheType>(cache.getType()).getLayout())
      return op.emitOpError("cannot move elements of a cache without a layout, "
                            "got ")
             << cache.getType() << "; fp8attn-assign-layouts gives it one";
  return success();
}

namespace {
/// A page of a cache, and a head.
struct HeadOfPage {
  Value cache, page, head;
};
} // namespace

/// Returns one head's keys or values in a page, in the order of their bytes, as
/// `element`s.
static Value viewPart(OpBuilder &builder, Location loc, const HeadOfPage &from,
                      CacheContent content, IntegerType element) {
  auto type = cast<CacheType>(from.cache.getType());
  Value bytes =
      CachePartOp::create(builder, loc, from.cache, from.head,
                          CacheContentAttr::get(builder.getContext(), content));
  Value begin = arith::MulIOp::create(
      builder, loc, from.page,
      CachePageBytesOp::create(builder, loc, builder.getIndexType(),
                               from.cache));
  auto part = MemRefType::get(
      {type.getPartBytes(content) * 8 / element.getWidth()}, element);
  return memref::ViewOp::create(builder, loc, part, bytes, begin, ValueRange());
}

/// Bytes of one move and of one turn of the loop: the smallest part has 32
/// tokens of 8 bytes.
static constexpr int64_t kMoveBytes = 64, kTurnBytes = 256;

/// Copies the bytes of the keys, or the values, of one head in a page.
static void buildByteCopy(OpBuilder &builder, Location loc,
                          CacheContent content, const HeadOfPage &from,
                          const HeadOfPage &to) {
  IntegerType byte = builder.getI8Type();
  Value source = viewPart(builder, loc, from, content, byte);
  Value destination = viewPart(builder, loc, to, content, byte);
  const int64_t bytes = cast<MemRefType>(source.getType()).getDimSize(0);
  auto type = VectorType::get({kMoveBytes}, byte);
  auto loop = scf::ForOp::create(builder, loc, constantIndex(builder, loc, 0),
                                 constantIndex(builder, loc, bytes),
                                 constantIndex(builder, loc, kTurnBytes));
  OpBuilder body = OpBuilder::atBlockTerminator(loop.getBody());
  for (int64_t offset = 0; offset < kTurnBytes; offset += kMoveBytes) {
    Value place = arith::AddIOp::create(body, loc, loop.getInductionVar(),
                                        constantIndex(body, loc, offset));
    Value line = vector::LoadOp::create(body, loc, type, source, place);
    vector::StoreOp::create(body, loc, line, destination, place);
  }
}

/// Returns the place, in elements, of (token, channel) in a part.
static AffineExpr placeIn(CacheType type, CacheContent content,
                          AffineExpr token, AffineExpr channel) {
  AffineExpr place =
      type.getMap(content).getResult(0).floorDiv(type.getElementBytes());
  return place.replaceDims({token, channel});
}

/// Channels that are written out one by one: in every layout, their places
/// differ by constants.
static constexpr int64_t kUnrolledChannels = 32;

/// Moves the elements of the keys, or the values, of one head in a page, and
/// writes zeros in the padding.
static void buildElementCopy(OpBuilder &builder, Location loc,
                             CacheContent content, const HeadOfPage &from,
                             const HeadOfPage &to) {
  auto type = cast<CacheType>(from.cache.getType());
  auto toType = cast<CacheType>(to.cache.getType());
  auto element = builder.getIntegerType(8 * type.getElementBytes());
  Value source = viewPart(builder, loc, from, content, element);
  Value destination = viewPart(builder, loc, to, content, element);
  Value zero = constantIndex(builder, loc, 0);
  Value one = constantIndex(builder, loc, 1);
  AffineExpr token, block;
  bindDims(builder.getContext(), token, block);
  /// Loops over the tokens of the page and over blocks of channels.
  auto buildLoops = [&](int64_t begin, int64_t end, auto buildChannel) {
    const int64_t unrolled = std::gcd(std::gcd(begin, end), kUnrolledChannels);
    scf::buildLoopNest(
        builder, loc, {zero, constantIndex(builder, loc, begin / unrolled)},
        {constantIndex(builder, loc, type.getPageTokens()),
         constantIndex(builder, loc, end / unrolled)},
        {one, one}, [&](OpBuilder &body, Location loc, ValueRange indices) {
          auto placeOf = [&](CacheType cache, AffineExpr channel) {
            return affine::expandAffineExpr(
                body, loc, placeIn(cache, content, token, channel), indices,
                {});
          };
          for (int64_t channel = 0; channel < unrolled; ++channel)
            buildChannel(body, placeOf, block * unrolled + channel);
        });
  };
  const int64_t headDim = type.getHeadDim();
  buildLoops(
      0, headDim, [&](OpBuilder &body, auto placeOf, AffineExpr channel) {
        Value moved =
            memref::LoadOp::create(body, loc, source, placeOf(type, channel));
        memref::StoreOp::create(body, loc, moved, destination,
                                placeOf(toType, channel));
      });
  const int64_t stored = toType.getLayout().getChannels(content, headDim);
  if (stored == headDim)
    return;
  Value padding =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
  buildLoops(headDim, stored,
             [&](OpBuilder &body, auto placeOf, AffineExpr channel) {
               memref::StoreOp::create(body, loc, padding, destination,
                                       placeOf(toType, channel));
             });
}

/// Copies the keys, or the values, of one head in a page.
static void buildCopy(OpBuilder &builder, Location loc, CacheContent content,
                      const HeadOfPage &from, const HeadOfPage &to) {
  auto type = cast<CacheType>(from.cache.getType());
  LayoutAttr layout = cast<CacheType>(to.cache.getType()).getLayout();
  if (type.getLayout().agreesWith(layout, content, type.getPageTokens(),
                                  type.getHeadDim(), type.getElementBytes()))
    buildByteCopy(builder, loc, content, from, to);
  else
    buildElementCopy(builder, loc, content, from, to);
}

/// Returns the pages of source and destination of entry `index`.
static std::pair<Value, Value> getPages(OpBuilder &builder, Location loc,
                                        RepackOp op, Value index) {
  if (!op.getPages())
    return {index, index};
  auto load = [&](int64_t column) -> Value {
    Value page = memref::LoadOp::create(
        builder, loc, op.getPages(),
        ValueRange{index, constantIndex(builder, loc, column)});
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      page);
  };
  Value source = load(0);
  return {source, load(1)};
}

static void decompose(RepackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  CacheType type = op.getSource().getType();
  Value heads = constantIndex(builder, loc, type.getNumHeads());
  Value pages =
      op.getPages()
          ? memref::DimOp::create(builder, loc, op.getPages(), 0).getResult()
          : CacheNumPagesOp::create(builder, loc, op.getSource()).getResult();
  Value count = arith::MulIOp::create(builder, loc, pages, heads);
  forEachInParallel(builder, loc, count, [&](OpBuilder &body, Value turn) {
    Value index = arith::DivUIOp::create(body, loc, turn, heads);
    Value head = arith::RemUIOp::create(body, loc, turn, heads);
    auto [page, toPage] = getPages(body, loc, op, index);
    HeadOfPage from{op.getSource(), page, head};
    HeadOfPage to{op.getDestination(), toPage, head};
    if (type.hasKeys())
      buildCopy(body, loc, CacheContent::Key, from, to);
    if (type.hasValues())
      buildCopy(body, loc, CacheContent::Value, from, to);
  });
  op.erase();
}

namespace {
struct DecomposeRepackPass
    : public fp8attn::impl::DecomposeRepackBase<DecomposeRepackPass> {
  using DecomposeRepackBase::DecomposeRepackBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<RepackOp> ops;
    getOperation().walk([&](RepackOp op) { ops.push_back(op); });
    for (RepackOp op : ops) {
      if (failed(checkLayouts(op)))
        return signalPassFailure();
      decompose(op);
    }
  }
};
} // namespace
