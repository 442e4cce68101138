//===- Segment.cpp - calls of the compiled functions ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Segment.h"

#include "attention.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>

using namespace distributed;

/// Throws std::bad_alloc.
static AlignedMemory allocate(size_t bytes) {
  constexpr size_t kAlignment = FP8ATTN_ALIGNMENT;
  void *memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) /
                                                    kAlignment * kAlignment);
  if (!memory)
    throw std::bad_alloc();
  return AlignedMemory(static_cast<std::byte *>(memory));
}

Context::Context() {
  fp8attn_context_init(&context);
  const int64_t bytes = std::max(
      {write_tokens_workspace_bytes(1), attend_earlier_workspace_bytes(1),
       attend_last_workspace_bytes(1), merge_segment_workspace_bytes(1)});
  workspace = allocate(size_t(bytes));
  context.workspace = workspace.get();
  context.workspace_bytes = bytes;
}

void Context::check(fp8attn_status status) const {
  if (status != FP8ATTN_OK)
    throw std::runtime_error(std::string(fp8attn_status_string(status)) + ": " +
                             context.message);
}

static fp8attn_tensor scalesOf(const float *scales) {
  return fp8attn_tensor_make(const_cast<float *>(scales), FP8ATTN_TYPE_F32, 1,
                             kKvHeads, 0, 0, 0);
}

static fp8attn_tensor rowsOf(uint16_t *data, int64_t rows, int64_t heads) {
  return fp8attn_tensor_make(data, FP8ATTN_TYPE_BF16, 3, rows, heads, kHeadDim,
                             0);
}

static fp8attn_tensor listOf(int32_t *data, int64_t size) {
  return fp8attn_tensor_make(data, FP8ATTN_TYPE_I32, 1, size, 0, 0, 0);
}

/// Returns [tokens, heads, kHeadDim] in bf16, from a token of the sequence on.
static std::vector<uint16_t> makeRows(Tensor tensor, int64_t group,
                                      int64_t begin, int64_t tokens,
                                      int64_t heads) {
  std::vector<uint16_t> rows;
  rows.reserve(size_t(tokens * heads * kHeadDim));
  for (int64_t token = begin; token < begin + tokens; ++token)
    for (int64_t head = 0; head < heads; ++head)
      for (int64_t channel = 0; channel < kHeadDim; ++channel)
        rows.push_back(toBf16(elementOf(tensor, group, token, head, channel)));
  return rows;
}

std::vector<uint16_t> distributed::makeQuery(const Shape &shape,
                                             int64_t group) {
  return makeRows(Tensor::Query, group, shape.queryToken(0), shape.numQueries,
                  kQueryHeads);
}

Segment::Segment(Context &context, const Shape &shape, int64_t group,
                 int64_t index)
    : shape(shape), index(index),
      pages(size_t(shape.segmentTokens / kPageTokens)) {
  std::iota(pages.begin(), pages.end(), 0);
  memory = allocate(pages.size() * WRITE_TOKENS_CACHE_PAGE_BYTES);

  const fp8attn_tensor keyScale = scalesOf(kKeyScale),
                       valueScale = scalesOf(kValueScale);
  const fp8attn_cache destination = cache();
  // As a prompt comes, in chunks.
  constexpr int64_t kChunk = 1024;
  for (int64_t begin = 0; begin < shape.segmentTokens; begin += kChunk) {
    const int64_t tokens = std::min(kChunk, shape.segmentTokens - begin);
    const int64_t first = index * shape.segmentTokens + begin;
    std::vector<uint16_t> key =
        makeRows(Tensor::Key, group, first, tokens, kKvHeads);
    std::vector<uint16_t> value =
        makeRows(Tensor::Value, group, first, tokens, kKvHeads);
    std::vector<int64_t> slots(static_cast<size_t>(tokens));
    std::iota(slots.begin(), slots.end(), begin);
    const fp8attn_tensor keys = rowsOf(key.data(), tokens, kKvHeads),
                         values = rowsOf(value.data(), tokens, kKvHeads);
    const fp8attn_tensor places =
        fp8attn_tensor_make(slots.data(), FP8ATTN_TYPE_I64, 1, tokens, 0, 0, 0);
    context.check(write_tokens(context, &keys, &values, &places, &keyScale,
                               &valueScale, &destination));
  }
}

fp8attn_cache Segment::cache() const {
  return {memory.get(), int64_t(pages.size()), WRITE_TOKENS_CACHE_PAGE_BYTES};
}

/// Views a partial result as out and log-sum-exp.
static std::pair<fp8attn_tensor, fp8attn_tensor> viewsOf(const Shape &shape,
                                                         float *partial) {
  float *lse = partial + shape.numQueries * kQueryHeads * kHeadDim;
  return {fp8attn_tensor_make(partial, FP8ATTN_TYPE_F32, 3, shape.numQueries,
                              kQueryHeads, kHeadDim, 0),
          fp8attn_tensor_make(lse, FP8ATTN_TYPE_F32, 2, shape.numQueries,
                              kQueryHeads, 0, 0)};
}

void Segment::attend(Context &context, std::vector<uint16_t> &query,
                     float *partial) {
  int32_t queryStart[] = {0, int32_t(shape.numQueries)};
  int32_t length = int32_t(shape.segmentTokens);
  const fp8attn_tensor queries =
      rowsOf(query.data(), shape.numQueries, kQueryHeads);
  const fp8attn_tensor keyScale = scalesOf(kKeyScale),
                       valueScale = scalesOf(kValueScale);
  const fp8attn_tensor starts = listOf(queryStart, 2),
                       lengths = listOf(&length, 1);
  const fp8attn_tensor table = fp8attn_tensor_make(
      pages.data(), FP8ATTN_TYPE_I32, 2, 1, int64_t(pages.size()), 0, 0);
  const auto [out, lse] = viewsOf(shape, partial);
  const fp8attn_cache keys = cache();
  // The new tokens stand at the end of the last segment, and after all others.
  const auto attendTo =
      index + 1 == shape.numSegments ? attend_last : attend_earlier;
  context.check(attendTo(context, &queries, &keys, &keyScale, &valueScale,
                         &starts, &lengths, &table, &out, &lse));
}

void distributed::mergeNext(Context &context, const Shape &shape, float *before,
                            float *next) {
  const auto [out, lse] = viewsOf(shape, before);
  const auto [nextOut, nextLse] = viewsOf(shape, next);
  context.check(merge_segment(context, &out, &lse, &nextOut, &nextLse));
}
