//===- Fp8AttnAttributes.cpp - attributes and the cache layout ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Implements the attributes; the affine maps of the cache layout are the
// definition that the runtime's offset formulas are tested against.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnAttributes.cpp.inc"

void Fp8AttnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnAttributes.cpp.inc"
      >();
}

/// Lanes of a tile row: 16 pairs of bf16 in 64 bytes.
static constexpr int64_t kLanes = 16;
/// Elements along the reduction dimension in one tile: 16 rows of pairs.
static constexpr int64_t kReduction = 32;
static constexpr int64_t kLineBytes = 64;

/// Returns the byte, within its tile, of the element at place `reduce` (0 to
/// 31) of the reduction dimension and lane `lane` (0 to 15).
static AffineExpr byteInTile(AffineExpr reduce, AffineExpr lane,
                             int64_t elementBytes) {
  AffineExpr row = reduce.floorDiv(2), half = reduce % 2;
  AffineExpr pair = lane * 2 + half;
  // bf16 rows are stored as they are loaded. FP8 rows are half as long: two of
  // them share a line, byte by byte.
  if (elementBytes == 2)
    return row * kLineBytes + pair * 2;
  return row.floorDiv(2) * kLineBytes + pair * 2 + row % 2;
}

int64_t LayoutAttr::getKeyChannels(int64_t headDim) const {
  return llvm::alignTo(headDim, kReduction);
}

int64_t LayoutAttr::getValueChannels(int64_t headDim) const {
  return llvm::alignTo(headDim, kLanes);
}

AffineMap LayoutAttr::getKeyMap(int64_t headDim, int64_t elementBytes) const {
  AffineExpr token, channel;
  bindDims(getContext(), token, channel);
  int64_t tileBytes = kLanes * kReduction * elementBytes;
  AffineExpr tile =
      token.floorDiv(kLanes) * (getKeyChannels(headDim) / kReduction) +
      channel.floorDiv(kReduction);
  return AffineMap::get(2, 0,
                        tile * tileBytes + byteInTile(channel % kReduction,
                                                      token % kLanes,
                                                      elementBytes));
}

AffineMap LayoutAttr::getValueMap(int64_t headDim, int64_t elementBytes) const {
  AffineExpr token, channel;
  bindDims(getContext(), token, channel);
  int64_t tileBytes = kLanes * kReduction * elementBytes;
  AffineExpr tile =
      token.floorDiv(kReduction) * (getValueChannels(headDim) / kLanes) +
      channel.floorDiv(kLanes);
  return AffineMap::get(2, 0,
                        tile * tileBytes + byteInTile(token % kReduction,
                                                      channel % kLanes,
                                                      elementBytes));
}
