//===- ArgumentsFuzzer.cpp - descriptors and tables to entry points -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a list of changes to the arguments of valid calls: a byte that
// names a call, a byte that names a number of it, and eight with the number's
// new value. Whatever they are, the calls stay within the memory that the
// arguments describe, which the sanitizer watches, or are refused.
//
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "FormCalls.h"
#include "entry_points.h"

#include <algorithm>
#include <array>

static constexpr int64_t kHeads = 4, kKvHeads = 2, kHeadDim = 64;
static constexpr int64_t kMaxPages = 3, kPages = 4;
/// Bytes of the keys, or values, of a page of FP8.
static constexpr int64_t kPartBytes = kKvHeads * kHeadDim * 32;

static fp8attn_tensor &addHeads(Call &call, fp8attn_type type, int64_t heads) {
  return call.addTensor(type, {kTokens, heads, kHeadDim});
}

static fp8attn_tensor &addSlots(Call &call) {
  return call.addTable<int64_t>(FP8ATTN_TYPE_I64, {kTokens},
                                {0, 1, 33, -1, 127});
}

/// Scales for heads, or anything else of which there are two floats.
static fp8attn_tensor &addScales(Call &call, float first, float second) {
  return call.addTable<float>(FP8ATTN_TYPE_F32, {kKvHeads}, {first, second});
}

static void makeWriteAndAttend(Call &call) {
  auto &key = addHeads(call, FP8ATTN_TYPE_BF16, kKvHeads);
  auto &value = addHeads(call, FP8ATTN_TYPE_BF16, kKvHeads);
  auto &slots = addSlots(call);
  auto &keyScale = addScales(call, 1.0f, 0.5f);
  auto &valueScale = addScales(call, 2.0f, 1.0f);
  auto &query = addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
  const Batch batch(call);
  auto &out = addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
  auto &lse = call.addTensor(FP8ATTN_TYPE_F32, {kTokens, kHeads});
  auto &cache = call.addCache(kPages, 2 * kPartBytes);
  call.finish(
      std::max(fuzz_write_workspace_bytes(1), fuzz_attend_workspace_bytes(1)),
      [=, &key, &value, &slots, &keyScale, &valueScale, &query, &out, &lse,
       &cache](fp8attn_context *context) {
        const bool isDone = fuzz_write(context, &key, &value, &slots, &keyScale,
                                       &valueScale, &cache) == FP8ATTN_OK;
        return fuzz_attend(context, &query, &cache, &keyScale, &valueScale,
                           &batch.starts, &batch.lens, &batch.table, &out,
                           &lse) == FP8ATTN_OK &&
               isDone;
      });
}

/// Keys of e5m2 and values of bf16, f32 sources, f16 queries, a sliding window.
static void makeWindow(Call &call) {
  auto &key = addHeads(call, FP8ATTN_TYPE_F32, kKvHeads);
  auto &value = addHeads(call, FP8ATTN_TYPE_F32, kKvHeads);
  auto &slots = addSlots(call);
  auto &keyScale = addScales(call, 1.0f, 0.5f);
  auto &query = addHeads(call, FP8ATTN_TYPE_F16, kHeads);
  const Batch batch(call);
  auto &sink = call.addTable<float>(FP8ATTN_TYPE_F32, {kHeads}, {0, 1, 2, 3});
  auto &out = addHeads(call, FP8ATTN_TYPE_F32, kHeads);
  auto &keys = call.addCache(kPages, kPartBytes);
  auto &values = call.addCache(kPages, 2 * kPartBytes);
  call.finish(std::max(fuzz_write_split_workspace_bytes(1),
                       fuzz_window_workspace_bytes(1)),
              [=, &key, &value, &slots, &keyScale, &query, &sink, &out, &keys,
               &values](fp8attn_context *context) {
                const bool isDone =
                    fuzz_write_split(context, &key, &value, &slots, &keyScale,
                                     &keys, &values) == FP8ATTN_OK;
                return fuzz_window(context, &query, &keys, &values, &keyScale,
                                   &batch.starts, &batch.lens, &batch.table,
                                   &sink, &out) == FP8ATTN_OK &&
                       isDone;
              });
}

