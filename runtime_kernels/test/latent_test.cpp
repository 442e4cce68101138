//===- latent_test.cpp - values that are the first channels of keys -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over a latent cache against that over keys and values that hold the
// same codes, bit by bit: the other tests compare the latter with double
// precision.
//
//===----------------------------------------------------------------------===//

#include "run_attention.h"

#include <algorithm>
#include <string.h>

namespace fp8attn::test {

class LatentTest : public KernelTest {
protected:
  std::string type() const { return GetParam().row->cache; }

  bool isPrefill() const { return !strcmp(GetParam().row->op, "prefill"); }

  /// Whether the kernel takes so many rows of a latent cache.
  bool takes(int64_t rows) const {
    return isPrefill() || (rows <= FP8ATTN_DECODE_ROWS &&
                           GetParam().row->isa != FP8ATTN_ISA_AMX_BF16);
  }

  /// Runs the kernel and, for a block of rows, the separate ones.
  std::vector<AttentionState> run(const AttentionProblem &problem) const {
    std::vector<AttentionState> states;
    if (takes(problem.query.rows))
      states.push_back(runAttend(GetParam(), problem));
    if (problem.query.rows <= FP8ATTN_BLOCK_ROWS)
      states.push_back(runSeparate(GetParam(), problem));
    return states;
  }

  /// Compares both caches.
  void checkProblem(PagedCache &cache, const AttentionProblem &problem) const {
    cache.copyKeysToValues();
    const std::vector<AttentionState> two = run(problem);
    cache.dropValues();
    const std::vector<AttentionState> one = run(problem);
    ASSERT_FALSE(one.empty());
    for (size_t i = 0; i < one.size(); ++i)
      for (int64_t row = 0; row < problem.query.rows; ++row)
        ASSERT_NO_FATAL_FAILURE(expectSameBits(two[i], row, one[i], row))
            << (takes(problem.query.rows) && i == 0 ? "fused" : "separate");
  }

  std::vector<int64_t> rowCounts() const {
    return isPrefill() ? std::vector<int64_t>{1, 20, 33, 50, 100, 130}
                       : std::vector<int64_t>{1, 5, 16, 48};
  }
};

TEST_P(LatentTest, AsKeysAndValues) {
  const CacheShape shapes[] = {{type(), 70, 576, 512, 32},
                               {type(), 33, 64, 48, 64},
                               {type(), 1, 40, 40, 32},
                               {type(), 600, 96, 24, 96}};
  for (const CacheShape &shape : shapes)
    for (int64_t rows : rowCounts()) {
      SCOPED_TRACE(testing::Message()
                   << rows << " rows, " << shape.numKeys << " keys, "
                   << shape.keyChannels << "/" << shape.valueChannels
                   << " channels, pages of " << shape.pageTokens);
      Random random(static_cast<unsigned>(rows));
      PagedCache cache(shape, random);
      AttentionProblem problem = randomProblem(cache, rows, true, random);
      narrowWindows(problem, 400);
      ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
    }
}

// A few NaN and infinities anywhere, also behind the last key that is seen and
// in channels that are no values.
TEST_P(LatentTest, EveryCode) {
  const uint16_t bits = type() == "bf16" ? 0xffff : 0xff;
  for (int64_t rows : rowCounts()) {
    Random random(static_cast<unsigned>(rows));
    PagedCache cache({type(), 300, 96, 64, 32}, random);
    for (int64_t key = 0; key < 300; ++key)
      for (int64_t c = key % 7; c < 96; c += 19)
        cache.setKey(key, c, static_cast<uint16_t>(random() & bits));
    AttentionProblem problem = randomProblem(cache, rows, true, random);
    for (int32_t &limit : problem.rowLimit)
      limit = std::max(limit - 10, 0);
    for (float &scale : problem.rowScale)
      scale *= 0x1p-12f;
    narrowWindows(problem, 40);
    ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem)) << rows << " rows";
  }
}

// Keys before the first one of a run are not read.
TEST_P(LatentTest, RunBeginsAtItsFirstKey) {
  Random random(71);
  PagedCache cache({type(), 700, 64, 32, 64}, random);
  AttentionProblem problem = randomProblem(cache, 40, true, random);
  narrowWindows(problem, 200);
  cache.beginAt(448);
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
}

INSTANTIATE_TEST_SUITE_P(Table, LatentTest,
                         testing::ValuesIn(kernelsOf("attend")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Prefill, LatentTest,
                         testing::ValuesIn(kernelsOf("prefill")),
                         kernelTestName);

} // namespace fp8attn::test
