//===- DecomposeRepack.cpp - repacks to loops over elements ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes repack out as a parallel loop over pages and heads around loops over
// tokens and blocks of channels, addressed by the affine maps of the layouts.
// The loops move elements and compute nothing, so that one body serves every
// ISA.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <numeric>

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEREPACK
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

static void emitChecks(RepackOp op) {
  OpBuilder builder = getCheckBuilder(op);
  Location loc = op.getLoc();
  Value pages = CacheNumPagesOp::create(builder, loc, op.getDestination());
  Value sourcePages = CacheNumPagesOp::create(builder, loc, op.getSource());
  CheckSizeOp::create(builder, loc,
                      builder.getStringAttr("pages of destination"), pages,
                      builder.getStringAttr("pages of source"), sourcePages);
  emitOverlapCheck(op, {{"destination", op.getDestination()}}, {},
                   {{"source", op.getSource()}});
}

/// Returns the elements of one head's keys or values in a page, as integers of
/// their size, in the order of their bytes.
static Value viewPart(OpBuilder &builder, Location loc, Value cache,
                      CacheContent content, Value page, Value head) {
  auto type = cast<CacheType>(cache.getType());
  Value bytes =
      CachePartOp::create(builder, loc, cache, head,
                          CacheContentAttr::get(builder.getContext(), content));
  Value begin = arith::MulIOp::create(
      builder, loc, page, constantIndex(builder, loc, type.getPageBytes()));
  auto element = builder.getIntegerType(8 * type.getElementBytes());
  auto part =
      MemRefType::get({type.getPageTokens() * type.getHeadDim()}, element);
  return memref::ViewOp::create(builder, loc, part, bytes, begin, ValueRange());
}

/// Returns the place, in elements, of (token, channel) in a part.
static AffineExpr placeIn(CacheType type, CacheContent content,
                          AffineExpr token, AffineExpr channel) {
  AffineMap bytes = type.getLayout().getMap(
      content, type.getPageTokens(), type.getHeadDim(), type.getElementBytes());
  AffineExpr place = bytes.getResult(0).floorDiv(type.getElementBytes());
  return place.replaceDims({token, channel});
}

/// Channels that are written out one by one: in every layout, their places
/// differ by constants.
static constexpr int64_t kUnrolledChannels = 32;

/// Copies the keys, or the values, of one head in a page.
static void buildCopy(OpBuilder &builder, Location loc, RepackOp op,
                      CacheContent content, Value page, Value head) {
  CacheType type = op.getSource().getType();
  Value source = viewPart(builder, loc, op.getSource(), content, page, head);
  Value destination =
      viewPart(builder, loc, op.getDestination(), content, page, head);
  const int64_t unrolled = std::gcd(type.getHeadDim(), kUnrolledChannels);
  Value zero = constantIndex(builder, loc, 0);
  Value one = constantIndex(builder, loc, 1);
  AffineExpr token, block;
  bindDims(builder.getContext(), token, block);
  scf::buildLoopNest(
      builder, loc, {zero, zero},
      {constantIndex(builder, loc, type.getPageTokens()),
       constantIndex(builder, loc, type.getHeadDim() / unrolled)},
      {one, one}, [&](OpBuilder &body, Location loc, ValueRange indices) {
        auto placeOf = [&](CacheType cache, int64_t channel) {
          return affine::expandAffineExpr(
              body, loc,
              placeIn(cache, content, token, block * unrolled + channel),
              indices, {});
        };
        for (int64_t channel = 0; channel < unrolled; ++channel) {
          Value element =
              memref::LoadOp::create(body, loc, source, placeOf(type, channel));
          memref::StoreOp::create(
              body, loc, element, destination,
              placeOf(op.getDestination().getType(), channel));
        }
      });
}

static void decompose(RepackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  CacheType type = op.getSource().getType();
  Value heads = constantIndex(builder, loc, type.getNumHeads());
  Value pages = CacheNumPagesOp::create(builder, loc, op.getSource());
  Value count = arith::MulIOp::create(builder, loc, pages, heads);
  scf::ForallOp::create(
      builder, loc, ArrayRef<OpFoldResult>{count}, ValueRange(), std::nullopt,
      [&](OpBuilder &body, Location loc, ValueRange arguments) {
        Value page =
            arith::DivUIOp::create(body, loc, arguments.front(), heads);
        Value head =
            arith::RemUIOp::create(body, loc, arguments.front(), heads);
        if (type.hasKeys())
          buildCopy(body, loc, op, CacheContent::Key, page, head);
        if (type.hasValues())
          buildCopy(body, loc, op, CacheContent::Value, page, head);
        scf::InParallelOp::create(body, loc);
      });
  op.erase();
}

namespace {
struct DecomposeRepackPass
    : public fp8attn::impl::DecomposeRepackBase<DecomposeRepackPass> {
  using DecomposeRepackBase::DecomposeRepackBase;

  void runOnOperation() override {
    SmallVector<RepackOp> ops;
    getOperation().walk([&](RepackOp op) { ops.push_back(op); });
    for (RepackOp op : ops) {
      if (runtimeChecks)
        emitChecks(op);
      decompose(op);
    }
  }
};
} // namespace