/// A bf16 cache, f32 queries and f16 outputs, and all that modifies scores.
static void makeScores(Call &call) {
  auto &query = addHeads(call, FP8ATTN_TYPE_F32, kHeads);
  const Batch batch(call);
  auto &out = addHeads(call, FP8ATTN_TYPE_F16, kHeads);
  auto &lse = call.addTensor(FP8ATTN_TYPE_F32, {kTokens, kHeads});
  auto &alibi = call.addTable<float>(FP8ATTN_TYPE_F32, {kHeads}, {0, 1, 2, 3});
  auto &mask = call.addTensor(FP8ATTN_TYPE_I8, {kTokens, 70});
  auto &cache = call.addCache(kPages, 4 * kPartBytes);
  call.finish(fuzz_scores_workspace_bytes(1), [=, &query, &out, &lse, &alibi,
                                               &mask, &cache](
                                                  fp8attn_context *context) {
    return fuzz_scores(context, &query, &cache, &batch.starts, &batch.lens,
                       &batch.table, &out, &lse, &alibi, &mask) == FP8ATTN_OK;
  });
}

/// The sequences of a batch in two groups, one of which has a prefix.
static void makeGroups(Call &call) {
  auto &query = addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
  auto &keyScale = addScales(call, 1.0f, 0.5f);
  auto &valueScale = addScales(call, 2.0f, 1.0f);
  const Batch batch(call);
  auto &groups =
      call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kSequences + 1}, {0, 1, 2});
  auto &lens = call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kSequences}, {33, 0});
  auto &table = call.addTable<int32_t>(
      FP8ATTN_TYPE_I32, {kSequences, kMaxPages}, {1, 3, -1, -1, -1, -1});
  auto &out = addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
  auto &cache = call.addCache(kPages, 2 * kPartBytes);
  call.finish(fuzz_groups_workspace_bytes(1),
              [=, &query, &keyScale, &valueScale, &groups, &lens, &table, &out,
               &cache](fp8attn_context *context) {
                return fuzz_groups(context, &query, &cache, &keyScale,
                                   &valueScale, &batch.starts, &batch.lens,
                                   &batch.table, &groups, &lens, &table,
                                   &out) == FP8ATTN_OK;
              });
}

/// Lists of the queries of a batch, of these sizes, for an entry point.
template <typename Function>
static void addSelected(Call &call, Function *function, int64_t bytes,
                        std::vector<int64_t> sizes,
                        std::initializer_list<int32_t> entries) {
  auto &query = addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
  auto &keyScale = addScales(call, 1.0f, 0.5f);
  auto &valueScale = addScales(call, 2.0f, 1.0f);
  const Batch batch(call);
  auto &list = call.addTable<int32_t>(FP8ATTN_TYPE_I32, sizes, entries);
  auto &out = addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
  auto &cache = call.addCache(kPages, 2 * kPartBytes);
  call.finish(bytes, [=, &query, &keyScale, &valueScale, &list, &out,
                      &cache](fp8attn_context *context) {
    return function(context, &query, &cache, &keyScale, &valueScale,
                    &batch.starts, &batch.lens, &batch.table, &list,
                    &out) == FP8ATTN_OK;
  });
}

static void makeSelectedPages(Call &call) {
  addSelected(call, fuzz_selected_pages, fuzz_selected_pages_workspace_bytes(1),
              {kTokens, 2, 1}, {0, 2, 1, -1, 2, 2, 1, 0, 0, -1});
}

static void makeSelectedTokens(Call &call) {
  addSelected(call, fuzz_selected_tokens,
              fuzz_selected_tokens_workspace_bytes(1), {kTokens, 2},
              {69, 0, 33, -1, 95, 69, 31, 32, 19, 0});
}

static void makeMerge(Call &call) {
  std::array<fp8attn_tensor *, 6> parts;
  for (size_t i = 0; i < parts.size(); i += 2) {
    parts[i] = &addHeads(call, FP8ATTN_TYPE_BF16, kHeads);
    parts[i + 1] = &call.addTensor(FP8ATTN_TYPE_F32, {kTokens, kHeads});
  }
  call.finish(fuzz_merge_workspace_bytes(1), [parts](fp8attn_context *context) {
    return fuzz_merge(context, parts[0], parts[1], parts[2], parts[3], parts[4],
                      parts[5]) == FP8ATTN_OK;
  });
}

