//===- RepackTest.cpp - caches of other layouts ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cache that kv_write wrote, in each of the layouts for exchange, is what the
// reference writes in that layout, and comes back as the same bytes; so do
// pages of a list, between caches of different numbers of pages.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "models_entry_points.h"

#include <algorithm>
#include <cstring>

namespace reference = fp8attn::reference;

namespace {
using Repack = fp8attn_status (*)(fp8attn_context *context,
                                  const fp8attn_cache *source,
                                  const fp8attn_cache *destination);

using RepackPages = fp8attn_status (*)(fp8attn_context *context,
                                       const fp8attn_cache *source,
                                       const fp8attn_cache *destination,
                                       const fp8attn_tensor *pages);

/// Entry points that convert the caches of a model to a layout and back.
struct Exchange {
  const char *model;
  const char *name;
  reference::Layout layout;
  Repack exportCache;
  Repack importCache;
  RepackPages exportPages;
  RepackPages importPages;
};

class RepackTest : public testing::TestWithParam<Exchange> {};
} // namespace

#define FP8ATTN_EXCHANGE(model, layout, kind)                                  \
  {#model,                                                                     \
   #layout,                                                                    \
   reference::Layout::kind,                                                    \
   export_##model##_##layout,                                                  \
   import_##model##_##layout,                                                  \
   export_pages_##model##_##layout,                                            \
   import_pages_##model##_##layout}

#define FP8ATTN_EXCHANGES(model)                                               \
  FP8ATTN_EXCHANGE(model, row_major, RowMajor),                                \
      FP8ATTN_EXCHANGE(model, vllm_vector, VllmVector),                        \
      FP8ATTN_EXCHANGE(model, hnd, Hnd), FP8ATTN_EXCHANGE(model, nhd, Nhd),    \
      FP8ATTN_EXCHANGE(model, hnd_packed, HndPacked)

static const Exchange kExchanges[] = {
    FP8ATTN_EXCHANGES(llama_e4m3),
    FP8ATTN_EXCHANGES(llama_e5m2),
    FP8ATTN_EXCHANGES(llama_i8),
    FP8ATTN_EXCHANGES(llama_bf16),
    FP8ATTN_EXCHANGES(sweep_dim40),
    FP8ATTN_EXCHANGES(sweep_dim24_bf16),
    FP8ATTN_EXCHANGE(llama_e4m3, vllm_amx, VllmAmx),
    FP8ATTN_EXCHANGE(llama_e5m2, vllm_amx, VllmAmx),
    FP8ATTN_EXCHANGE(llama_i8, vllm_amx, VllmAmx),
    FP8ATTN_EXCHANGE(llama_bf16, vllm_amx, VllmAmx)};

/// Bytes that no call may leave in a destination.
static constexpr uint8_t kStale = 0x55;

/// Returns a cache of the model in a layout.
static reference::PairsCache cacheIn(reference::Layout layout,
                                     const Model &model, uint8_t *bytes) {
  return reference::makeCache(layout, bytes, reference::Content::KeyValue,
                              model.cache, model.numKvHeads, model.headDim,
                              model.pageTokens);
}

/// Returns the bytes of a page of the model in a layout.
static int64_t pageBytesIn(reference::Layout layout, const Model &model) {
  return cacheIn(layout, model, nullptr).pageBytes;
}

/// Returns what the reference writes in the layout, over a cache of 0xFF.
static AlignedBytes expectedCache(Problem &problem, reference::Layout layout) {
  const Model &model = problem.model;
  AlignedBytes bytes(problem.arguments().keyCache.num_pages *
                         pageBytesIn(layout, model),
                     0xFF);
  const reference::PairsCache cache = cacheIn(layout, model, bytes.data());
  const int64_t stride = model.numKvHeads * model.headDim;
  const auto tokens = int64_t(problem.slots.size());
  writeCache(cache.keys, {problem.key.data(), tokens, stride, model.headDim},
             problem.slots.data(), {problem.keyScale});
  writeCache(cache.values,
             {problem.value.data(), tokens, stride, model.headDim},
             problem.slots.data(), {problem.valueScale});
  return bytes;
}

/// Makes the padding zeros where nothing was written, too, as repacking does.
static void zeroPadding(Problem &problem) {
  const reference::PairsCache cache =
      cacheIn(reference::Layout::Pairs, problem.model, problem.keyCache.data());
  const int64_t size = problem.model.cache == FP8ATTN_TYPE_BF16 ? 2 : 1;
  const int64_t pages = problem.arguments().keyCache.num_pages;
  for (const reference::CachePart &part : {cache.keys, cache.values})
    for (int64_t page = 0; page < pages; ++page)
      for (int64_t head = 0; head < part.heads; ++head)
        for (int64_t token = 0; token < part.pageTokens; ++token)
          for (int64_t c = part.headDim; c < part.paddedDim; ++c)
            std::memset(part.data + part.byte(page, head, token, c), 0, size);
}

TEST_P(RepackTest, ThereAndBack) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 100}, {1, 40}, {1, 300}});
  problem.setWorkers(2);
  ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;

  zeroPadding(problem);
  const int64_t awayBytes = pageBytesIn(exchange.layout, problem.model);
  AlignedBytes exported(problem.arguments().keyCache.num_pages * awayBytes,
                        kStale);
  AlignedBytes imported(problem.keyCache.size(), kStale);
  const fp8attn_cache source = problem.arguments().keyCache;
  fp8attn_cache away = source, back = source;
  away.data = exported.data();
  back.data = imported.data();
  away.page_bytes = awayBytes;
  ASSERT_EQ(exchange.exportCache(&problem.context, &source, &away), FP8ATTN_OK)
      << problem.context.message;
  EXPECT_TRUE(exported == expectedCache(problem, exchange.layout));
  ASSERT_EQ(exchange.importCache(&problem.context, &away, &back), FP8ATTN_OK)
      << problem.context.message;
  EXPECT_TRUE(imported == problem.keyCache);
}

