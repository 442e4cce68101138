//===- RepackTest.cpp - caches of other layouts ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cache that kv_write wrote, in each of the layouts for exchange, is what the
// reference writes in that layout, and comes back as the same bytes.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "models_entry_points.h"

namespace reference = fp8attn::reference;

namespace {
using Repack = fp8attn_status (*)(fp8attn_context *context,
                                  const fp8attn_cache *source,
                                  const fp8attn_cache *destination);

/// Entry points that convert the caches of a model to a layout and back.
struct Exchange {
  const char *model;
  const char *name;
  reference::Layout layout;
  Repack exportCache;
  Repack importCache;
};

class RepackTest : public testing::TestWithParam<Exchange> {};
} // namespace

#define FP8ATTN_EXCHANGE(model, layout, kind)                                  \
  {#model, #layout, reference::Layout::kind, export_##model##_##layout,        \
   import_##model##_##layout}

static const Exchange kExchanges[] = {
    FP8ATTN_EXCHANGE(llama_e4m3, row_major, RowMajor),
    FP8ATTN_EXCHANGE(llama_e4m3, vllm_amx, VllmAmx),
    FP8ATTN_EXCHANGE(llama_e4m3, vllm_vector, VllmVector),
    FP8ATTN_EXCHANGE(llama_e5m2, row_major, RowMajor),
    FP8ATTN_EXCHANGE(llama_e5m2, vllm_amx, VllmAmx),
    FP8ATTN_EXCHANGE(llama_e5m2, vllm_vector, VllmVector),
    FP8ATTN_EXCHANGE(llama_bf16, row_major, RowMajor),
    FP8ATTN_EXCHANGE(llama_bf16, vllm_amx, VllmAmx),
    FP8ATTN_EXCHANGE(llama_bf16, vllm_vector, VllmVector),
};

/// Bytes that no call may leave in a destination.
static constexpr uint8_t kStale = 0x55;

/// Returns what the reference writes in the layout, over a cache of 0xFF.
static AlignedBytes expectedCache(Problem &problem, reference::Layout layout) {
  const Model &model = problem.model;
  AlignedBytes bytes(problem.keyCache.size(), 0xFF);
  const reference::PairsCache cache = reference::makeCache(
      layout, bytes.data(), reference::Content::KeyValue, model.cache,
      model.numKvHeads, model.headDim, model.pageTokens);
  const int64_t stride = model.numKvHeads * model.headDim;
  const auto tokens = int64_t(problem.slots.size());
  writeCache(cache.keys, {problem.key.data(), tokens, stride, model.headDim},
             problem.slots.data(), {problem.keyScale});
  writeCache(cache.values,
             {problem.value.data(), tokens, stride, model.headDim},
             problem.slots.data(), {problem.valueScale});
  return bytes;
}

TEST_P(RepackTest, ThereAndBack) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 100}, {1, 40}, {1, 300}});
  problem.setWorkers(2);
  ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;

  AlignedBytes exported(problem.keyCache.size(), kStale);
  AlignedBytes imported(problem.keyCache.size(), kStale);
  const fp8attn_cache source = problem.arguments().keyCache;
  fp8attn_cache away = source, back = source;
  away.data = exported.data();
  back.data = imported.data();
  ASSERT_EQ(exchange.exportCache(&problem.context, &source, &away), FP8ATTN_OK)
      << problem.context.message;
  EXPECT_TRUE(exported == expectedCache(problem, exchange.layout));
  ASSERT_EQ(exchange.importCache(&problem.context, &away, &back), FP8ATTN_OK)
      << problem.context.message;
  EXPECT_TRUE(imported == problem.keyCache);
}

TEST_P(RepackTest, PagesMustAgree) {
  const Exchange &exchange = GetParam();
  Problem problem(findModel(exchange.model), {{1, 40}});
  const fp8attn_cache source = problem.arguments().keyCache;
  fp8attn_cache shorter = source;
  --shorter.num_pages;
  EXPECT_EQ(exchange.exportCache(&problem.context, &source, &shorter),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "pages of destination is 3, expected 4 (pages of source)");
}

INSTANTIATE_TEST_SUITE_P(Layouts, RepackTest, testing::ValuesIn(kExchanges),
                         [](const testing::TestParamInfo<Exchange> &info) {
                           return std::string(info.param.model) + "_" +
                                  info.param.name;
                         });
