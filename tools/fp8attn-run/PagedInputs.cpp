//===- PagedInputs.cpp - inputs of operations on caches -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bytes of a cache that belong to no token stay 0xFF: NaN.
//
//===----------------------------------------------------------------------===//

#include "InputMaker.h"

#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Reference/Fp8.h"

#include <cmath>
#include <cstring>
#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

const PageTable &InputMaker::getPages(CacheType type) {
  auto [entry, isNew] = pageTables.try_emplace(type.getPageTokens());
  if (isNew)
    entry->second = makePageTable(batch, type.getPageTokens(), random);
  return entry->second;
}

/// Writes the keys, or the values, of all tokens of all sequences and prefixes.
void InputMaker::writePrompt(const reference::CachePart &part,
                             const reference::Scales &scales,
                             const PageTable &pages, bool isKey) {
  constexpr fp8attn_type kType = FP8ATTN_TYPE_BF16;
  const int64_t rowBytes = part.headDim * reference::elementBytes(kType);
  std::vector<uint8_t> token(part.heads * rowBytes);
  const reference::HeadTensor source{token.data(), 1, 0, part.headDim, kType};
  const float sinkKey =
      kSinkLogit / kSinkQuery * std::sqrt(static_cast<float>(part.headDim));
  const auto writeToken = [&](int64_t slot, bool isFirst) {
    for (int64_t head = 0; head < part.heads; ++head) {
      uint8_t *row = token.data() + head * rowBytes;
      fillRow(row, part.headDim, kType);
      if (isKey && isFirst)
        reference::encodeElement(sinkKey, row, kType);
    }
    reference::writeCache(part, source, &slot, scales);
  };
  for (int64_t s = 0; s < batch.numSeqs(); ++s)
    for (int64_t t = 0; t < batch.seqLens[s]; ++t)
      writeToken(pages.slot(s, t), t == 0);
  for (int64_t g = 0; g < batch.numGroups(); ++g)
    for (int64_t t = 0; t < batch.prefixLens[g]; ++t)
      writeToken(pages.prefixSlot(g, t), t == 0);
}

/// Sizes a scale of a cache as its map says.
static SmallVector<int64_t> getScaleSizes(Value scale, AffineMap map,
                                          CacheType cache, int64_t numPages) {
  SmallVector<int64_t> sizes;
  for (AffineExpr result : map.getResults()) {
    std::optional<IndexRange> range = getIndexRange(result, cache);
    sizes.push_back(range->most + range->perPage * (numPages - 1) + 1);
  }
  // A static size may be larger than needed.
  ArrayRef<int64_t> shape = cast<MemRefType>(scale.getType()).getShape();
  for (auto [size, given] : llvm::zip(sizes, shape))
    size = ShapedType::isDynamic(given) ? size : std::max(size, given);
  return sizes;
}

LogicalResult InputMaker::makeCacheScale(Value scale,
                                         std::optional<AffineMap> map,
                                         CacheType cache, int64_t numPages) {
  return scale ? makeScale(scale, getScaleSizes(scale, *map, cache, numPages))
               : success();
}

template <typename Op>
LogicalResult InputMaker::makeCacheScales(Op op, CacheType keys,
                                          CacheType values, int64_t numPages) {
  if (failed(makeCacheScale(op.getKeyScale(), op.getKeyScaleMap(), keys,
                            numPages)))
    return failure();
  return makeCacheScale(op.getValueScale(), op.getValueScaleMap(), values,
                        numPages);
}

template <typename Op> LogicalResult InputMaker::makeCacheScales(Op op) {
  const CacheType keys = op.getKeyCacheType(), values = op.getValueCacheType();
  const int64_t numPages = getPages(keys).numPages;
  if (failed(makeScale(op.getKeyOuterScale(), keys.getNumHeads())) ||
      failed(makeScale(op.getValueOuterScale(), values.getNumHeads())) ||
      failed(makeCacheScale(op.getKeyZeroPoint(), op.getKeyZeroPointMap(), keys,
                            numPages)) ||
      failed(makeCacheScale(op.getValueZeroPoint(), op.getValueZeroPointMap(),
                            values, numPages)))
    return failure();
  return makeCacheScales(op, keys, values, numPages);
}

