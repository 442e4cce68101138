//===- HandOverTest.cpp - a cache that a GPU wrote ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls hand_over.mlir with test/Data/gpu_cache: attention over the repacked
// cache is that of the GPU, on every ISA; kv_write of the same tokens gives the
// GPU's bytes.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "hand_over.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

/// As capture.py has them.
static constexpr int64_t kHeads = 8, kKvHeads = 2, kDim = 64, kBlock = 32,
                         kBlocks = 12, kSeqs = 3, kMaxBlocks = 6;
static constexpr int32_t kLengths[kSeqs] = {100, 33, 180};
static constexpr int32_t kRowStarts[kSeqs + 1] = {0, 1, 6, 26};
static constexpr int64_t kRows = kRowStarts[kSeqs];
static constexpr int64_t kFirstTokens[kSeqs] = {0, 200, 400};
static constexpr int32_t kTable[kSeqs][kMaxBlocks] = {
    {7, 2, 11, 4, 0, 0}, {9, 0, 0, 0, 0, 0}, {5, 10, 1, 8, 3, 6}};
static constexpr int64_t kCacheBytes = kBlocks * 2 * kBlock * kKvHeads * kDim;

/// Reads `count` elements of a file in test/Data from number `begin` on.
template <typename Element>
static std::vector<Element> read(const std::string &path, int64_t begin,
                                 int64_t count) {
  std::ifstream file(FP8ATTN_TEST_DATA "/" + path, std::ios::binary);
  std::vector<Element> elements(count);
  file.seekg(begin * int64_t(sizeof(Element)));
  EXPECT_TRUE(file.read(reinterpret_cast<char *>(elements.data()),
                        count * int64_t(sizeof(Element))))
      << path;
  return elements;
}

namespace {
/// Bytes of a cache, aligned as caches are.
class CacheMemory {
public:
  explicit CacheMemory(int value)
      : bytes(static_cast<uint8_t *>(
                  std::aligned_alloc(FP8ATTN_ALIGNMENT, kCacheBytes)),
              std::free) {
    std::memset(bytes.get(), value, kCacheBytes);
  }
  uint8_t *data() { return bytes.get(); }
  /// All keys and values.
  fp8attn_cache whole() { return {data(), kBlocks, kCacheBytes / kBlocks}; }
  /// The pages of only one of them, which take turns.
  fp8attn_cache part(int64_t index) {
    const int64_t pageBytes = kCacheBytes / kBlocks;
    return {data() + index * (pageBytes / 2), kBlocks, pageBytes};
  }

private:
  std::unique_ptr<uint8_t, decltype(&std::free)> bytes;
};

class HandOverTest : public IsaCallTest {
protected:
  HandOverTest() {
    const auto codes = read<uint8_t>("gpu_cache/cache.e4m3", 0, kCacheBytes);
    std::copy(codes.begin(), codes.end(), gpu.data());
    query.elements =
        read<uint16_t>("gpu_cache/query.bf16", 0, kRows * kHeads * kDim);
    keyScale.elements = read<float>("gpu_cache/scales.f32", 0, kKvHeads);
    valueScale.elements =
        read<float>("gpu_cache/scales.f32", kKvHeads, kKvHeads);
    std::copy_n(kRowStarts, kSeqs + 1, rowStarts.elements.begin());
    std::copy_n(kLengths, kSeqs, lengths.elements.begin());
    std::copy_n(&kTable[0][0], kSeqs * kMaxBlocks, table.elements.begin());
  }

  void attendTo(const fp8attn_cache &cache) {
    ASSERT_EQ(attend_one_cache(with(attend_one_cache_workspace_bytes(1)), query,
                               &cache, keyScale, valueScale, rowStarts, lengths,
                               table, out, lse),
              FP8ATTN_OK)
        << context.message;
  }

  /// Returns the relative error of `out`, in the Euclidean norm.
  double errorFromGpu() {
    const auto expected =
        read<float>("gpu_cache/out.f32", 0, kRows * kHeads * kDim);
    double error = 0, norm = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      error += std::pow(double(out.elements[i]) - expected[i], 2);
      norm += std::pow(double(expected[i]), 2);
    }
    return std::sqrt(error / norm);
  }
  /// Returns the largest error of `lse`.
  double lseErrorFromGpu() {
    const auto expected = read<float>("gpu_cache/lse.f32", 0, kRows * kHeads);
    double most = 0;
    for (size_t i = 0; i < expected.size(); ++i)
      most = std::max(most, std::abs(double(lse.elements[i]) - expected[i]));
    return most;
  }

