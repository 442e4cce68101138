//===- RowScales.cpp - scales that stand in rows --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Words are copied, NaN and all, one by one: a token of 512 channels has four.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/RowScales.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/ScaleLoads.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// A memref of f32, and the indices of an element.
struct ScalePlace {
  Value memref;
  SmallVector<Value> indices;
};
} // namespace

/// Returns where scale `index` of a token is in one of the caches.
static ScalePlace placeOf(OpBuilder &builder, RepackOp op,
                          const RepackSide &side, CacheType cache,
                          const TokenPlace &token, Value head, int64_t index) {
  Location loc = op.getLoc();
  if (!side.isInterleaved()) {
    Value channel =
        constantIndex(builder, loc, index * CacheType::kRowChannelsPerScale);
    return {op.getKeyScale(),
            getScaleIndices(builder, loc, *op.getKeyScaleMap(),
                            {token.page, head, token.token, channel})};
  }
  const int64_t wordBytes = sizeof(float);
  constexpr unsigned kWordBits = 32;
  Value words = side.viewPart(builder, loc, token.page,
                              builder.getIntegerType(kWordBits));
  // They stand behind the codes.
  Value row = arith::MulIOp::create(
      builder, loc, token.token,
      constantIndex(builder, loc, cache.getRowBytes() / wordBytes));
  return {words,
          {arith::AddIOp::create(
              builder, loc, row,
              constantIndex(builder, loc,
                            cache.getCodedDim() / wordBytes + index))}};
}

void mlir::fp8attn::moveRowScales(OpBuilder &builder, RepackOp op,
                                  const Turn &turn, const PartMove &move) {
  const CacheType source = op.getSource().getType();
  const CacheType destination = op.getDestination().getType();
  if (!source.isFlashMla() && !destination.isFlashMla())
    return;
  Location loc = op.getLoc();
  const RepackSide from(op, move.source, /*isSource=*/true, turn.entry,
                        turn.head, /*streams=*/false);
  const RepackSide to(op, move.destination, /*isSource=*/false, turn.entry,
                      turn.head, /*streams=*/false);
  auto moveToken = [&](OpBuilder &body, const TokenPlace &read,
                       const TokenPlace &written) {
    for (int64_t i = 0; i < source.getRowScales(); ++i) {
      ScalePlace at = placeOf(body, op, from, source, read, turn.head, i);
      Value scale = memref::LoadOp::create(body, loc, at.memref, at.indices);
      ScalePlace place =
          placeOf(body, op, to, destination, written, turn.head, i);
      Type element = cast<MemRefType>(place.memref.getType()).getElementType();
      if (scale.getType() != element)
        scale = arith::BitcastOp::create(body, loc, element, scale);
      memref::StoreOp::create(body, loc, scale, place.memref, place.indices);
    }
  };
  const int64_t tokens =
      std::max(source.getPageTokens(), destination.getPageTokens());
  forEach(builder, loc, tokens, 1, [&](OpBuilder &body, Value token) {
    ifPresent(body, loc, from, to, token, moveToken);
  });
}