template <typename Op> void InputMaker::makeCaches(Op op) {
  Value keyCache = op.getKeyCache(), valueCache = op.getValueCache();
  const PageTable &pages = getPages(op.getKeyCacheType());
  if (arguments[keyCache].isAllocated())
    return;
  arguments.allocateCache(keyCache, pages.numPages);
  if (valueCache != keyCache)
    arguments.allocateCache(valueCache, pages.numPages);
  CacheParts parts = getCacheParts(arguments, keyCache, valueCache);
  writePrompt(parts.keys, getScales(arguments, getKeyOperands(op)), pages,
              /*isKey=*/true);
  if (!op.getKeyCacheType().isLatent())
    writePrompt(parts.values, getScales(arguments, getValueOperands(op)), pages,
                /*isKey=*/false);
}

/// Lists different entries of the block table's row for each query, or tokens
/// of their pages, in any order, and then none. A list that the type gives more
/// columns has more of them.
LogicalResult InputMaker::makeSelected(PagedAttentionOp op) {
  const int64_t unit = op.getSelectedUnit();
  const int64_t lists = op.getNumSelectedLists();
  const int64_t columns = op.getSelected().getType().getShape().back();
  const int64_t entries = ShapedType::isDynamic(columns)
                              ? llvm::divideCeil(batch.numSelected, unit)
                              : columns;
  const int64_t pageTokens = op.getKeyCacheType().getPageTokens();
  std::vector<int32_t> list;
  for (int64_t s = 0; s < batch.numSeqs(); ++s) {
    // Of a page that is not full, tokens that are not there, too.
    std::vector<int32_t> units(llvm::divideCeil(batch.seqLens[s], pageTokens) *
                               pageTokens / unit);
    std::iota(units.begin(), units.end(), 0);
    const int64_t rows = batch.queryLen(s) * std::max<int64_t>(lists, 1);
    for (int64_t i = 0; i < rows; ++i) {
      random.shuffle(units);
      for (int64_t entry = 0; entry < entries; ++entry)
        list.push_back(entry < static_cast<int64_t>(units.size()) ? units[entry]
                                                                  : -1);
    }
  }
  SmallVector<int64_t> sizes = {batch.numTokens(), entries};
  if (lists > 0)
    sizes.insert(sizes.begin() + 1, lists);
  return makeIntegers(op.getSelected(), sizes, list);
}

LogicalResult InputMaker::makeInputs(PagedAttentionOp op) {
  const int64_t heads = op.getNumHeads(), tokens = batch.numTokens();
  const PageTable &pages = getPages(op.getKeyCacheType());
  const int64_t querySizes[] = {tokens, heads, op.getKeyDim()};
  if (failed(makeQueries(op.getQuery(), querySizes)) ||
      failed(makeRowScale(op.getQueryScale(), op.getQueryScaleMap(),
                          querySizes)) ||
      failed(makeRowScale(op.getOutScale(), op.getOutScaleMap(), querySizes)) ||
      failed(makeCacheScales(op)) || failed(makeSink(op.getSink(), heads)) ||
      failed(makeIntegers(op.getQueryStart(), batch.numSeqs() + 1,
                          batch.queryStart)) ||
      failed(makeIntegers(op.getSeqLens(), batch.numSeqs(), batch.seqLens)) ||
      failed(makeIntegers(op.getBlockTable(), {batch.numSeqs(), pages.maxPages},
                          pages.pages)))
    return failure();
  if (op.hasPrefix() &&
      (failed(makeIntegers(op.getGroupStart(), batch.numGroups() + 1,
                           batch.groupStart)) ||
       failed(makeIntegers(op.getPrefixLens(), batch.numGroups(),
                           batch.prefixLens)) ||
       failed(makeIntegers(op.getPrefixTable(),
                           {batch.numGroups(), pages.maxPrefixPages},
                           pages.prefixPages))))
    return failure();
  if (op.getSelected() && failed(makeSelected(op)))
    return failure();
  makeCaches(op);
  SmallVector<int64_t> maskSizes = {tokens, longestContext()};
  if (op.getMask()) {
    ArrayRef<int64_t> shape = op.getMask().getType().getShape();
    if (shape[0] == 1)
      maskSizes[0] = 1;
    // A mask of fewer columns hides the keys behind them.
    if (!ShapedType::isDynamic(shape[1]))
      maskSizes[1] = shape[1];
  }
  if (failed(makeScoreModifiers(op, maskSizes)) ||
      failed(make(op.getOut(), {tokens, heads, op.getValueDim()})))
    return failure();
  return op.getLse() ? make(op.getLse(), {tokens, heads}) : success();
}