/// FP8 keys and f32 values of other sizes, with a mask for each batch entry.
static void makeDense(Call &call) {
  constexpr int64_t kKeys = 40, kValueDim = 40;
  auto &query =
      call.addTensor(FP8ATTN_TYPE_F16, {kSequences, kHeads, kTokens, kHeadDim});
  auto &keys = call.addTensor(FP8ATTN_TYPE_F8E4M3FN,
                              {kSequences, kKvHeads, kKeys, kHeadDim});
  auto &values = call.addTensor(FP8ATTN_TYPE_F32,
                                {kSequences, kKvHeads, kKeys, kValueDim});
  auto &scale = addScales(call, 1.0f, 0.5f);
  auto &out = call.addTensor(FP8ATTN_TYPE_BF16,
                             {kSequences, kHeads, kTokens, kValueDim});
  auto &lse = call.addTensor(FP8ATTN_TYPE_F32, {kSequences, kHeads, kTokens});
  auto &mask = call.addTensor(FP8ATTN_TYPE_I8, {kSequences, 1, kTokens, kKeys});
  call.finish(fuzz_dense_workspace_bytes(1),
              [=, &query, &keys, &values, &scale, &out, &lse,
               &mask](fp8attn_context *context) {
                return fuzz_dense(context, &query, &keys, &values, &scale, &out,
                                  &lse, &mask) == FP8ATTN_OK;
              });
}

/// Dense parts in f32, merged into f16.
static void makeMergeDense(Call &call) {
  std::array<fp8attn_tensor *, 6> parts;
  for (size_t i = 0; i < parts.size(); i += 2) {
    parts[i] = &call.addTensor(i < 4 ? FP8ATTN_TYPE_F32 : FP8ATTN_TYPE_F16,
                               {kSequences, kHeads, kTokens, kHeadDim});
    parts[i + 1] =
        &call.addTensor(FP8ATTN_TYPE_F32, {kSequences, kHeads, kTokens});
  }
  call.finish(
      fuzz_merge_dense_workspace_bytes(1), [parts](fp8attn_context *context) {
        return fuzz_merge_dense(context, parts[0], parts[1], parts[2], parts[3],
                                parts[4], parts[5]) == FP8ATTN_OK;
      });
}

static void makeRepack(Call &call) {
  auto &source = call.addCache(kPages, 2 * kPartBytes);
  auto &destination = call.addCache(kPages, 2 * kPartBytes);
  call.finish(fuzz_repack_workspace_bytes(1), [&source, &destination](
                                                  fp8attn_context *context) {
    return fuzz_repack(context, &source, &destination) == FP8ATTN_OK;
  });
}

/// There and back.
static void makeConvert(Call &call) {
  auto &values = addHeads(call, FP8ATTN_TYPE_F16, kKvHeads);
  auto &scale = addScales(call, 1.0f, 0.5f);
  auto &codes = addHeads(call, FP8ATTN_TYPE_F8E5M2, kKvHeads);
  auto &back = addHeads(call, FP8ATTN_TYPE_F32, kKvHeads);
  call.finish(std::max(fuzz_quantize_workspace_bytes(1),
                       fuzz_dequantize_workspace_bytes(1)),
              [&values, &scale, &codes, &back](fp8attn_context *context) {
                const bool isDone = fuzz_quantize(context, &values, &scale,
                                                  &codes) == FP8ATTN_OK;
                return fuzz_dequantize(context, &codes, &scale, &back) ==
                           FP8ATTN_OK &&
                       isDone;
              });
}

/// In the order of the first byte of a change.
static void (*const kCalls[])(Call &) = {
    makeWriteAndAttend, makeWindow,        makeScores,          makeMerge,
    makeRepack,         makeConvert,       makeDense,           makeMergeDense,
    makeGroups,         makeSelectedPages, makeSelectedTokens,  makeLatent,
    makeBlocks,         makeRepackRows,    makeSelectedOfHeads, makeEntries,
    makeZeroPoints};

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr size_t kChangeBytes = 2 + sizeof(int64_t);
  for (size_t index = 0; index < std::size(kCalls); ++index) {
    Call call;
    kCalls[index](call);
    for (size_t at = 0; at + kChangeBytes <= size; at += kChangeBytes)
      if (data[at] % std::size(kCalls) == index)
        call.change(data[at + 1], data + at + 2);
    call.run();
  }
  return 0;
}