/// Every other page goes to a cache of few pages, and from there to its end.
TEST_P(RepackTest, ListsOfPages) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 100}, {1, 40}, {1, 300}});
  problem.setWorkers(3);
  ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;
  zeroPadding(problem);
  const fp8attn_cache source = problem.arguments().keyCache;
  const int64_t count = source.num_pages / 2;
  ASSERT_GT(count, 1);
  const int64_t awayBytes = pageBytesIn(exchange.layout, problem.model);
  AlignedBytes exported((count + 1) * awayBytes, kStale);
  AlignedBytes imported(problem.keyCache.size(), kStale);
  const fp8attn_cache away = {exported.data(), count + 1, awayBytes};
  fp8attn_cache back = source;
  back.data = imported.data();
  std::vector<int32_t> out, in;
  for (int64_t i = 0; i < count; ++i) {
    out.insert(out.end(), {int32_t(2 * i + 1), int32_t(count - i)});
    in.insert(in.end(), {int32_t(count - i), int32_t(2 * i)});
  }
  const auto list = [&](std::vector<int32_t> &pages) {
    return fp8attn_tensor_make(pages.data(), FP8ATTN_TYPE_I32, 2, count, 2, 0,
                               0);
  };
  const fp8attn_tensor outList = list(out), inList = list(in);
  ASSERT_EQ(exchange.exportPages(&problem.context, &source, &away, &outList),
            FP8ATTN_OK)
      << problem.context.message;
  const AlignedBytes whole = expectedCache(problem, exchange.layout);
  const std::vector<uint8_t> stale(std::max(awayBytes, source.page_bytes),
                                   kStale);
  EXPECT_EQ(std::memcmp(exported.data(), stale.data(), awayBytes), 0);
  for (int64_t i = 0; i < count; ++i)
    EXPECT_EQ(std::memcmp(exported.data() + out[2 * i + 1] * awayBytes,
                          whole.data() + out[2 * i] * awayBytes, awayBytes),
              0);
  ASSERT_EQ(exchange.importPages(&problem.context, &away, &back, &inList),
            FP8ATTN_OK)
      << problem.context.message;
  for (int64_t page = 0; page < source.num_pages; ++page) {
    const bool isCopy = page % 2 == 0 && page < 2 * count;
    EXPECT_EQ(std::memcmp(imported.data() + page * source.page_bytes,
                          isCopy ? problem.keyCache.data() +
                                       (page + 1) * source.page_bytes
                                 : stale.data(),
                          source.page_bytes),
              0)
        << "page " << page;
  }
}