  CacheMemory gpu{0}, cache{0x55}, back{0x55};
  Words query{FP8ATTN_TYPE_BF16, {kRows, kHeads, kDim}};
  Floats keyScale{FP8ATTN_TYPE_F32, {kKvHeads}},
      valueScale{FP8ATTN_TYPE_F32, {kKvHeads}};
  Integers rowStarts{FP8ATTN_TYPE_I32, {kSeqs + 1}},
      lengths{FP8ATTN_TYPE_I32, {kSeqs}},
      table{FP8ATTN_TYPE_I32, {kSeqs, kMaxBlocks}};
  Floats out{FP8ATTN_TYPE_F32, {kRows, kHeads, kDim}},
      lse{FP8ATTN_TYPE_F32, {kRows, kHeads}};
};

/// Probabilities are rounded to bf16, and so is what the log-sum-exp sums
/// (docs/Numerics.md): it is off by 2^-8 at most, a row by less than that where
/// many keys count.
constexpr double kMostError = 3e-3, kMostLseError = 0x1p-8;
} // namespace

TEST_P(HandOverTest, AttentionIsThatOfTheGpu) {
  const fp8attn_cache source = gpu.whole(), destination = cache.whole();
  ASSERT_EQ(take_over(with(0), &source, &destination), FP8ATTN_OK)
      << context.message;
  ASSERT_NO_FATAL_FAILURE(attendTo(destination));
  EXPECT_LT(errorFromGpu(), kMostError);
  EXPECT_LT(lseErrorFromGpu(), kMostLseError);

  // And back: the same bytes, where nothing was written, too.
  const fp8attn_cache returned = back.whole();
  ASSERT_EQ(hand_back(with(0), &destination, &returned), FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(std::memcmp(back.data(), gpu.data(), kCacheBytes), 0);
}

/// [blocks, 2, ...]: keys and values as caches whose pages take turns.
TEST_P(HandOverTest, KeysAndValuesApart) {
  const fp8attn_cache keys = gpu.part(0), values = gpu.part(1),
                      ownKeys = cache.part(0), ownValues = cache.part(1);
  ASSERT_EQ(take_over_keys(with(0), &keys, &ownKeys), FP8ATTN_OK)
      << context.message;
  ASSERT_EQ(take_over_values(with(0), &values, &ownValues), FP8ATTN_OK)
      << context.message;
  ASSERT_EQ(attend_two_caches(with(attend_two_caches_workspace_bytes(1)), query,
                              &ownKeys, &ownValues, keyScale, valueScale,
                              rowStarts, lengths, table, out, lse),
            FP8ATTN_OK)
      << context.message;
  EXPECT_LT(errorFromGpu(), kMostError);
  EXPECT_LT(lseErrorFromGpu(), kMostLseError);
}

/// The test would notice heads before tokens.
TEST_P(HandOverTest, AWrongLayoutIsNoticed) {
  const fp8attn_cache source = gpu.whole(), destination = cache.whole();
  ASSERT_EQ(take_over_heads(with(0), &source, &destination), FP8ATTN_OK)
      << context.message;
  ASSERT_NO_FATAL_FAILURE(attendTo(destination));
  EXPECT_FALSE(errorFromGpu() < 0.3);
}

/// The tokens that the GPU quantised, quantised here.
TEST_P(HandOverTest, BytesAreThoseOfTheGpu) {
  std::vector<uint16_t> key, value;
  std::vector<int64_t> slots;
  for (int64_t s = 0; s < kSeqs; ++s) {
    const int64_t row = kKvHeads * kDim, begin = kFirstTokens[s] * row;
    for (auto [rows, path] : {std::pair(&key, "kjv-5m/key.bf16"),
                              std::pair(&value, "kjv-5m/value.bf16")}) {
      const auto tokens = read<uint16_t>(path, begin, kLengths[s] * row);
      rows->insert(rows->end(), tokens.begin(), tokens.end());
    }
    for (int64_t t = 0; t < kLengths[s]; ++t)
      slots.push_back(kTable[s][t / kBlock] * kBlock + t % kBlock);
  }
  const auto count = int64_t(slots.size());
  const fp8attn_tensor keys = fp8attn_tensor_make(key.data(), FP8ATTN_TYPE_BF16,
                                                  3, count, kKvHeads, kDim, 0),
                       values =
                           fp8attn_tensor_make(value.data(), FP8ATTN_TYPE_BF16,
                                               3, count, kKvHeads, kDim, 0),
                       places = fp8attn_tensor_make(
                           slots.data(), FP8ATTN_TYPE_I64, 1, count, 0, 0, 0);
  CacheMemory written(0xFF);
  const fp8attn_cache own = written.whole(), returned = back.whole();
  ASSERT_EQ(write_tokens(with(write_tokens_workspace_bytes(1)), &keys, &values,
                         &places, keyScale, valueScale, &own),
            FP8ATTN_OK)
      << context.message;
  ASSERT_EQ(hand_back(with(0), &own, &returned), FP8ATTN_OK) << context.message;
  EXPECT_EQ(std::memcmp(back.data(), gpu.data(), kCacheBytes), 0);
}

FP8ATTN_INSTANTIATE_ON_ISAS(HandOverTest);
