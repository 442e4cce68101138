//===- TensorFormTest.cpp - functions that were on tensors ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of tensors.mlir, which are pairs: one was on tensors
// and has arguments of any strides, as bufferization makes them, the other on
// memrefs. Both give the same bits.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "tensors.h"

#include "gtest/gtest.h"

namespace {
/// What makes arguments, the same ones each time, and calls.
struct FormCaller : Caller {
  /// bf16 numbers from 1 to 2, or from -2 to -1.
  Words makeWords(std::vector<int64_t> sizes) {
    Words tensor(FP8ATTN_TYPE_BF16, std::move(sizes));
    for (uint16_t &word : tensor.elements)
      word = 0x3f80 + random() % 128 + random() % 2 * 0x8000;
    return tensor;
  }

  /// e4m3 numbers up to 1.875.
  Codes makeCodes(std::vector<int64_t> sizes) {
    Codes tensor(FP8ATTN_TYPE_F8E4M3FN, std::move(sizes));
    for (uint8_t &code : tensor.elements)
      code = random() % 0x40 + random() % 2 * 0x80;
    return tensor;
  }

  Floats makeFloats(std::vector<int64_t> sizes) {
    Floats tensor(FP8ATTN_TYPE_F32, std::move(sizes));
    for (float &number : tensor.elements)
      number = std::uniform_real_distribution<float>(0.5, 2)(random);
    return tensor;
  }
};

constexpr int64_t kBatch = 2, kHeads = 8, kKvHeads = 2, kChannels = 64;
constexpr int64_t kQueries = 5, kKeys = 300;

/// The arguments of dense attention.
struct DenseCall : FormCaller {
  Words query = makeWords({kBatch, kHeads, kQueries, kChannels});
  Codes key = makeCodes({kBatch, kKvHeads, kKeys, kChannels}),
        value = makeCodes({kBatch, kKvHeads, kKeys, kChannels});
  Floats scale = makeFloats({kKvHeads}), bias = makeFloats({kHeads});
  Words out = Words(FP8ATTN_TYPE_BF16, {kBatch, kHeads, kQueries, kChannels});
  Floats lse = Floats(FP8ATTN_TYPE_F32, {kBatch, kHeads, kQueries});

  int32_t onTensors() {
    return dense_tensors(with(dense_tensors_workspace_bytes(1)), query, key,
                         value, scale, bias, out, lse);
  }
  int32_t onMemRefs() {
    return dense_memrefs(with(dense_memrefs_workspace_bytes(1)), query, key,
                         value, scale, bias, out, lse);
  }
};
} // namespace

TEST(TensorFormTest, Dense) {
  DenseCall tensors, memrefs;
  ASSERT_EQ(tensors.onTensors(), FP8ATTN_OK) << tensors.context.message;
  ASSERT_EQ(memrefs.onMemRefs(), FP8ATTN_OK) << memrefs.context.message;
  EXPECT_NE(tensors.out.elements, DenseCall().out.elements);
  EXPECT_EQ(tensors.out.elements, memrefs.out.elements);
  EXPECT_EQ(tensors.lse.elements, memrefs.lse.elements);
}

/// Queries of all heads of a token are neighbours.
TEST(TensorFormTest, DenseOfOtherStrides) {
  DenseCall tensors, memrefs;
  Words turned(FP8ATTN_TYPE_BF16, {kBatch, kQueries, kHeads, kChannels});
  for (int64_t b = 0; b < kBatch; ++b)
    for (int64_t h = 0; h < kHeads; ++h)
      for (int64_t q = 0; q < kQueries; ++q)
        for (int64_t c = 0; c < kChannels; ++c)
          turned.elements[((b * kQueries + q) * kHeads + h) * kChannels + c] =
              tensors.query
                  .elements[((b * kHeads + h) * kQueries + q) * kChannels + c];
  tensors.query.elements = turned.elements;
  tensors.query.descriptor.strides[1] = kChannels;
  tensors.query.descriptor.strides[2] = kHeads * kChannels;
  ASSERT_EQ(tensors.onTensors(), FP8ATTN_OK) << tensors.context.message;
  ASSERT_EQ(memrefs.onMemRefs(), FP8ATTN_OK) << memrefs.context.message;
  EXPECT_EQ(tensors.out.elements, memrefs.out.elements);
}

/// operand_c4, of an argument whose innermost stride is not known before.
TEST(TensorFormTest, StrideOfTwo) {
  DenseCall call;
  call.query.descriptor.sizes[2] = call.out.descriptor.sizes[2] =
      call.lse.descriptor.sizes[2] = 1;
  call.query.descriptor.strides[3] = 2;
  call.query.descriptor.strides[2] = 2 * kChannels;
  EXPECT_EQ(call.onTensors(), FP8ATTN_BAD_STRIDE);
  EXPECT_STREQ(call.context.message, "query.strides[3] is 2, expected 1");
  EXPECT_EQ(call.out.elements, DenseCall().out.elements);
}

