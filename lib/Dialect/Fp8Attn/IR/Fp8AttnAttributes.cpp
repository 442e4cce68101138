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
  return getKind() == LayoutKind::Pairs ? llvm::alignTo(headDim, kReduction)
                                        : headDim;
}

int64_t LayoutAttr::getValueChannels(int64_t headDim) const {
  return getKind() == LayoutKind::Pairs ? llvm::alignTo(headDim, kLanes)
                                        : headDim;
}

/// Keys reduce channels and have tokens in the lanes; values the other way
/// round. `channels` are those that are stored, with the padding.
static AffineExpr byteInPairs(CacheContent part, AffineExpr token,
                              AffineExpr channel, int64_t channels,
                              int64_t elementBytes) {
  int64_t tileBytes = kLanes * kReduction * elementBytes;
  if (part == CacheContent::Key) {
    AffineExpr tile = token.floorDiv(kLanes) * (channels / kReduction) +
                      channel.floorDiv(kReduction);
    return tile * tileBytes +
           byteInTile(channel % kReduction, token % kLanes, elementBytes);
  }
  AffineExpr tile = token.floorDiv(kReduction) * (channels / kLanes) +
                    channel.floorDiv(kLanes);
  return tile * tileBytes +
         byteInTile(token % kReduction, channel % kLanes, elementBytes);
}

/// Returns the element of vLLM's AMX layout: pairs along the reduced dimension,
/// 16 lanes of them. Keys are in groups of 16 tokens, values in groups of 16
/// channels that run through the whole page.
static AffineExpr elementInVllmAmx(CacheContent part, AffineExpr token,
                                   AffineExpr channel, int64_t pageTokens,
                                   int64_t headDim) {
  bool isKey = part == CacheContent::Key;
  AffineExpr lane = isKey ? token : channel;
  AffineExpr reduced = isKey ? channel : token;
  int64_t numReduced = isKey ? headDim : pageTokens;
  return lane.floorDiv(kLanes) * (kLanes * numReduced) +
         reduced.floorDiv(2) * (2 * kLanes) + lane % kLanes * 2 + reduced % 2;
}

AffineMap LayoutAttr::getMap(CacheContent part, int64_t pageTokens,
                             int64_t headDim, int64_t elementBytes) const {
  AffineExpr token, channel;
  bindDims(getContext(), token, channel);
  auto byte = [&]() -> AffineExpr {
    AffineExpr rowMajor = token * headDim + channel;
    switch (getKind()) {
    case LayoutKind::Pairs:
      return byteInPairs(part, token, channel,
                         part == CacheContent::Key ? getKeyChannels(headDim)
                                                   : getValueChannels(headDim),
                         elementBytes);
    case LayoutKind::RowMajor:
      return rowMajor * elementBytes;
    case LayoutKind::VllmAmx:
      return elementInVllmAmx(part, token, channel, pageTokens, headDim) *
             elementBytes;
    case LayoutKind::VllmVector:
      // Keys are transposed: the scores of 16 tokens are a vector.
      return (part == CacheContent::Key ? channel * pageTokens + token
                                        : rowMajor) *
             elementBytes;
    }
    llvm_unreachable("all layouts are above");
  };
  return AffineMap::get(2, 0, byte());
}

bool LayoutAttr::agreesWith(LayoutAttr other, CacheContent part,
                            int64_t pageTokens, int64_t headDim,
                            int64_t elementBytes) const {
  if (*this == other)
    return true;
  auto areKinds = [&](LayoutKind a, LayoutKind b) {
    return (getKind() == a && other.getKind() == b) ||
           (getKind() == b && other.getKind() == a);
  };
  bool isKey = part == CacheContent::Key;
  if (areKinds(LayoutKind::RowMajor, LayoutKind::VllmVector))
    return !isKey;
  // Pairs of bf16 in lines of 16 lanes are the same; groups of keys are tiles
  // one after the other if they have no padding, those of values if there is
  // only one, or the page is one granule.
  if (!areKinds(LayoutKind::Pairs, LayoutKind::VllmAmx) || elementBytes != 2)
    return false;
  return isKey ? headDim % kReduction == 0
               : headDim == kLanes ||
                     (headDim % kLanes == 0 && pageTokens == kReduction);
}
