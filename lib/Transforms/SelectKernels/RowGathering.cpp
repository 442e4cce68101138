//===- RowGathering.cpp - tiles out of tokens that are rows ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are loaded 16 channels at a time, of as many tokens as fill whole lines.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/RowGathering.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/PackedCodes.h"
#include "Support/PairBlocks.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Channels that are loaded together; tokens of a line of keys, and of values.
static constexpr int64_t kChannels = 16, kKeyTokens = 16, kValueTokens = 4;

void mlir::fp8attn::gatherGranule(OpBuilder &builder, Location loc,
                                  const GatheredRows &gathered,
                                  Value firstToken) {
  const bool isKey = gathered.content == CacheContent::Key;
  const bool arePacked = gathered.elementBits < 8;
  const int64_t bytes = llvm::divideCeil(gathered.elementBits, 8);
  const int64_t together = isKey ? kKeyTokens : kValueTokens;
  // Of elements, or of bytes that have two.
  auto pageType = cast<MemRefType>(gathered.page.getType());
  auto partType = MemRefType::get({pageType.getNumElements() / bytes},
                                  builder.getIntegerType(8 * bytes));
  Value part =
      memref::ViewOp::create(builder, loc, partType, gathered.page,
                             constantIndex(builder, loc, 0), ValueRange());
  // Codes of 4 bits have indices as if they were bytes.
  AffineExpr place = gathered.map.getResult(0).floorDiv(bytes);
  if (arePacked)
    place = place * 2;
  auto load = [&](OpBuilder &body, Value row, Value channel) -> Value {
    if (arePacked)
      return loadPackedCodes(
          body, loc, gathered.rows,
          add(body, loc, multiply(body, loc, row, 2), channel), kChannels);
    auto type = VectorType::get({kChannels * bytes}, body.getI8Type());
    return vector::LoadOp::create(
        body, loc, type, gathered.rows,
        add(body, loc, row, multiply(body, loc, channel, bytes)));
  };
  forEach(builder, loc, FP8ATTN_GRANULE, together,
          [&](OpBuilder &outer, Value first) {
            SmallVector<Value> rows;
            for (int64_t i = 0; i < together; ++i) {
              Value token =
                  add(outer, loc, first, constantIndex(outer, loc, i));
              Value begin =
                  memref::LoadOp::create(outer, loc, gathered.begins, token);
              rows.push_back(arith::IndexCastOp::create(
                  outer, loc, outer.getIndexType(), begin));
            }
            Value token = add(outer, loc, firstToken, first);
            forEach(outer, loc, gathered.channels, kChannels,
                    [&](OpBuilder &body, Value channel) {
                      SmallVector<Value> loaded;
                      for (Value row : rows)
                        loaded.push_back(load(body, row, channel));
                      Value to =
                          add(body, loc, channel,
                              constantIndex(body, loc, gathered.firstChannel));
                      Value index = affine::expandAffineExpr(body, loc, place,
                                                             {token, to}, {});
                      storePairs(body, loc, isKey, {part, {index}, arePacked},
                                 loaded, /*streams=*/false);
                    });
          });
}