namespace {
constexpr int64_t kPages = 4, kPage = 32;
constexpr int64_t kTokens = 40;

/// The arguments of a step: a prompt of 40 tokens in two pages.
struct StepCall : FormCaller {
  StepCall() {
    query_start.elements[1] = seq_lens.elements[0] = kTokens;
    table.elements = {3, 1};
    for (int64_t i = 0; i < kTokens; ++i)
      slots.elements[i] = table.elements[i / kPage] * kPage + i % kPage;
    bytes.reset(std::aligned_alloc(FP8ATTN_ALIGNMENT, kPages * kPageBytes));
    std::fill_n(static_cast<char *>(bytes.get()), kPages * kPageBytes, 0);
    cache = {bytes.get(), kPages, kPageBytes};
  }
  static constexpr int64_t kPageBytes = 2 * kKvHeads * kPage * kChannels;
  Words query = makeWords({kTokens, kHeads, kChannels}),
        key = makeWords({kTokens, kKvHeads, kChannels}),
        value = makeWords({kTokens, kKvHeads, kChannels});
  Tensor<int64_t> slots = Tensor<int64_t>(FP8ATTN_TYPE_I64, {kTokens});
  Floats keyScale = Floats(FP8ATTN_TYPE_F32, {kPages, kKvHeads, kPage}, 7),
         valueScale = keyScaleOfItsOwn();
  Integers query_start = Integers(FP8ATTN_TYPE_I32, {2}),
           seq_lens = Integers(FP8ATTN_TYPE_I32, {1}),
           table = Integers(FP8ATTN_TYPE_I32, {1, 2});
  Words out = Words(FP8ATTN_TYPE_BF16, {kTokens, kHeads, kChannels});
  std::unique_ptr<void, decltype(&std::free)> bytes{nullptr, std::free};
  fp8attn_cache cache;

private:
  static Floats keyScaleOfItsOwn() {
    return Floats(FP8ATTN_TYPE_F32, {kPages, kKvHeads, kPage}, 7);
  }
};
} // namespace

/// The cache is written before it is read; scales of other tokens stay.
TEST(TensorFormTest, Step) {
  StepCall tensors, memrefs;
  auto call = [](StepCall &of, auto function, int64_t bytes) {
    return function(of.with(bytes), of.query, of.key, of.value, of.slots,
                    &of.cache, of.keyScale, of.valueScale, of.query_start,
                    of.seq_lens, of.table, of.out);
  };
  ASSERT_EQ(call(tensors, step_tensors, step_tensors_workspace_bytes(1)),
            FP8ATTN_OK)
      << tensors.context.message;
  ASSERT_EQ(call(memrefs, step_memrefs, step_memrefs_workspace_bytes(1)),
            FP8ATTN_OK)
      << memrefs.context.message;
  EXPECT_NE(tensors.out.elements, StepCall().out.elements);
  EXPECT_EQ(tensors.out.elements, memrefs.out.elements);
  EXPECT_EQ(tensors.keyScale.elements, memrefs.keyScale.elements);
  EXPECT_EQ(tensors.keyScale.elements.front(), 7);
  EXPECT_EQ(tensors.valueScale.elements, memrefs.valueScale.elements);
}

TEST(TensorFormTest, Parts) {
  FormCaller caller;
  Floats part = caller.makeFloats({3, 4, kChannels}),
         partLse = caller.makeFloats({3, 4}),
         out = caller.makeFloats({3, 4, kChannels}),
         lse = caller.makeFloats({3, 4});
  const std::vector<float> begin = out.elements, beginLse = lse.elements;
  ASSERT_EQ(parts_tensors(caller.with(parts_tensors_workspace_bytes(1)), out,
                          lse, part, partLse),
            FP8ATTN_OK)
      << caller.context.message;
  const std::vector<float> end = out.elements, endLse = lse.elements;
  // The memory stays: descriptors point to it.
  std::copy(begin.begin(), begin.end(), out.elements.begin());
  std::copy(beginLse.begin(), beginLse.end(), lse.elements.begin());
  ASSERT_EQ(parts_memrefs(caller.with(parts_memrefs_workspace_bytes(1)), out,
                          lse, part, partLse),
            FP8ATTN_OK)
      << caller.context.message;
  EXPECT_NE(end, begin);
  EXPECT_EQ(end, out.elements);
  EXPECT_EQ(endLse, lse.elements);
}

/// The last argument is what the function on tensors returned.
TEST(TensorFormTest, RoundTrip) {
  FormCaller caller;
  Floats x = caller.makeFloats({3, kChannels}), scale = caller.makeFloats({3}),
         fromTensors = Floats(FP8ATTN_TYPE_F32, {3, kChannels}),
         fromMemRefs = Floats(FP8ATTN_TYPE_F32, {3, kChannels});
  Codes codes(FP8ATTN_TYPE_F8E5M2, {3, kChannels});
  ASSERT_EQ(
      round_trip_tensors(caller.with(round_trip_tensors_workspace_bytes(1)), x,
                         scale, fromTensors),
      FP8ATTN_OK)
      << caller.context.message;
  ASSERT_EQ(
      round_trip_memrefs(caller.with(round_trip_memrefs_workspace_bytes(1)), x,
                         scale, codes, fromMemRefs),
      FP8ATTN_OK)
      << caller.context.message;
  EXPECT_NE(fromTensors.elements.front(), 0);
  EXPECT_EQ(fromTensors.elements, fromMemRefs.elements);
}
