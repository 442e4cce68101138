//===- Fp8AttnTypes.cpp - the cache type and handles ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Implements the types and says which caches are accepted.
//
//===----------------------------------------------------------------------===//

#include "EnumNames.h"
#include "Limits.h"
#include "PackedElements.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

#define GET_TYPEDEF_CLASSES
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.cpp.inc"

void Fp8AttnDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.cpp.inc"
      >();
}

static constexpr StringLiteral kCacheExample =
    "!fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, "
    "f8E4M3FN, #fp8attn.layout<pairs>>";

/// Parses the number of `name = NUMBER` of a cache.
static ParseResult parseNumber(AsmParser &parser, StringRef name,
                               int64_t &size) {
  if (parser.parseEqual())
    return failure();
  const SMLoc loc = parser.getCurrentLocation();
  OptionalParseResult parsed = parser.parseOptionalInteger(size);
  if (!parsed.has_value())
    return parser.emitError(loc)
           << "expects " << name << " of a cache to be a number";
  return *parsed;
}

/// Parses `, name = NUMBER` of a cache, of which the comma may be taken
/// already; `example` has one.
static ParseResult parseSize(AsmParser &parser, StringRef name, int64_t &size,
                             StringRef example = kCacheExample,
                             bool isBehindComma = false) {
  const SMLoc loc = parser.getCurrentLocation();
  if ((!isBehindComma && failed(parser.parseOptionalComma())) ||
      failed(parser.parseOptionalKeyword(name)))
    return parser.emitError(loc)
           << "expects ', " << name << " = N', as in " << example;
  return parseNumber(parser, name, size);
}

Type CacheType::parse(AsmParser &parser) {
  const SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  FailureOr<CacheContent> content = parseEnum<CacheContent>(
      parser, "the content of a cache", getMaxEnumValForCacheContent());
  int64_t heads, headDim, valueHeadDim, ropeHeadDim = 0, page;
  Type element;
  LayoutAttr layout;
  if (failed(content) || parseSize(parser, "heads", heads) ||
      parseSize(parser, "head_dim", headDim))
    return {};
  valueHeadDim = headDim;
  bool isBehindComma = false;
  if (*content == CacheContent::Latent) {
    if (parseSize(parser, "value_head_dim", valueHeadDim,
                  "!fp8attn.cache<latent, heads = 1, head_dim = 576, "
                  "value_head_dim = 512, page = 32, f8E4M3FN>"))
      return {};
    isBehindComma = succeeded(parser.parseOptionalComma());
    if (isBehindComma &&
        succeeded(parser.parseOptionalKeyword("rope_head_dim"))) {
      if (parseNumber(parser, "rope_head_dim", ropeHeadDim))
        return {};
      isBehindComma = false;
    }
  }
  if (parseSize(parser, "page", page, kCacheExample, isBehindComma) ||
      parser.parseComma() || parser.parseType(element))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      parser.parseCustomAttributeWithFallback(layout))
    return {};
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *content, heads, headDim, valueHeadDim, ropeHeadDim, page,
                    element, layout);
}

void CacheType::print(AsmPrinter &printer) const {
  printer << '<' << stringifyCacheContent(getContent())
          << ", heads = " << getNumHeads() << ", head_dim = " << getHeadDim();
  if (isLatent())
    printer << ", value_head_dim = " << getValueHeadDim();
  if (isMixed())
    printer << ", rope_head_dim = " << getRopeHeadDim();
  printer << ", page = " << getPageTokens() << ", " << getElementType();
  if (getLayout()) {
    printer << ", ";
    printer.printStrippedAttrOrType(getLayout());
  }
  printer << '>';
}

/// Channels of values, and tokens of keys, that vLLM's AMX layout keeps
/// together.
static constexpr int64_t kVllmLanes = 16;

