//===- FormCalls.cpp - calls of forms.mlir --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormCalls.h"
#include "Batch.h"
#include "forms.h"

#include "fp8attn/Reference/Fp8.h"

/// A byte that is a positive number as an e4m3 code, and four of which are one
/// as an f32.
static constexpr int kPositive = 0x3f;
static constexpr int64_t kHeads = 4, kHeadDim = 64;

/// Adds a tensor of scales, 1 or near it.
static fp8attn_tensor &addScales(Call &call, fp8attn_type type,
                                 std::vector<int64_t> sizes) {
  int64_t bytes = fp8attn::reference::elementBytes(type);
  for (int64_t size : sizes)
    bytes *= size;
  fp8attn_tensor &scales = call.addTensor(type, std::move(sizes));
  std::memset(scales.data, kPositive, bytes);
  return scales;
}

void makeLatent(Call &call) {
  constexpr int64_t kDim = 96, kValueDim = 64, kColumns = 16, kPages = 5;
  auto &key = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, 1, kDim});
  auto &query = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kDim});
  auto &slots =
      call.addTable<int64_t>(FP8ATTN_TYPE_I64, {kTokens}, {0, 1, 17, -1, 79});
  auto &norm = call.addTensor(FP8ATTN_TYPE_BF16, {kValueDim});
  auto &positions =
      call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kTokens}, {0, 1, 2, 7, 3});
  auto &cos = call.addTensor(FP8ATTN_TYPE_F32, {8, kColumns});
  auto &sin = call.addTensor(FP8ATTN_TYPE_F32, {8, kColumns});
  auto &scale = addScales(call, FP8ATTN_TYPE_F32, {kPages, 1, 16, 2});
  const Batch batch(call, {40, 20}, {2, 0, 3, 1, 4, -1});
  auto &mask = call.addTensor(FP8ATTN_TYPE_I8, {kTokens, 4});
  auto &out = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kValueDim});
  auto &cache = call.addCache(kPages, FUZZ_WRITE_LATENT_CACHE_PAGE_BYTES);
  call.finish(
      std::max(fuzz_write_latent_workspace_bytes(1),
               fuzz_attend_latent_workspace_bytes(1)),
      [=, &key, &query, &slots, &norm, &positions, &cos, &sin, &scale, &mask,
       &out, &cache](fp8attn_context *context) {
        const bool isDone =
            fuzz_write_latent(context, &key, &query, &slots, &norm, &positions,
                              &cos, &sin, &scale, &cache) == FP8ATTN_OK;
        return fuzz_attend_latent(context, &query, &cache, &scale,
                                  &batch.starts, &batch.lens, &batch.table,
                                  &mask, &out) == FP8ATTN_OK &&
               isDone;
      });
}

void makeBlocks(Call &call) {
  constexpr int64_t kKvHeads = 2, kPages = 4;
  auto &key = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kKvHeads, kHeadDim});
  auto &value =
      call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kKvHeads, kHeadDim});
  auto &slots =
      call.addTable<int64_t>(FP8ATTN_TYPE_I64, {kTokens}, {0, 1, 33, -1, 127});
  auto &keyScale =
      addScales(call, FP8ATTN_TYPE_F8E8M0FNU, {kPages, kKvHeads, 32, 2});
  auto &valueScale =
      addScales(call, FP8ATTN_TYPE_F8E4M3FN, {kPages, kKvHeads, 32, 4});
  auto &outer =
      call.addTable<float>(FP8ATTN_TYPE_F32, {kKvHeads}, {1.0f, 0.5f});
  auto &query = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
  const Batch batch(call);
  auto &sink = call.addTensor(FP8ATTN_TYPE_F16, {kHeads});
  auto &out = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
  auto &keys = call.addCache(kPages, FUZZ_WRITE_BLOCKS_KEYS_PAGE_BYTES);
  auto &values = call.addCache(kPages, FUZZ_WRITE_BLOCKS_VALUES_PAGE_BYTES);
  call.finish(std::max(fuzz_write_blocks_workspace_bytes(1),
                       fuzz_attend_blocks_workspace_bytes(1)),
              [=, &key, &value, &slots, &keyScale, &valueScale, &outer, &query,
               &sink, &out, &keys, &values](fp8attn_context *context) {
                const bool isDone =
                    fuzz_write_blocks(context, &key, &value, &slots, &keyScale,
                                      &valueScale, &outer, &keys,
                                      &values) == FP8ATTN_OK;
                return fuzz_attend_blocks(
                           context, &query, &keys, &values, &keyScale,
                           &valueScale, &outer, &batch.starts, &batch.lens,
                           &batch.table, &sink, &out) == FP8ATTN_OK &&
                       isDone;
              });
}

/// Two pages of rows make a page.
void makeRepackRows(Call &call) {
  auto &source = call.addCache(6, FUZZ_REPACK_ROWS_SOURCE_PAGE_BYTES);
  auto &destination = call.addCache(3, FUZZ_REPACK_ROWS_DESTINATION_PAGE_BYTES);
  auto &pages =
      call.addTable<int32_t>(FP8ATTN_TYPE_I32, {2, 3}, {5, 0, 2, 3, -1, 0});
  auto &scale = addScales(call, FP8ATTN_TYPE_F32, {3, 1, 32, 1});
  call.finish(
      fuzz_repack_rows_workspace_bytes(1),
      [&source, &destination, &pages, &scale](fp8attn_context *context) {
        return fuzz_repack_rows(context, &source, &destination, &pages,
                                &scale) == FP8ATTN_OK;
      });
}

