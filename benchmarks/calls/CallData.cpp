//===- CallData.cpp - arguments of calls, again and again -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers are random, finite and below 1, with every mantissa.
//
//===----------------------------------------------------------------------===//

#include "CallData.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>

using namespace mlir::fp8attn;

/// Tokens that are stored together (docs/Layout.md).
static constexpr int64_t kGranule = 32;
static constexpr int64_t kBf16Bytes = 2;
/// Not a power of two, as a calibrated scale.
static constexpr float kScale = 0.0123f;

RandomMemory::RandomMemory(int64_t numBytes, int64_t elementBits,
                           unsigned seed) {
  const size_t rounded =
      llvm::alignTo(std::max<int64_t>(numBytes, 1), FP8ATTN_ALIGNMENT);
  auto *memory =
      static_cast<char *>(std::aligned_alloc(FP8ATTN_ALIGNMENT, rounded));
  if (!memory)
    llvm::report_fatal_error("cannot allocate " + llvm::Twine(rounded) +
                                 " bytes for a benchmark",
                             /*gen_crash_diag=*/false);
  bytes.reset(memory);
  // FP8 codes below 1, i8 from -128 to 55, of 4 bits half of all;
  // bf16 between 0.12 and 1.
  constexpr uint64_t kFp8Kept = 0xb7b7b7b7b7b7b7b7;
  constexpr uint64_t kBf16Kept = 0x80ff80ff80ff80ff;
  constexpr uint64_t kBf16Set = 0x3e003e003e003e00;
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < rounded; i += sizeof(uint64_t)) {
    uint64_t word = random();
    word = elementBits == 16 ? (word & kBf16Kept) | kBf16Set : word & kFp8Kept;
    std::memcpy(memory + i, &word, sizeof(word));
  }
}

void RandomMemory::Free::operator()(void *memory) const { std::free(memory); }

CallData::CallData(const Model &model, const Format &format,
                   const BenchCall &call, int64_t coldBytes)
    : model(model), format(format),
      keyBytes(model.pageTokens * model.headDim * format.bits / 8),
      valueBytes(model.values == Model::Values::Latent
                     ? 0
                     : model.pageTokens * model.valueHeadDim * format.bits / 8),
      pageBytes(model.kvHeads * (keyBytes + valueBytes)) {
  queryStart = groupStart = {0};
  for (const Sequences &sequences : call.batch) {
    const int64_t pages = llvm::divideCeil(sequences.keys, model.pageTokens);
    const int64_t prefixPages = sequences.prefix / model.pageTokens;
    const int64_t listed = call.lists == Lists::Groups ? 0 : sequences.prefix;
    for (int64_t i = 0; i < sequences.count; ++i) {
      queryStart.push_back(queryStart.back() + sequences.queries);
      seqLens.push_back(listed + sequences.keys);
    }
    pagesOfTurn += sequences.count * pages + prefixPages;
    maxPages = std::max(maxPages, pages + listed / model.pageTokens);
    maxPrefixPages = std::max(maxPrefixPages, prefixPages);
    groupStart.push_back(int32_t(seqLens.size()));
    prefixLens.push_back(int32_t(sequences.prefix));
  }
  const int64_t channels =
      model.headDim + (valueBytes > 0 ? model.valueHeadDim : 0);
  const int64_t sourceBytes =
      call.tokens * model.kvHeads * channels * kBf16Bytes;
  const int64_t bytesOfTurn = pagesOfTurn * pageBytes + sourceBytes;
  const int64_t needed =
      1 + llvm::divideCeil(coldBytes, std::max<int64_t>(1, bytesOfTurn));
  arguments.resize(call.hot ? 1 : std::max<int64_t>(2, needed));
  readTasks.resize(turns());
  if (call.tokens)
    makeWrites(call.tokens, sourceBytes);
  else
    makeAttention(call);
  makeScales();
  for (CallArguments &turn : arguments) {
    turn.cache = {cache->data(), int64_t(pageOrder.size()), pageBytes};
    // Values that are apart take turns with the keys, page by page.
    turn.valueCache = {cache->data() + model.kvHeads * keyBytes,
                       turn.cache.num_pages, pageBytes};
  }
  for (const ReadTask &task : readTasks[0])
    for (const Extent &extent : task)
      numBytes += extent.bytes;
}

