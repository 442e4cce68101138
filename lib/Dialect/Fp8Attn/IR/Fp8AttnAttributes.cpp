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

#include "EnumNames.h"
#include "PackedElements.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/page_layout.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnAttributes.cpp.inc"

void Fp8AttnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnAttributes.cpp.inc"
      >();
}

Attribute CacheContentAttr::parse(AsmParser &parser, Type) {
  return parseEnumAttr<CacheContentAttr, CacheContent>(
      parser, "the content", getMaxEnumValForCacheContent());
}

void CacheContentAttr::print(AsmPrinter &printer) const {
  printer << ' ' << stringifyCacheContent(getValue());
}

Attribute AlignmentAttr::parse(AsmParser &parser, Type) {
  return parseEnumAttr<AlignmentAttr, Alignment>(parser, "the alignment",
                                                 getMaxEnumValForAlignment());
}

void AlignmentAttr::print(AsmPrinter &printer) const {
  printer << ' ' << stringifyAlignment(getValue());
}

Attribute PrecisionAttr::parse(AsmParser &parser, Type) {
  return parseEnumAttr<PrecisionAttr, Precision>(parser, "the precision",
                                                 getMaxEnumValForPrecision());
}

void PrecisionAttr::print(AsmPrinter &printer) const {
  printer << ' ' << stringifyPrecision(getValue());
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<LayoutKind> kind =
      parseEnum<LayoutKind>(parser, "the layout", getMaxEnumValForLayoutKind());
  if (failed(kind) || parser.parseGreater())
    return {};
  return get(parser.getContext(), *kind);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyLayoutKind(getKind()) << '>';
}

Attribute IsaAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<Isa> isa = parseEnum<Isa>(parser, "the ISA", getMaxEnumValForIsa());
  if (failed(isa) || parser.parseGreater())
    return {};
  return get(parser.getContext(), *isa);
}

void IsaAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyIsa(getValue()) << '>';
}

/// Lanes of a tile row: 16 pairs of bf16 in 64 bytes.
static constexpr int64_t kLanes = 16;
/// Elements along the reduction dimension in one tile: 16 rows of pairs.
static constexpr int64_t kReduction = 32;
static constexpr int64_t kLineBytes = 64;
/// FP8 elements that AMX-FP8 takes together.
static constexpr int64_t kQuad = 4;

/// Returns the byte, within its tile, of the element at place `reduce` (0 to
/// 31) of the reduction dimension and lane `lane` (0 to 15).
static AffineExpr byteInTile(AffineExpr reduce, AffineExpr lane,
                             int64_t elementBits) {
  AffineExpr row = reduce.floorDiv(2), half = reduce % 2;
  AffineExpr pair = lane * 2 + half;
  // bf16 rows are stored as they are loaded. FP8 rows are half as long: two of
  // them share a line, byte by byte. Of 4 bits, they share the bytes.
  if (elementBits == 16)
    return row * kLineBytes + pair * 2;
  if (elementBits == 4)
    return row.floorDiv(2) * (kLineBytes / 2) + pair;
  return row.floorDiv(2) * kLineBytes + pair * 2 + row % 2;
}

int64_t LayoutAttr::getChannels(CacheContent part, int64_t headDim) const {
  const bool isKey = part == CacheContent::Key;
  switch (getKind()) {
  case LayoutKind::Pairs:
    return llvm::alignTo(headDim, isKey ? kReduction : kLanes);
  case LayoutKind::Quads:
    return llvm::alignTo(headDim, isKey ? kQuadTile : kLanes);
  default:
    return headDim;
  }
}

bool LayoutAttr::hasRows(CacheContent part) const {
  switch (getKind()) {
  case LayoutKind::RowMajor:
  case LayoutKind::Hnd:
  case LayoutKind::Nhd:
  case LayoutKind::HndPacked:
  case LayoutKind::FlashMla:
    return true;
  case LayoutKind::VllmVector:
    return part == CacheContent::Value;
  default:
    return false;
  }
}

