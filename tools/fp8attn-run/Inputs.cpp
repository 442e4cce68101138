//===- Inputs.cpp - random inputs for an entry point ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Goes through the operations and fills what no earlier one has filled. Bytes
// of a cache that belong to no token stay 0xFF: NaN.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

#include "InputMaker.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Target/ElementTypes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

/// Reports a merge that overwrites what an earlier operation wrote: only what
/// the arguments hold at the end can be checked.
static LogicalResult checkOverwrites(MergeOp merge, ArrayRef<Operation *> ops) {
  for (Operation *earlier : ops)
    for (Value written : {Value(merge.getOut()), Value(merge.getLse())})
      if (llvm::is_contained(earlier->getOperands(), written)) {
        merge.emitError("expects a result that no earlier operation of the "
                        "function to run uses");
        return failure();
      }
  return success();
}

FailureOr<std::vector<Operation *>>
mlir::fp8attn::getModelOps(func::FuncOp function) {
  std::vector<Operation *> ops;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (!isa<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
             QuantizeOp, DequantizeOp>(op)) {
      op.emitError("expects only operations of the model level in a function "
                   "to run, got ")
          << op.getName();
      return failure();
    }
    if (auto merge = dyn_cast<MergeOp>(op);
        merge && failed(checkOverwrites(merge, ops)))
      return failure();
    ops.push_back(&op);
  }
  return ops;
}

LogicalResult InputMaker::allocate(Value value, ArrayRef<int64_t> sizes,
                                   bool &isNew) {
  isNew = !arguments[value].isAllocated();
  return isNew ? arguments.allocateTensor(value, sizes) : success();
}

LogicalResult InputMaker::fillIntegers(Value value, ArrayRef<int32_t> numbers,
                                       ArrayRef<int64_t> sizes) {
  bool isNew;
  if (failed(allocate(value, sizes, isNew)))
    return failure();
  for (auto [index, number] : llvm::enumerate(numbers))
    *static_cast<int32_t *>(arguments[value].getElement(index)) = number;
  return success();
}

LogicalResult InputMaker::fillScale(Value scale, ArrayRef<int64_t> sizes) {
  if (!scale)
    return success();
  bool isNew;
  const int64_t rank = cast<MemRefType>(scale.getType()).getRank();
  if (failed(allocate(scale, sizes.take_front(rank), isNew)))
    return failure();
  // Values reach about 30: a tenth is small enough for e4m3 not to saturate
  // and large enough for small values to become subnormal.
  const bool isPower = arguments[scale].tensor.type == FP8ATTN_TYPE_F8E8M0FNU;
  for (int64_t i = 0; isNew && i < arguments[scale].getNumElements(); ++i)
    if (isPower) // 2^-4 to 2^-2
      *static_cast<uint8_t *>(arguments[scale].getElement(i)) =
          static_cast<uint8_t>(123 + random.below(3));
    else
      *static_cast<float *>(arguments[scale].getElement(i)) =
          static_cast<float>(random.uniform(0.08, 0.3));
  return success();
}

/// Learned sinks: from far below most scores to above nearly all of them.
LogicalResult InputMaker::fillSink(Value sink, int64_t heads) {
  if (!sink)
    return success();
  bool isNew;
  if (failed(allocate(sink, heads, isNew)))
    return failure();
  for (int64_t i = 0; isNew && i < heads; ++i)
    *static_cast<float *>(arguments[sink].getElement(i)) =
        static_cast<float>(random.uniform(-4, 8));
  return success();
}

void InputMaker::fillRow(uint8_t *row, int64_t channels, fp8attn_type type) {
  const int64_t size = reference::elementBytes(type);
  for (int64_t c = 0; c < channels; ++c)
    reference::encodeElement(random.normal() * channelFactor(c), row + c * size,
                             type);
}

void InputMaker::fillQueryRow(Value value, int64_t row) {
  auto type = cast<MemRefType>(value.getType());
  const int64_t channels = type.getShape().back();
  const fp8attn_type abiType = getAbiType(type.getElementType());
  auto *data =
      static_cast<uint8_t *>(arguments[value].getElement(row * channels));
  fillRow(data, channels, abiType);
  reference::encodeElement(kSinkQuery + random.normal(), data, abiType);
}

LogicalResult InputMaker::fillHeads(Value value) {
  auto type = cast<MemRefType>(value.getType());
  const int64_t heads = type.getDimSize(1), channels = type.getDimSize(2);
  bool isNew;
  if (failed(allocate(value, {batch.numTokens(), heads, channels}, isNew)))
    return failure();
  for (int64_t row = 0; isNew && row < batch.numTokens() * heads; ++row)
    fillQueryRow(value, row);
  return success();
}