void makeSelectedOfHeads(Call &call) {
  constexpr int64_t kValueHeads = 2, kPages = 12;
  auto &query = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
  auto &keyScale = addScales(call, FP8ATTN_TYPE_F32, {kHeads});
  auto &valueScale = addScales(call, FP8ATTN_TYPE_F32, {kValueHeads});
  const Batch batch(call, {7, 3},
                    {9, 0, 3, 1, 4, 11, 2, 10, 5, 6, 7, 8, -1, -1});
  auto &selected = call.addTable<int32_t>(
      FP8ATTN_TYPE_I32, {kTokens, kHeads, 2},
      {0, 1, 2, 3, 4, 5, 6, -1, -1, -1, 1, 1, 5, 3, 2, 4, 6, 0, 3, 3,
       0, 1, 2, 5, 4, 5, 6, -1, -1, -1, 1, 1, 2, 0, 1, 2, 0, 1, 2, 2});
  auto &out = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
  auto &keys = call.addCache(kPages, FUZZ_SELECTED_OF_HEADS_KEYS_PAGE_BYTES);
  auto &values =
      call.addCache(kPages, FUZZ_SELECTED_OF_HEADS_VALUES_PAGE_BYTES);
  call.finish(fuzz_selected_of_heads_workspace_bytes(1),
              [=, &query, &keyScale, &valueScale, &selected, &out, &keys,
               &values](fp8attn_context *context) {
                return fuzz_selected_of_heads(
                           context, &query, &keys, &values, &keyScale,
                           &valueScale, &batch.starts, &batch.lens,
                           &batch.table, &selected, &out) == FP8ATTN_OK;
              });
}

void makeEntries(Call &call) {
  constexpr int64_t kKvHeads = 2, kKeys = 40;
  auto &query = call.addTensor(FP8ATTN_TYPE_F8E4M3FN,
                               {kSequences, kHeads, kTokens, kHeadDim});
  auto &key = call.addTensor(FP8ATTN_TYPE_BF16,
                             {kSequences, kKvHeads, kKeys, kHeadDim});
  auto &value = call.addTensor(FP8ATTN_TYPE_BF16,
                               {kSequences, kKvHeads, kKeys, kHeadDim});
  auto &queryScale =
      addScales(call, FP8ATTN_TYPE_F32, {kSequences, kHeads, kTokens});
  auto &outScale = addScales(call, FP8ATTN_TYPE_F32, {kHeads});
  auto &lens = call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kSequences}, {40, 17});
  auto &offsets =
      call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kSequences}, {35, 0});
  auto &mask = call.addTensor(FP8ATTN_TYPE_I8, {1, 1, kTokens, 30});
  auto &out = call.addTensor(FP8ATTN_TYPE_F8E4M3FN,
                             {kSequences, kHeads, kTokens, kHeadDim});
  call.finish(fuzz_entries_workspace_bytes(1),
              [&query, &key, &value, &queryScale, &outScale, &lens, &offsets,
               &mask, &out](fp8attn_context *context) {
                return fuzz_entries(context, &query, &key, &value, &queryScale,
                                    &outScale, &lens, &offsets, &mask,
                                    &out) == FP8ATTN_OK;
              });
}

void makeZeroPoints(Call &call) {
  constexpr int64_t kKvHeads = 2, kPages = 6, kPage = 16;
  auto &key = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kKvHeads, kHeadDim});
  auto &slots =
      call.addTable<int64_t>(FP8ATTN_TYPE_I64, {kTokens}, {0, 1, 33, -1, 95});
  auto &keyScale = addScales(call, FP8ATTN_TYPE_F32, {kPages, kKvHeads, kPage});
  auto &valueScale =
      addScales(call, FP8ATTN_TYPE_F32, {kPages, kKvHeads, kPage});
  auto &keyPoints = call.addTensor(FP8ATTN_TYPE_I8, {kPages, kKvHeads, kPage});
  auto &valuePoints = call.addTensor(FP8ATTN_TYPE_I8, {kKvHeads, kHeadDim});
  auto &query = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
  const Batch batch(call, {40, 20}, {2, 0, 3, 1, 4, -1});
  auto &out = call.addTensor(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kHeadDim});
  auto &cache = call.addCache(kPages, FUZZ_WRITE_POINTS_CACHE_PAGE_BYTES);
  call.finish(std::max(fuzz_write_points_workspace_bytes(1),
                       fuzz_attend_points_workspace_bytes(1)),
              [=, &key, &slots, &keyScale, &valueScale, &keyPoints,
               &valuePoints, &query, &out, &cache](fp8attn_context *context) {
                const bool isDone =
                    fuzz_write_points(context, &key, &slots, &keyScale,
                                      &valueScale, &keyPoints,
                                      &cache) == FP8ATTN_OK;
                return fuzz_attend_points(context, &query, &cache, &keyScale,
                                          &valueScale, &keyPoints, &valuePoints,
                                          &batch.starts, &batch.lens,
                                          &batch.table, &out) == FP8ATTN_OK &&
                       isDone;
              });
}