void CallData::makeScales() {
  const int64_t pages = pageOrder.size(), heads = model.kvHeads;
  if (format.scales == ScaleKind::Block)
    return makeBlockScales();
  const bool isHead = format.hasScalesOfHeads();
  const bool isPage = format.scales == ScaleKind::Page;
  const int64_t count =
      isHead ? heads : pages * heads * (isPage ? 1 : model.pageTokens);
  scales.assign(2 * count, kScale);
  auto makeTensor = [&](float *first) {
    return isHead
               ? fp8attn_tensor_make(first, FP8ATTN_TYPE_F32, 1, heads, 0, 0, 0)
               : fp8attn_tensor_make(first, FP8ATTN_TYPE_F32, isPage ? 2 : 3,
                                     pages, heads,
                                     isPage ? 0 : model.pageTokens, 0);
  };
  for (CallArguments &turn : arguments) {
    turn.keyScale = makeTensor(scales.data());
    turn.valueScale = makeTensor(scales.data() + count);
  }
}

void CallData::makeBlockScales() {
  const BlockFormat &blocks = *format.blocks;
  const int64_t tokens =
      int64_t(pageOrder.size()) * model.kvHeads * model.pageTokens;
  const int64_t keyBlocks = llvm::divideCeil(model.headDim, blocks.channels);
  const int64_t valueBlocks =
      llvm::divideCeil(model.valueHeadDim, blocks.channels);
  blockScales.resize(tokens * (keyBlocks + valueBlocks));
  std::mt19937 random(/*seed=*/3);
  for (uint8_t &code : blockScales)
    code = blocks.smallest + random() % blocks.count;
  auto makeTensor = [&](uint8_t *first, int64_t count) {
    return fp8attn_tensor_make(first, blocks.code, 4, pageOrder.size(),
                               model.kvHeads, model.pageTokens, count);
  };
  for (CallArguments &turn : arguments) {
    turn.keyScale = makeTensor(blockScales.data(), keyBlocks);
    turn.valueScale =
        makeTensor(blockScales.data() + tokens * keyBlocks, valueBlocks);
  }
}

/// Returns whether the queries of a call select keys.
static bool isSelecting(const BenchCall &call) {
  return call.lists == Lists::Pages || call.lists == Lists::Tokens;
}

void CallData::makePages(int64_t count) {
  pageOrder.resize(count);
  std::iota(pageOrder.begin(), pageOrder.end(), 0);
  std::shuffle(pageOrder.begin(), pageOrder.end(), std::mt19937(/*seed=*/1));
  cache = std::make_unique<RandomMemory>(count * pageBytes, format.bits,
                                         /*seed=*/2);
}

const int32_t *CallData::makeTables(int64_t turn, const BenchCall &call,
                                    const int32_t *page) {
  int32_t *row = tables.data() + turn * seqLens.size() * maxPages;
  int32_t *prefixRow =
      prefixTables.data() + turn * prefixLens.size() * maxPrefixPages;
  for (const Sequences &sequences : call.batch) {
    const int64_t prefixPages = sequences.prefix / model.pageTokens;
    const int64_t pages = llvm::divideCeil(sequences.keys, model.pageTokens);
    const int32_t *prefix = page;
    std::copy_n(prefix, prefixPages, prefixRow);
    addPages(readTasks[turn], prefix, sequences.prefix);
    prefixRow += maxPrefixPages;
    page += prefixPages;
    for (int64_t i = 0; i < sequences.count; ++i, row += maxPages) {
      int32_t *own = row;
      if (call.lists != Lists::Groups)
        own = std::copy_n(prefix, prefixPages, row);
      std::copy_n(page, pages, own);
      // Of pages in any order, so many are as good as others.
      for (int64_t query = 0; query < sequences.queries; ++query)
        if (isSelecting(call) || query == 0)
          addPages(readTasks[turn], page,
                   isSelecting(call) ? sequences.selected : sequences.keys);
      page += pages;
    }
  }
  return page;
}