const PageTable &InputMaker::getPages(CacheType type) {
  auto [entry, isNew] = pageTables.try_emplace(type.getPageTokens());
  if (isNew)
    entry->second = makePageTable(batch, type.getPageTokens(), random);
  return entry->second;
}

/// Writes the keys, or the values, of all tokens of all sequences.
void InputMaker::writePrompt(const reference::CachePart &part,
                             const reference::Scales &scales,
                             const PageTable &pages, bool isKey) {
  constexpr fp8attn_type kType = FP8ATTN_TYPE_BF16;
  const int64_t rowBytes = part.headDim * reference::elementBytes(kType);
  std::vector<uint8_t> token(part.heads * rowBytes);
  const reference::HeadTensor source{token.data(), 1, 0, part.headDim, kType};
  const float sinkKey =
      kSinkLogit / kSinkQuery * std::sqrt(static_cast<float>(part.headDim));
  for (int64_t s = 0; s < batch.numSeqs(); ++s)
    for (int64_t t = 0; t < batch.seqLens[s]; ++t) {
      for (int64_t head = 0; head < part.heads; ++head) {
        uint8_t *row = token.data() + head * rowBytes;
        fillRow(row, part.headDim, kType);
        if (isKey && t == 0)
          reference::encodeElement(sinkKey, row, kType);
      }
      const int64_t slot = pages.slot(s, t);
      reference::writeCache(part, source, &slot, scales);
    }
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

template <typename Op> LogicalResult InputMaker::fillCacheScales(Op op) {
  const int64_t numPages = getPages(op.getKeyCacheType()).numPages;
  auto fill = [&](Value scale, std::optional<AffineMap> map, CacheType cache) {
    return scale ? fillScale(scale, getScaleSizes(scale, *map, cache, numPages))
                 : success();
  };
  if (failed(fill(op.getKeyScale(), op.getKeyScaleMap(), op.getKeyCacheType())))
    return failure();
  return fill(op.getValueScale(), op.getValueScaleMap(),
              op.getValueCacheType());
}

template <typename Op> void InputMaker::fillCaches(Op op) {
  Value keyCache = op.getKeyCache(), valueCache = op.getValueCache();
  const PageTable &pages = getPages(op.getKeyCacheType());
  if (arguments[keyCache].isAllocated())
    return;
  arguments.allocateCache(keyCache, pages.numPages);
  if (valueCache != keyCache)
    arguments.allocateCache(valueCache, pages.numPages);
  CacheParts parts = getCacheParts(arguments, keyCache, valueCache);
  writePrompt(parts.keys,
              getScales(arguments, op.getKeyScale(), op.getKeyScaleMap()),
              pages, true);
  writePrompt(parts.values,
              getScales(arguments, op.getValueScale(), op.getValueScaleMap()),
              pages, false);
}

/// Fills a tensor that a score region or a mask is made of. Integers are 0 or
/// 1: small enough for whatever they stand for, half of a mask's keys. True is
/// any byte but 0.
LogicalResult InputMaker::fillElements(Value value, ArrayRef<int64_t> sizes) {
  bool isNew;
  if (failed(allocate(value, sizes, isNew)))
    return failure();
  const Argument &argument = arguments[value];
  for (int64_t i = 0; isNew && i < argument.getNumElements(); ++i) {
    void *element = argument.getElement(i);
    switch (argument.tensor.type) {
    case FP8ATTN_TYPE_I8:
      *static_cast<int8_t *>(element) = random.below(2);
      break;
    case FP8ATTN_TYPE_I32:
      *static_cast<int32_t *>(element) = random.below(2);
      break;
    case FP8ATTN_TYPE_BOOL:
      *static_cast<uint8_t *>(element) = random.below(2) * (1 + i % UINT8_MAX);
      break;
    default:
      reference::encodeElement(random.normal(), element,
                               fp8attn_type(argument.tensor.type));
    }
  }
  return success();
}

/// Fills the slopes of ALiBi, the mask, and what the score region loads from.
LogicalResult InputMaker::fillScoreModifiers(AttentionInterface op,
                                             ArrayRef<int64_t> maskSizes) {
  const int64_t longest = longestContext();
  if (op.getAlibi()) {
    bool isNew;
    if (failed(allocate(op.getAlibi(), op.getNumHeads(), isNew)))
      return failure();
    // 2^(-8 h / Hq), the slopes of the paper.
    for (int64_t head = 0; isNew && head < op.getNumHeads(); ++head)
      *static_cast<float *>(arguments[op.getAlibi()].getElement(head)) =
          std::exp2(-8.0f * static_cast<float>(head + 1) /
                    static_cast<float>(op.getNumHeads()));
  }
  if (op.getMask() && failed(fillElements(op.getMask(), maskSizes)))
    return failure();
  // Sizes of tensors that the region loads from are large enough for any index.
  const int64_t any = std::max({longest, batch.numTokens(), batch.numSeqs(),
                                op.getNumHeads(), int64_t(1)});
  LogicalResult result = success();
  op.getScore().walk([&](memref::LoadOp load) {
    SmallVector<int64_t> sizes(load.getMemRefType().getShape());
    for (int64_t &size : sizes)
      if (ShapedType::isDynamic(size))
        size = any;
    if (failed(fillElements(load.getMemRef(), sizes)))
      result = failure();
  });
  return result;
}

LogicalResult InputMaker::fill(PagedAttentionOp op) {
  const int64_t heads = op.getNumHeads();
  const PageTable &pages = getPages(op.getKeyCacheType());
  if (failed(fillHeads(op.getQuery())) || failed(fillCacheScales(op)) ||
      failed(fillSink(op.getSink(), heads)) ||
      failed(fillIntegers(op.getQueryStart(), batch.queryStart,
                          batch.numSeqs() + 1)) ||
      failed(fillIntegers(op.getSeqLens(), batch.seqLens, batch.numSeqs())) ||
      failed(fillIntegers(op.getBlockTable(), pages.pages,
                          {batch.numSeqs(), pages.maxPages})))
    return failure();
  fillCaches(op);
  if (failed(fillScoreModifiers(op, {batch.numTokens(), longestContext()})))
    return failure();
  bool isNew;
  if (failed(allocate(op.getOut(), {batch.numTokens(), heads, op.getValueDim()},
                      isNew)))
    return failure();
  return op.getLse() ? allocate(op.getLse(), {batch.numTokens(), heads}, isNew)
                     : success();
}

SmallVector<int64_t> InputMaker::getPartSizes(MergeOp op) {
  if (op.isDense())
    return {batch.numSeqs(), op.getNumHeads(), batch.queryLen(0)};
  return {batch.numTokens(), op.getNumHeads()};
}

/// A partial result, unless an earlier operation makes it. One row in five has
/// no keys; its out, NaN, must not be looked at.
LogicalResult InputMaker::fillPart(Value out, Value lse,
                                   ArrayRef<int64_t> sizes) {
  constexpr int64_t kEmptyPeriod = 5;
  constexpr double kLargestLse = 8;
  const int64_t channels = cast<MemRefType>(out.getType()).getShape().back();
  SmallVector<int64_t> outSizes(sizes);
  outSizes.push_back(channels);
  bool isNewOut, isNew;
  if (failed(allocate(out, outSizes, isNewOut)) ||
      failed(allocate(lse, sizes, isNew)))
    return failure();
  const int64_t rows = std::accumulate(sizes.begin(), sizes.end(), int64_t(1),
                                       std::multiplies<>());
  for (int64_t row = 0; isNewOut && row < rows; ++row)
    fillQueryRow(out, row);
  for (int64_t row = 0; isNew && row < rows; ++row) {
    const bool isEmpty = random.below(kEmptyPeriod) == 0;
    *static_cast<float *>(arguments[lse].getElement(row)) =
        isEmpty ? -INFINITY
                : static_cast<float>(random.uniform(-kLargestLse, kLargestLse));
    for (int64_t c = 0; isEmpty && isNewOut && c < channels; ++c)
      reference::encodeElement(NAN,
                               arguments[out].getElement(row * channels + c),
                               fp8attn_type(arguments[out].tensor.type));
  }
  return success();
}

LogicalResult InputMaker::fill(MergeOp op) {
  if (op.isDense() && failed(checkEqualLengths(op)))
    return failure();
  bool isNew;
  const SmallVector<int64_t> sizes = getPartSizes(op);
  SmallVector<int64_t> outSizes = sizes;
  outSizes.push_back(op.getNumChannels());
  if (failed(fillPart(op.getFirstOut(), op.getFirstLse(), sizes)) ||
      failed(fillPart(op.getSecondOut(), op.getSecondLse(), sizes)) ||
      failed(allocate(op.getOut(), outSizes, isNew)))
    return failure();
  return allocate(op.getLse(), sizes, isNew);
}

/// The new tokens are the last ones of their sequences; one in thirteen is
/// skipped, as a padded batch has it.
LogicalResult InputMaker::fillSlots(Value slots, const PageTable &pages) {
  constexpr int64_t kSkipPeriod = 13;
  bool isNew;
  if (failed(allocate(slots, batch.numTokens(), isNew)))
    return failure();
  for (int64_t s = 0; isNew && s < batch.numSeqs(); ++s)
    for (int64_t i = 0; i < batch.queryLen(s); ++i) {
      const int64_t token = batch.queryStart[s] + i;
      const int64_t position = batch.seqLens[s] - batch.queryLen(s) + i;
      *static_cast<int64_t *>(arguments[slots].getElement(token)) =
          token % kSkipPeriod == kSkipPeriod - 1 ? -1 : pages.slot(s, position);
    }
  return success();
}

LogicalResult InputMaker::fill(KvWriteOp op) {
  const PageTable &pages = getPages(op.getKeyCacheType());
  if (failed(fillHeads(op.getKey())) || failed(fillHeads(op.getValue())) ||
      failed(fillSlots(op.getSlots(), pages)) || failed(fillCacheScales(op)))
    return failure();
  fillCaches(op);
  return success();
}

/// Half of the pages of the source, in random order, go to as many others of
/// the destination; within one cache, to those of the other half.
LogicalResult InputMaker::fillPageList(RepackOp op) {
  const int64_t numPages = arguments[op.getSource()].cache.num_pages;
  std::vector<int32_t> from(numPages),
      to(arguments[op.getDestination()].cache.num_pages);
  std::iota(from.begin(), from.end(), 0);
  std::iota(to.begin(), to.end(), 0);
  random.shuffle(from);
  random.shuffle(to);
  if (op.getSource() == op.getDestination())
    to.assign(from.rbegin(), from.rend());
  std::vector<int32_t> list;
  for (int64_t i = 0; i < numPages / 2; ++i)
    list.insert(list.end(), {from[i], to[i]});
  return fillIntegers(op.getPages(), list, {numPages / 2, 2});
}

/// Any bytes, unless an earlier operation uses the source. The destination has
/// as many pages, or, if there is a list of them, some more.
LogicalResult InputMaker::fill(RepackOp op) {
  constexpr int64_t kMorePages = 3;
  const Argument &source = arguments[op.getSource()];
  if (!source.isAllocated()) {
    arguments.allocateCache(op.getSource(),
                            getPages(op.getSource().getType()).numPages);
    for (int64_t i = 0; i < source.storage.size(); ++i)
      source.storage.data()[i] = random.bits();
  }
  if (!arguments[op.getDestination()].isAllocated())
    arguments.allocateCache(op.getDestination(),
                            source.cache.num_pages +
                                (op.getPages() ? kMorePages : 0));
  return op.getPages() ? fillPageList(op) : success();
}

template <typename ConvertOp>
LogicalResult InputMaker::fillConversion(ConvertOp op) {
  auto type = cast<MemRefType>(op.getSource().getType());
  SmallVector<int64_t> sizes(type.getShape());
  for (int64_t &size : sizes)
    if (ShapedType::isDynamic(size))
      size = batch.numTokens();
  SmallVector<int64_t> scaleSizes;
  for (AffineExpr result : op.getScaleMap().getResults())
    scaleSizes.push_back(sizes[cast<AffineDimExpr>(result).getPosition()]);
  bool isNew, isNewDestination;
  if (failed(fillScale(op.getScale(), scaleSizes)) ||
      failed(allocate(op.getDestination(), sizes, isNewDestination)) ||
      failed(allocate(op.getSource(), sizes, isNew)))
    return failure();
  const Argument &source = arguments[op.getSource()];
  for (int64_t i = 0; isNew && i < source.getNumElements(); ++i) {
    void *element = source.getElement(i);
    // FP8: any code. Others: any word every now and then, for special values.
    constexpr uint64_t kAnyWordPeriod = 16;
    const auto abiType = fp8attn_type(source.tensor.type);
    const int64_t size = reference::elementBytes(abiType);
    if (size == 1 || random.below(kAnyWordPeriod) == 0) {
      const uint64_t bits = random.bits();
      std::memcpy(element, &bits, size);
    } else {
      reference::encodeElement(
          random.normal() * channelFactor(i % sizes.back()), element, abiType);
    }
  }
  return success();
}

FailureOr<Arguments> mlir::fp8attn::makeInputs(func::FuncOp function,
                                               ArrayRef<Operation *> ops,
                                               const Batch &batch,
                                               uint64_t seed) {
  InputMaker maker(function, batch, seed);
  for (Operation *op : ops) {
    LogicalResult result =
        llvm::TypeSwitch<Operation *, LogicalResult>(op)
            .Case<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp>(
                [&](auto typed) { return maker.fill(typed); })
            .Case<QuantizeOp, DequantizeOp>(
                [&](auto typed) { return maker.fillConversion(typed); })
            .Default([](Operation *) { return failure(); });
    if (failed(result))
      return failure();
  }
  for (BlockArgument argument : function.getArguments())
    if (!maker.arguments[argument].isAllocated()) {
      reportError("cannot make an input for argument \"" +
                  maker.arguments[argument].name + "\": no operation uses it");
      return failure();
    }
  return std::move(maker.arguments);
}