/// repack_c2, of each column.
TEST_P(RepackTest, ListsOfPagesThatAreNotThere) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 40}});
  const fp8attn_cache source = problem.arguments().keyCache;
  const int64_t awayBytes = pageBytesIn(exchange.layout, problem.model);
  AlignedBytes exported(awayBytes, kStale), stale(awayBytes, kStale);
  const fp8attn_cache away = {exported.data(), 1, awayBytes};
  const auto exportPages = [&](std::vector<int32_t> pages) {
    const fp8attn_tensor list = fp8attn_tensor_make(
        pages.data(), FP8ATTN_TYPE_I32, 2, int64_t(pages.size() / 2), 2, 0, 0);
    return exchange.exportPages(&problem.context, &source, &away, &list);
  };
  EXPECT_EQ(exportPages({0, 0, 1, 1}), FP8ATTN_BAD_PAGE);
  EXPECT_STREQ(problem.context.message,
               "pages[1, 1] is 1, expected 0 to 0 (the pages of destination)");
  EXPECT_EQ(exportPages({0, 0, -1, 0}), FP8ATTN_BAD_PAGE);
  EXPECT_EQ(std::string(problem.context.message).substr(0, 30),
            "pages[1, 0] is -1, expected 0 ");
  EXPECT_TRUE(exported == stale);
  EXPECT_EQ(exportPages({}), FP8ATTN_OK);
  EXPECT_TRUE(exported == stale);
}

/// A list in the memory that the call writes, and one right behind it.
TEST_P(RepackTest, ListOfPagesInTheDestination) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 40}});
  const fp8attn_cache source = problem.arguments().keyCache;
  const int64_t awayBytes = pageBytesIn(exchange.layout, problem.model);
  AlignedBytes exported(awayBytes + 2 * sizeof(int32_t)),
      before(exported.size());
  const fp8attn_cache away = {exported.data(), 1, awayBytes};
  const auto exportPage = [&](int64_t offset) {
    const fp8attn_tensor list = fp8attn_tensor_make(
        exported.data() + offset, FP8ATTN_TYPE_I32, 2, 1, 2, 0, 0);
    return exchange.exportPages(&problem.context, &source, &away, &list);
  };
  for (int64_t offset : {int64_t(0), awayBytes - 4}) {
    EXPECT_EQ(exportPage(offset), FP8ATTN_OVERLAP);
    EXPECT_EQ(std::string(problem.context.message)
                  .find("destination overlaps pages, expected memory of its "
                        "own: "),
              0u)
        << problem.context.message;
    EXPECT_TRUE(exported == before);
  }
  EXPECT_EQ(exportPage(awayBytes), FP8ATTN_OK) << problem.context.message;
}

/// repack_c3.
TEST_P(RepackTest, PagesMustAgree) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 40}});
  const fp8attn_cache source = problem.arguments().keyCache;
  fp8attn_cache shorter = source;
  shorter.page_bytes = pageBytesIn(exchange.layout, problem.model);
  --shorter.num_pages;
  EXPECT_EQ(exchange.exportCache(&problem.context, &source, &shorter),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               ("pages of destination is " + std::to_string(shorter.num_pages) +
                ", expected " + std::to_string(source.num_pages) +
                " (pages of source)")
                   .c_str());
}

INSTANTIATE_TEST_SUITE_P(Layouts, RepackTest, testing::ValuesIn(kExchanges),
                         [](const testing::TestParamInfo<Exchange> &info) {
                           return std::string(info.param.model) + "_" +
                                  info.param.name;
                         });
