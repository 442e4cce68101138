//===- TrainedModelTest.cpp - queries, keys and values of a real model ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A prompt's prefill and a decode step with the tensors of test/Data/kjv-5m:
// within the bounds of the contract against double precision on the decoded
// cache, and near double precision on keys and values that were never
// quantised.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Reference/Compare.h"

#include <cstdio>
#include <fstream>

static constexpr int64_t kTokens = 960;
/// The prompt; the decode step continues it at the last of all tokens.
static constexpr int64_t kPrompt = 900;

/// Reads a tensor of so many elements; returns none if the file has fewer.
static std::vector<uint16_t> readTensor(const char *name, int64_t elements) {
  std::ifstream file(std::string(FP8ATTN_TEST_DATA "/kjv-5m/") + name,
                     std::ios::binary);
  std::vector<uint16_t> words(elements);
  if (!file.read(reinterpret_cast<char *>(words.data()),
                 elements * sizeof(uint16_t)))
    words.clear();
  return words;
}

/// Returns `first` elements from the beginning, then `second` from `begin` on.
static std::vector<uint16_t> join(const std::vector<uint16_t> &tensor,
                                  int64_t first, int64_t begin,
                                  int64_t second) {
  std::vector<uint16_t> joined(tensor.begin(), tensor.begin() + first);
  joined.insert(joined.end(), tensor.begin() + begin,
                tensor.begin() + begin + second);
  return joined;
}

/// The most that the cache's rounding may change the result, as relative L2: a
/// fifth more than what rounding to nearest costs here (docs/Numerics.md). A
/// quantiser that truncates costs more.
static double mostQuantizationError(fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
    return 0.039;
  case FP8ATTN_TYPE_F8E5M2:
    return 0.080;
  case FP8ATTN_TYPE_I8:
    return 0.014;
  case FP8ATTN_TYPE_F4E2M1FN:
    return 0.18;
  case FP8ATTN_TYPE_I4:
    return 0.25;
  default:
    return fp8attn::reference::kAllowedRelativeL2;
  }
}

namespace {
class TrainedModelTest : public IsaTest {};
} // namespace

TEST_P(TrainedModelTest, PrefillAndDecode) {
  Problem problem = makeProblem({{kPrompt, kPrompt}, {1, kTokens}});
  const int64_t queryRow = model().numHeads() * model().headDim;
  const int64_t keyRow = model().numKvHeads * model().headDim;
  const auto query = readTensor("query.bf16", kTokens * queryRow);
  const auto key = readTensor("key.bf16", kTokens * keyRow);
  const auto value = readTensor("value.bf16", kTokens * keyRow);
  ASSERT_FALSE(query.empty() || key.empty() || value.empty());
  problem.query =
      join(query, kPrompt * queryRow, (kTokens - 1) * queryRow, queryRow);
  problem.key = join(key, kPrompt * keyRow, 0, kTokens * keyRow);
  problem.value = join(value, kPrompt * keyRow, 0, kTokens * keyRow);
  problem.chooseScales();

  write(problem);
  attend(problem);
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));

  const auto exact = problem.unquantizedAttend();
  const std::vector<double> anyError(exact.out.size(), 1e300);
  const double error =
      fp8attn::reference::compare(problem.outAsDouble(), exact.out, anyError)
          .relativeL2;
  std::printf("%s: relative L2 error against unquantised f64: %.3e\n",
              model().name, error);
  EXPECT_LE(error, mostQuantizationError(model().cache));
}

FP8ATTN_INSTANTIATE(TrainedModelTest, "trained");