bool LayoutAttr::hasKernels() const {
  auto reads = [&](StringRef layout) {
    return stringifyLayoutKind(getKind()) == layout;
  };
#define FP8ATTN_KERNEL(op, in, cache, acc, M, N, K, isa, layout, exponent)     \
  if (reads(#layout))                                                          \
    return true;
#include "kernels.def"
  return false;
}

/// Keys reduce channels and have tokens in the lanes; values the other way
/// round. `channels` are those that are stored, with the padding.
static AffineExpr byteInPairs(CacheContent part, AffineExpr token,
                              AffineExpr channel, int64_t channels,
                              int64_t elementBits, int64_t pageTokens) {
  const int64_t together = fp8attn_tokens_together(pageTokens);
  if (together == 1)
    return byteOfElement(token * channels + channel, elementBits);
  const int64_t tileBytes = kLanes * kReduction * elementBits / 8;
  if (part == CacheContent::Key) {
    AffineExpr tile = token.floorDiv(kLanes) * (channels / kReduction) +
                      channel.floorDiv(kReduction);
    return tile * tileBytes +
           byteInTile(channel % kReduction, token % kLanes, elementBits);
  }
  // Tiles of 32 tokens, or halves of them.
  AffineExpr tile =
      token.floorDiv(together) * (channels / kLanes) + channel.floorDiv(kLanes);
  return tile * (tileBytes / kReduction * together) +
         byteInTile(token % together, channel % kLanes, elementBits);
}

/// Returns the element of a layout of groups of 2 or 4 along the reduced
/// dimension, 16 lanes of them a line. Keys are in stretches of 16 tokens that
/// run through `numReduced` channels, values in stretches of 16 channels that
/// run through `numReduced` tokens.
static AffineExpr elementInGroups(CacheContent part, AffineExpr token,
                                  AffineExpr channel, int64_t group,
                                  int64_t numReduced) {
  bool isKey = part == CacheContent::Key;
  AffineExpr lane = isKey ? token : channel;
  AffineExpr reduced = isKey ? channel : token;
  return lane.floorDiv(kLanes) * (kLanes * numReduced) +
         reduced.floorDiv(group) * (group * kLanes) + lane % kLanes * group +
         reduced % group;
}

/// Returns the element of AMX-FP8's layout: values are tiles of 64 tokens, all
/// channels of them before the next 64 tokens. `channels` are those stored.
static AffineExpr elementInQuads(CacheContent part, AffineExpr token,
                                 AffineExpr channel, int64_t channels) {
  if (part == CacheContent::Key)
    return elementInGroups(part, token, channel, kQuad, channels);
  return token.floorDiv(LayoutAttr::kQuadTile) *
             (LayoutAttr::kQuadTile * channels) +
         elementInGroups(part, token % LayoutAttr::kQuadTile, channel, kQuad,
                         LayoutAttr::kQuadTile);
}

AffineMap LayoutAttr::getMap(CacheContent part, int64_t pageTokens,
                             int64_t headDim, int64_t elementBits) const {
  AffineExpr token, channel;
  const int64_t elementBytes = elementBits / 8;
  bindDims(getContext(), token, channel);
  const bool isKey = part == CacheContent::Key;
  const int64_t channels = getChannels(part, headDim);
  const int64_t numReduced = isKey ? headDim : pageTokens;
  auto byte = [&]() -> AffineExpr {
    AffineExpr rowMajor = token * headDim + channel;
    switch (getKind()) {
    case LayoutKind::Pairs:
      return byteInPairs(part, token, channel, channels, elementBits,
                         pageTokens);
    case LayoutKind::RowMajor:
    case LayoutKind::Hnd:
    case LayoutKind::Nhd:
    case LayoutKind::HndPacked:
    case LayoutKind::FlashMla:
      return byteOfElement(rowMajor, elementBits);
    case LayoutKind::VllmAmx:
      return elementInGroups(part, token, channel, 2, numReduced) *
             elementBytes;
    case LayoutKind::VllmVector:
      // Keys are transposed: the scores of 16 tokens are a vector.
      return (isKey ? channel * pageTokens + token : rowMajor) * elementBytes;
    case LayoutKind::Quads:
      return elementInQuads(part, token, channel, channels);
    case LayoutKind::VllmAmxFp8:
      return elementInGroups(part, token, channel, kQuad, numReduced);
    }
    llvm_unreachable("all layouts are above");
  };
  return AffineMap::get(2, 0, byte());
}

bool LayoutAttr::agreesWith(LayoutAttr other, CacheContent part,
                            int64_t pageTokens, int64_t headDim,
                            int64_t elementBits) const {
  if (!hasContiguousHeads() || !other.hasContiguousHeads())
    return false;
  // The rows of a head are the same in both.
  auto kindOf = [](LayoutAttr layout) {
    return layout.getKind() == LayoutKind::Hnd ? LayoutKind::RowMajor
                                               : layout.getKind();
  };
  const LayoutKind kind = kindOf(*this), otherKind = kindOf(other);
  if (kind == otherKind)
    return true;
  auto areKinds = [&](LayoutKind a, LayoutKind b) {
    return (kind == a && otherKind == b) || (kind == b && otherKind == a);
  };
  bool isKey = part == CacheContent::Key;
  if (areKinds(LayoutKind::RowMajor, LayoutKind::VllmVector))
    return !isKey;
  // Stretches of keys are tiles one after the other, without padding; those of
  // values too if the page is one tile long.
  if (areKinds(LayoutKind::Quads, LayoutKind::VllmAmxFp8))
    return isKey || pageTokens == kQuadTile;
  // Pairs of bf16 in lines of 16 lanes are the same; groups of keys are tiles
  // one after the other if they have no padding, those of values if there is
  // only one, or the page is one stretch of tokens.
  if (!areKinds(LayoutKind::Pairs, LayoutKind::VllmAmx) || elementBits != 16)
    return false;
  return isKey ? headDim % kReduction == 0
               : headDim == kLanes ||
                     (headDim % kLanes == 0 &&
                      pageTokens == fp8attn_tokens_together(pageTokens));
}