/// Checks a cache whose tokens are rows of codes, their scales and bf16.
static LogicalResult
verifyFlashMla(function_ref<InFlightDiagnostic()> emitError, int64_t codedDim,
               int64_t ropeHeadDim, Type elementType, LayoutAttr layout) {
  constexpr int64_t kTogether = CacheType::kRowChannelsPerScale;
  // cache_c14
  if (ropeHeadDim == 0)
    return emitError() << "expects rope_head_dim in " << layout
                       << ", whose rows end with bf16 channels, got none";
  if (!isa<Float8E4M3FNType>(elementType))
    return emitError() << "expects elements of f8E4M3FN in " << layout
                       << ", got " << elementType;
  if (codedDim % kTogether != 0)
    return emitError() << "expects the channels before rope_head_dim to be a "
                          "multiple of "
                       << kTogether << " in " << layout
                       << ", because so many have a scale, got " << codedDim;
  return success();
}

/// Checks a cache whose keys have channels of two element types: its parts are
/// caches of whole tiles, which share their pages.
static LogicalResult verifyMixed(function_ref<InFlightDiagnostic()> emitError,
                                 CacheContent content, int64_t numHeads,
                                 int64_t headDim, int64_t valueHeadDim,
                                 int64_t ropeHeadDim, Type elementType,
                                 LayoutAttr layout) {
  // cache_c12
  constexpr int64_t kTileChannels = 32;
  const int64_t codedDim = headDim - ropeHeadDim;
  if (ropeHeadDim < 1 || ropeHeadDim % kTileChannels != 0 ||
      codedDim % kTileChannels != 0 || codedDim < valueHeadDim)
    return emitError() << "expects rope_head_dim and the channels before it to "
                          "be multiples of "
                       << kTileChannels
                       << ", and these at least value_head_dim ("
                       << valueHeadDim << "), got " << ropeHeadDim << " of "
                       << headDim;
  // cache_c13
  auto refuse = [&](const Twine &expected, auto got) -> LogicalResult {
    return emitError() << "expects " << expected
                       << " beside rope_head_dim, got " << got;
  };
  if (content != CacheContent::Latent)
    return refuse("a latent cache", stringifyCacheContent(content));
  if (numHeads != 1)
    return refuse("1 head", numHeads);
  const bool isFlashMla = layout && layout.getKind() == LayoutKind::FlashMla;
  if (isa<BFloat16Type>(elementType))
    return refuse("elements that are codes", elementType);
  if (layout && layout.getKind() != LayoutKind::Pairs && !isFlashMla)
    return refuse("the layout pairs or flash_mla",
                  stringifyLayoutKind(layout.getKind()));
  return success();
}

/// Returns what a layout demands a page to be a multiple of; that of quads is
/// said by a constraint of its own.
static int64_t getPageGranule(LayoutAttr layout) {
  return layout && layout.getKind() == LayoutKind::VllmAmx ? kVllmLanes : 1;
}