/// The new tokens are the last ones of their sequences; one in thirteen is
/// skipped, as a padded batch has it.
LogicalResult InputMaker::makeSlots(Value slots, const PageTable &pages) {
  constexpr int64_t kSkipPeriod = 13;
  return make(slots, batch.numTokens(), [&](const Argument &argument) {
    for (int64_t s = 0; s < batch.numSeqs(); ++s)
      for (int64_t i = 0; i < batch.queryLen(s); ++i) {
        const int64_t token = batch.queryStart[s] + i;
        const int64_t position = batch.seqLens[s] - batch.queryLen(s) + i;
        argument.at<int64_t>(token) = token % kSkipPeriod == kSkipPeriod - 1
                                          ? -1
                                          : pages.slot(s, position);
      }
  });
}

LogicalResult InputMaker::makeRotation(KvWriteOp op) {
  constexpr float kBase = 10000;
  for (Value norm : {op.getKeyNorm(), op.getQueryNorm()})
    if (norm && failed(makeNumbers(norm, op.getNormDim(), [&](int64_t) {
          return random.uniform(0.5, 1.5);
        })))
      return failure();
  if (!op.getPositions())
    return success();
  std::vector<int32_t> positions;
  for (int64_t s = 0; s < batch.numSeqs(); ++s)
    for (int64_t i = batch.queryLen(s); i > 0; --i)
      positions.push_back(std::max<int64_t>(batch.seqLens[s] - i, 0));
  // A table may have more rows than there are positions.
  const ArrayRef<int64_t> shape = op.getCos().getType().getShape();
  const int64_t columns = shape[1],
                rows = std::max({longestContext(), shape[0], int64_t(1)});
  auto angle = [&](int64_t index) {
    const auto row = static_cast<float>(index / columns);
    return row * std::pow(kBase, -static_cast<float>(index % columns) /
                                     static_cast<float>(columns));
  };
  if (failed(makeIntegers(op.getPositions(), batch.numTokens(), positions)) ||
      failed(makeNumbers(op.getCos(), {rows, columns}, [&](int64_t index) {
        return std::cos(angle(index));
      })))
    return failure();
  return makeNumbers(op.getSin(), {rows, columns},
                     [&](int64_t index) { return std::sin(angle(index)); });
}

LogicalResult InputMaker::makeInputs(KvWriteOp op) {
  CacheType keys = op.getKeyCacheType(), values = op.getValueCacheType();
  const int64_t tokens = batch.numTokens();
  const PageTable &pages = getPages(keys);
  auto makeTokens = [&](Value tensor, CacheType cache) {
    return makeQueries(tensor,
                       {tokens, cache.getNumHeads(), cache.getHeadDim()});
  };
  if (failed(makeTokens(op.getKey(), keys)) ||
      (op.getValue() && failed(makeTokens(op.getValue(), values))) ||
      failed(makeSlots(op.getSlots(), pages)) || failed(makeCacheScales(op)) ||
      failed(makeRotation(op)))
    return failure();
  makeCaches(op);
  if (!op.getQuery())
    return success();
  const int64_t queryHeads =
      cast<MemRefType>(op.getQuery().getType()).getDimSize(1);
  const int64_t sizes[] = {tokens, queryHeads, keys.getHeadDim()};
  return failure(failed(makeQueries(op.getQuery(), sizes)) ||
                 failed(make(op.getQueryOut(), sizes)));
}