void CallData::makeSelected(const BenchCall &call) {
  const int64_t unit = call.lists == Lists::Pages ? model.pageTokens : 1;
  for (const Sequences &sequences : call.batch)
    numSelected = std::max<int64_t>(numSelected,
                                    llvm::divideCeil(sequences.selected, unit));
  std::mt19937 random(/*seed=*/5);
  for (const Sequences &sequences : call.batch) {
    std::vector<int32_t> units(llvm::divideCeil(sequences.keys, unit));
    std::iota(units.begin(), units.end(), 0);
    const int64_t entries = llvm::divideCeil(sequences.selected, unit);
    for (int64_t i = 0; i < sequences.count * sequences.queries; ++i) {
      std::shuffle(units.begin(), units.end(), random);
      selected.insert(selected.end(), units.begin(), units.begin() + entries);
      selected.resize(llvm::alignTo(selected.size(), numSelected), -1);
    }
  }
}

void CallData::makeAttention(const BenchCall &call) {
  makePages(turns() * pagesOfTurn);
  const int64_t tokens = queryStart.back();
  const int64_t rowBytes = tokens * model.heads * kBf16Bytes;
  rows =
      std::make_unique<RandomMemory>(rowBytes * model.headDim, 8 * kBf16Bytes,
                                     /*seed=*/3);
  results = std::make_unique<RandomMemory>(rowBytes * model.valueHeadDim,
                                           8 * kBf16Bytes, /*seed=*/4);
  const int64_t numSeqs = seqLens.size(), numGroups = prefixLens.size();
  // Entries past a sequence's pages are never read.
  tables.assign(turns() * numSeqs * maxPages, -1);
  prefixTables.assign(turns() * numGroups * maxPrefixPages, -1);
  const auto list = [](std::vector<int32_t> &numbers) {
    return fp8attn_tensor_make(numbers.data(), FP8ATTN_TYPE_I32, 1,
                               numbers.size(), 0, 0, 0);
  };
  const auto table = [](std::vector<int32_t> &pages, int64_t turn,
                        int64_t count, int64_t columns) {
    return fp8attn_tensor_make(pages.data() + turn * count * columns,
                               FP8ATTN_TYPE_I32, 2, count, columns, 0, 0);
  };
  if (isSelecting(call))
    makeSelected(call);
  const int32_t *page = pageOrder.data();
  for (int64_t t = 0; t < turns(); ++t) {
    page = makeTables(t, call, page);
    CallArguments &turn = arguments[t];
    turn.query = fp8attn_tensor_make(rows->data(), FP8ATTN_TYPE_BF16, 3, tokens,
                                     model.heads, model.headDim, 0);
    turn.out = fp8attn_tensor_make(results->data(), FP8ATTN_TYPE_BF16, 3,
                                   tokens, model.heads, model.valueHeadDim, 0);
    turn.queryStart = list(queryStart);
    turn.seqLens = list(seqLens);
    turn.blockTable = table(tables, t, numSeqs, maxPages);
    turn.groupStart = list(groupStart);
    turn.prefixLens = list(prefixLens);
    turn.selected = fp8attn_tensor_make(selected.data(), FP8ATTN_TYPE_I32, 2,
                                        tokens, numSelected, 0, 0);
    turn.prefixTable = table(prefixTables, t, numGroups, maxPrefixPages);
  }
  for (const Sequences &sequences : call.batch) {
    // The last query sees all keys, each one before it one key fewer; or each
    // what it selects, of which later keys are few.
    const double seen =
        isSelecting(call)
            ? static_cast<double>(sequences.queries * sequences.selected)
            : sequences.queries *
                  (sequences.prefix + sequences.keys -
                   (static_cast<double>(sequences.queries) - 1) / 2);
    numFlops += 2.0 * model.heads * (model.headDim + model.valueHeadDim) *
                seen * static_cast<double>(sequences.count);
  }
}