LogicalResult CacheType::verify(function_ref<InFlightDiagnostic()> emitError,
                                CacheContent content, int64_t numHeads,
                                int64_t headDim, int64_t valueHeadDim,
                                int64_t ropeHeadDim, int64_t pageTokens,
                                Type elementType, LayoutAttr layout) {
  // cache_c1
  if (numHeads < 1 || numHeads > kMaxHeads)
    return emitError() << "expects heads to be 1 to " << kMaxHeads << ", got "
                       << numHeads;
  // cache_c2
  if (!isHeadDim(headDim))
    return emitError() << "expects head_dim to be a multiple of "
                       << kHeadDimGranule << " up to " << kMaxHeadDim
                       << ", got " << headDim;
  // cache_c10
  const bool isLatent = content == CacheContent::Latent;
  if (isLatent && (!isHeadDim(valueHeadDim) || valueHeadDim > headDim))
    return emitError() << "expects value_head_dim to be a multiple of "
                       << kHeadDimGranule << " up to head_dim (" << headDim
                       << "), got " << valueHeadDim;
  if (!isLatent && valueHeadDim != headDim)
    return emitError() << "expects value_head_dim to be head_dim (" << headDim
                       << ") but in a latent cache, got " << valueHeadDim;
  // cache_c3
  const int64_t granule = getPageGranule(layout);
  if (pageTokens < 1 || pageTokens > kMaxPageTokens ||
      pageTokens % granule != 0) {
    if (granule == 1)
      return emitError() << "expects page to be 1 to " << kMaxPageTokens
                         << ", got " << pageTokens;
    return emitError() << "expects page to be a multiple of " << granule
                       << " up to " << kMaxPageTokens
                       << ", because the layout keeps " << granule
                       << " tokens together, got " << pageTokens;
  }
  // cache_c4
  if (!isa<Float8E4M3FNType, Float8E5M2Type, Float4E2M1FNType, BFloat16Type,
           Float8E4M3FNUZType>(elementType) &&
      !elementType.isSignlessInteger(8) && !elementType.isSignlessInteger(4))
    return emitError() << "expects elements of f8E4M3FN, f8E5M2, f4E2M1FN, i8, "
                          "i4 or bf16, got "
                       << elementType;
  if (isa<Float8E4M3FNUZType>(elementType) &&
      (!layout || !layout.isForExchange()))
    return emitError() << "expects a layout for exchange with other programs, "
                          "because the elements are "
                       << elementType << ", got "
                       << (layout ? stringifyLayoutKind(layout.getKind())
                                  : "none");
  if (ropeHeadDim != 0 &&
      failed(verifyMixed(emitError, content, numHeads, headDim, valueHeadDim,
                         ropeHeadDim, elementType, layout)))
    return failure();
  if (layout && layout.getKind() == LayoutKind::FlashMla &&
      failed(verifyFlashMla(emitError, headDim - ropeHeadDim, ropeHeadDim,
                            elementType, layout)))
    return failure();
  if (!layout)
    return success();
  // cache_c11
  if (elementType.getIntOrFloatBitWidth() < 8 &&
      layout.getKind() != LayoutKind::Pairs &&
      !layout.hasRows(CacheContent::Key))
    return emitError() << "expects the layout pairs, or one of rows, because "
                          "two elements of "
                       << elementType << " are in a byte, got "
                       << stringifyLayoutKind(layout.getKind());
  // cache_c5
  if (layout.getKind() == LayoutKind::VllmAmx && content != CacheContent::Key &&
      !isLatent && headDim % kVllmLanes != 0)
    return emitError() << "expects head_dim of " << layout
                       << " to be a multiple of " << kVllmLanes
                       << " where there are values, got " << headDim;
  // cache_c6
  if (layout.getKind() == LayoutKind::VllmAmxFp8 &&
      headDim % LayoutAttr::kQuadTile != 0)
    return emitError() << "expects head_dim of " << layout
                       << " to be a multiple of " << LayoutAttr::kQuadTile
                       << ", got " << headDim;
  // cache_c7
  if (layout.hasQuads() &&
      (isa<BFloat16Type>(elementType) || elementType.isInteger()))
    return emitError() << "expects FP8 elements in " << layout << ", got "
                       << elementType;
  // cache_c8
  if (layout.hasQuads() && pageTokens % LayoutAttr::kQuadTile != 0)
    return emitError() << "expects page of " << layout
                       << " to be a multiple of " << LayoutAttr::kQuadTile
                       << ", got " << pageTokens;
  // cache_c9
  if (layout.getKind() == LayoutKind::HndPacked &&
      content != CacheContent::KeyValue)
    return emitError() << "expects keys and values in " << layout
                       << ", which has them side by side, got "
                       << stringifyCacheContent(content);
  return success();
}

bool CacheType::isQuantized() const {
  return !isa<BFloat16Type>(getElementType());
}

int64_t CacheType::getElementBits() const {
  return getElementType().getIntOrFloatBitWidth();
}

int64_t CacheType::getElementBytes() const {
  return llvm::divideCeil(getElementBits(), 8);
}