/// Half of the pages of the source, in random order, go to as many others of
/// the destination; within one cache, to those of the other half. Where pages
/// differ in size, one of kMostPresent smaller ones is none.
LogicalResult InputMaker::makePageList(RepackOp op) {
  constexpr int64_t kMostPresent = 5;
  const int64_t numPages = arguments[op.getSource()].cache.num_pages;
  std::vector<int32_t> from(numPages),
      to(arguments[op.getDestination()].cache.num_pages);
  std::iota(from.begin(), from.end(), 0);
  std::iota(to.begin(), to.end(), 0);
  random.shuffle(from);
  random.shuffle(to);
  if (op.getSource() == op.getDestination())
    to.assign(from.rbegin(), from.rend());
  const int64_t sourcePages = op.getPagesOfEntry(/*ofSource=*/true);
  const int64_t toPages = op.getPagesOfEntry(/*ofSource=*/false);
  const int64_t entries = numPages / sourcePages / 2;
  std::vector<int32_t> list;
  auto append = [&](const std::vector<int32_t> &pages, int64_t entry,
                    int64_t count) {
    for (int64_t i = entry * count; i < (entry + 1) * count; ++i)
      list.push_back(count > 1 && i % kMostPresent == 0 ? -1 : pages[i]);
  };
  for (int64_t entry = 0; entry < entries; ++entry) {
    append(from, entry, sourcePages);
    append(to, entry, toPages);
  }
  return makeIntegers(op.getPages(), {entries, sourcePages + toPages}, list);
}

/// Makes numbers of the scales within a cache, if it has some.
void InputMaker::makeRowScales(TypedValue<CacheType> cache) {
  const reference::CachePart keys = getCacheParts(arguments, cache, cache).keys;
  if (!keys.rowScale)
    return;
  const int64_t numPages = arguments[cache].cache.num_pages;
  for (int64_t token = 0; token < numPages * keys.pageTokens; ++token)
    for (int64_t i = 0; i < cache.getType().getRowScales(); ++i) {
      const auto scale = static_cast<float>(random.uniform(0.01, 0.02));
      std::memcpy(keys.data + keys.rowScale(token / keys.pageTokens,
                                            token % keys.pageTokens, i),
                  &scale, sizeof(scale));
    }
}

/// Any bytes, unless an earlier operation uses the source. The destination has
/// pages for as many tokens, or, if there is a list of them, some more.
LogicalResult InputMaker::makeInputs(RepackOp op) {
  constexpr int64_t kMorePages = 3;
  const Argument &source = arguments[op.getSource()];
  const int64_t sourcePages = op.getPagesOfEntry(/*ofSource=*/true);
  if (!source.isAllocated()) {
    const int64_t numPages = getPages(op.getSource().getType()).numPages;
    arguments.allocateCache(op.getSource(),
                            llvm::alignTo(numPages, sourcePages));
    for (int64_t i = 0; i < source.storage.size(); ++i)
      source.storage.data()[i] = random.bits();
    makeRowScales(op.getSource());
  }
  if (!arguments[op.getDestination()].isAllocated())
    arguments.allocateCache(op.getDestination(),
                            source.cache.num_pages / sourcePages *
                                    op.getPagesOfEntry(/*ofSource=*/false) +
                                (op.getPages() ? kMorePages : 0));
  if (Value scaled = op.getScaledCache()) {
    auto type = cast<CacheType>(scaled.getType());
    if (failed(
            makeCacheScales(op, type, type, arguments[scaled].cache.num_pages)))
      return failure();
  }
  return op.getPages() ? makePageList(op) : success();
}