void CallData::addPages(std::vector<ReadTask> &tasks, const int32_t *pages,
                        int64_t keys) const {
  // So few that all workers of a large machine have some.
  constexpr int64_t kPagesOfTask = 16;
  const bool isApart = model.values == Model::Values::Apart;
  const int64_t headBytes = keyBytes + (isApart ? 0 : valueBytes);
  const int64_t numPages = llvm::divideCeil(keys, model.pageTokens);
  for (int64_t head = 0; head < model.kvHeads; ++head)
    for (int64_t p = 0; p < numPages; ++p) {
      if (p % kPagesOfTask == 0)
        tasks.emplace_back();
      const auto *page = reinterpret_cast<const uint8_t *>(cache->data()) +
                         pages[p] * pageBytes;
      const uint8_t *keyData = page + head * headBytes;
      const uint8_t *valueData =
          isApart ? page + model.kvHeads * keyBytes + head * valueBytes
                  : keyData + keyBytes;
      const int64_t tokens = std::min(
          model.pageTokens,
          int64_t(llvm::alignTo(keys - p * model.pageTokens, kGranule)));
      if (tokens == model.pageTokens && valueData == keyData + keyBytes) {
        tasks.back().push_back({keyData, keyBytes + valueBytes});
        continue;
      }
      tasks.back().push_back({keyData, keyBytes / model.pageTokens * tokens});
      if (valueBytes > 0)
        tasks.back().push_back(
            {valueData, valueBytes / model.pageTokens * tokens});
    }
}

void CallData::makeSlots(int64_t tokens) {
  // A turn of less than a page has a page that those before it did not have,
  // until all pages have been used; then its next tokens.
  const int64_t turnsOfPage = std::max<int64_t>(1, model.pageTokens / tokens);
  const int64_t pagesOfWrite = llvm::divideCeil(tokens, model.pageTokens);
  const int64_t groups = llvm::divideCeil(turns(), turnsOfPage);
  makePages(groups * pagesOfWrite);
  for (int64_t t = 0; t < turns(); ++t)
    for (int64_t i = 0; i < tokens; ++i) {
      const int64_t place = t / groups * tokens + i;
      const int64_t page = t % groups * pagesOfWrite + place / model.pageTokens;
      slotList.push_back(pageOrder[page] * model.pageTokens +
                         place % model.pageTokens);
    }
}

void CallData::makeWrites(int64_t tokens, int64_t sourceBytes) {
  makeSlots(tokens);
  rows = std::make_unique<RandomMemory>(turns() * sourceBytes, 8 * kBf16Bytes,
                                        /*seed=*/3);
  constexpr int64_t kBytesOfTask = 1 << 16;
  for (int64_t t = 0; t < turns(); ++t) {
    CallArguments &turn = arguments[t];
    char *key = rows->data() + t * sourceBytes;
    turn.key = fp8attn_tensor_make(key, FP8ATTN_TYPE_BF16, 3, tokens,
                                   model.kvHeads, model.headDim, 0);
    turn.value = fp8attn_tensor_make(
        key + tokens * model.kvHeads * model.headDim * kBf16Bytes,
        FP8ATTN_TYPE_BF16, 3, tokens, model.kvHeads, model.valueHeadDim, 0);
    turn.slots = fp8attn_tensor_make(slotList.data() + t * tokens,
                                     FP8ATTN_TYPE_I64, 1, tokens, 0, 0, 0);
    for (int64_t begin = 0; begin < sourceBytes; begin += kBytesOfTask)
      readTasks[t].push_back({{reinterpret_cast<const uint8_t *>(key) + begin,
                               std::min(kBytesOfTask, sourceBytes - begin)}});
  }
}