CacheType CacheType::getCodedPart() const {
  return get(getContext(), CacheContent::Latent, getNumHeads(), getCodedDim(),
             getValueHeadDim(), /*ropeHeadDim=*/0, getPageTokens(),
             getElementType(), getLayout());
}

CacheType CacheType::getRopePart() const {
  return get(getContext(), CacheContent::Key, getNumHeads(), getRopeHeadDim(),
             getPageTokens(), BFloat16Type::get(getContext()), getLayout());
}

CacheType CacheType::withHeads(int64_t heads) const {
  return get(getContext(), getContent(), heads, getHeadDim(), getValueHeadDim(),
             getRopeHeadDim(), getPageTokens(), getElementType(), getLayout());
}

int64_t CacheType::getKeyBytes() const {
  if (!hasKeys())
    return 0;
  if (isFlashMla())
    return getPageTokens() * getRowBytes();
  if (isMixed())
    return getCodedPart().getPageBytes() + getRopePart().getPageBytes();
  return getPageTokens() *
         getLayout().getChannels(CacheContent::Key, getHeadDim()) *
         getElementBits() / 8;
}

int64_t CacheType::getValueBytes() const {
  if (!hasValues())
    return 0;
  return getPageTokens() *
         getLayout().getChannels(CacheContent::Value, getHeadDim()) *
         getElementBits() / 8;
}

namespace {
/// Where a page has rows of the channels of one token and head, as most engines
/// on GPUs have it: how many rows on the next token is, the next head, and the
/// value of a key.
struct Rows {
  int64_t toToken, toHead, toValue;
};
} // namespace

static std::optional<Rows> getRows(CacheType type) {
  const int64_t heads = type.getNumHeads(), tokens = type.getPageTokens();
  switch (type.getLayout().getKind()) {
  case LayoutKind::Hnd:
    return Rows{1, tokens, heads * tokens};
  case LayoutKind::Nhd:
    return Rows{heads, 1, heads * tokens};
  case LayoutKind::HndPacked:
    return Rows{2, 2 * tokens, 1};
  default:
    return std::nullopt;
  }
}

static int64_t getHeadRowBytes(CacheType type) {
  return type.getHeadDim() * type.getElementBits() / 8;
}

int64_t CacheType::getHeadBytes() const {
  if (std::optional<Rows> rows = getRows(*this))
    return rows->toHead * getHeadRowBytes(*this);
  return getKeyBytes() + getValueBytes();
}

int64_t CacheType::getValueOffset() const {
  if (!hasKeys())
    return 0;
  if (std::optional<Rows> rows = getRows(*this))
    return rows->toValue * getHeadRowBytes(*this);
  return getKeyBytes();
}

int64_t CacheType::getPagesPerPage(CacheType other) const {
  return std::max<int64_t>(1, other.getPageTokens() / getPageTokens());
}

int64_t CacheType::getPageBytes() const {
  const int64_t bytes = getNumHeads() * (getKeyBytes() + getValueBytes());
  // Tiles are cache lines, rows of a few tokens need not be.
  constexpr int64_t kLineBytes = 64;
  return getLayout().getKind() == LayoutKind::Pairs
             ? llvm::alignTo(bytes, kLineBytes)
             : bytes;
}

AffineMap CacheType::getMap(CacheContent part) const {
  assert(!isMixed() && "the parts have maps of their own");
  std::optional<Rows> rows = getRows(*this);
  if (!rows)
    return getLayout().getMap(part, getPageTokens(), getHeadDim(),
                              getElementBits());
  AffineExpr token, channel;
  bindDims(getContext(), token, channel);
  return AffineMap::get(
      2, 0,
      byteOfElement(token * (rows->toToken * getHeadDim()) + channel,
                    getElementBits()));
}

int64_t CacheType::getPartBytes(CacheContent part) const {
  if (std::optional<Rows> rows = getRows(*this))
    return ((getPageTokens() - 1) * rows->toToken + 1) * getHeadRowBytes(*this);
  return part == CacheContent::Key ? getKeyBytes() : getValueBytes();
}
