//===- DenseAttention.cpp - dense attention in double precision -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A batch entry is a sequence whose keys are in one page, in row-major order.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/DenseAttention.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>

using namespace fp8attn::reference;

const uint8_t *DenseTensor::address(int64_t entry, int64_t head, int64_t token,
                                    int64_t channel) const {
  const int64_t element = entry * strides[0] + head * strides[1] +
                          token * strides[2] + channel * strides[3];
  return static_cast<const uint8_t *>(data) + element * elementBytes(type);
}

/// A batch entry's keys or values, as a page of FP8 codes or bf16 words.
static std::vector<uint8_t> copyEntry(const DenseTensor &tensor,
                                      int64_t entry) {
  const bool isFp8 = elementBytes(tensor.type) == 1;
  const int64_t size = isFp8 ? 1 : 2;
  std::vector<uint8_t> page(tensor.sizes[1] * tensor.sizes[2] *
                            tensor.sizes[3] * size);
  uint8_t *next = page.data();
  for (int64_t head = 0; head < tensor.sizes[1]; ++head)
    for (int64_t token = 0; token < tensor.sizes[2]; ++token)
      for (int64_t c = 0; c < tensor.sizes[3]; ++c, next += size) {
        const uint8_t *element = tensor.address(entry, head, token, c);
        if (isFp8)
          *next = *element;
        else
          encodeElement(static_cast<float>(decodeElement(element, tensor.type)),
                        next, FP8ATTN_TYPE_BF16);
      }
  return page;
}

/// Describes such a page.
static CachePart describe(const DenseTensor &tensor,
                          std::vector<uint8_t> &page) {
  CachePart part;
  part.data = page.data();
  part.type = elementBytes(tensor.type) == 1 ? tensor.type : FP8ATTN_TYPE_BF16;
  part.heads = tensor.sizes[1];
  part.headDim = part.paddedDim = tensor.sizes[3];
  part.pageTokens = std::max<int64_t>(1, tensor.sizes[2]);
  part.byte = [part](int64_t, int64_t head, int64_t token, int64_t channel) {
    return ((head * part.pageTokens + token) * part.headDim + channel) *
           elementBytes(part.type);
  };
  return part;
}

/// Appends [tokens, heads, width] to `to` as [heads, tokens, width].
template <typename T>
static void append(const std::vector<T> &from, int64_t tokens, int64_t heads,
                   int64_t width, std::vector<T> &to) {
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t token = 0; token < tokens; ++token) {
      const auto row = from.begin() + (token * heads + head) * width;
      to.insert(to.end(), row, row + width);
    }
}

AttentionResult fp8attn::reference::attend(const DenseCall &call) {
  const int64_t heads = call.query.sizes[1], queries = call.query.sizes[2];
  const int32_t queryStart[] = {0, static_cast<int32_t>(queries)};
  const auto numKeys = static_cast<int32_t>(call.key.sizes[2]);
  const int32_t page = 0;
  AttentionResult result;
  result.f32Products = call.f32Products;
  for (int64_t entry = 0; entry < call.query.sizes[0]; ++entry) {
    std::vector<uint8_t> keys = copyEntry(call.key, entry);
    std::vector<uint8_t> values = copyEntry(call.value, entry);
    AttentionCall one;
    one.query = {call.query.address(entry, 0, 0, 0), queries,
                 call.query.strides[2], call.query.strides[1], call.query.type};
    one.f32Products = call.f32Products;
    if (call.queryScale)
      one.queryScale = [&](int64_t token, int64_t head) {
        return call.queryScale(entry, head, token);
      };
    one.numHeads = heads;
    one.keys = describe(call.key, keys);
    one.values = describe(call.value, values);
    one.keyScale = call.keyScale;
    one.valueScale = call.valueScale;
    one.numSeqs = 1;
    one.queryStart = queryStart;
    one.seqLens = call.keyLens ? call.keyLens + entry : &numKeys;
    if (call.queryOffsets)
      one.queryOffsets = call.queryOffsets + entry;
    one.blockTable = &page;
    one.softmaxScale = call.softmaxScale;
    one.windowLeft = call.windowLeft;
    one.windowRight = call.windowRight;
    one.topLeft = call.topLeft;
    one.sink = call.sink;
    if (call.modifyScore)
      one.modifyScore = [&](double score, ScorePlace place) {
        place.sequence = entry;
        return call.modifyScore(score, place);
      };
    const AttentionResult rows = attend(one);
    const int64_t channels = call.value.sizes[3];
    append(rows.out, queries, heads, channels, result.out);
    append(rows.magnitude, queries, heads, channels, result.magnitude);
    append(rows.lse, queries, heads, 1, result.lse);
    append(rows.numKeys, queries, heads, 1, result.numKeys);
    append(rows.underflow, queries, heads, 1, result.underflow);
    append(rows.spread, queries, heads, 1, result.spread);
    append(rows.commonRounding, queries, heads, 1, result.commonRounding);
    if (!call.f32Products)
      continue;
    append(rows.meanProbError, queries, heads, 1, result.meanProbError);
    append(rows.probErrors, queries, heads, channels, result.probErrors);
  }
  return result;
}
