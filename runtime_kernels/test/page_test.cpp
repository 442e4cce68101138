//===- page_test.cpp - pages of any size ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over pages whose size is no multiple of 32 against that over pages
// of 32 tokens with the same codes, bit by bit: other tests compare the latter
// with double precision.
//
//===----------------------------------------------------------------------===//

#include "run_attention.h"

#include <algorithm>

namespace fp8attn::test {

class PageTest : public KernelTest {
protected:
  std::string type() const { return GetParam().row->cache; }

  /// Whether the kernel takes so many rows of pages that are no whole granules.
  bool takes(int64_t rows) const {
    return GetParam().isPrefill() ||
           (rows <= FP8ATTN_DECODE_ROWS &&
            GetParam().row->isa != FP8ATTN_ISA_AMX_BF16);
  }

  /// Runs the kernel and, for a block of rows, the separate ones.
  std::vector<AttentionState> run(const AttentionProblem &problem) const {
    return runEachWay(GetParam(), problem, takes(problem.query.rows));
  }

  /// How a run differs from one over all keys of a cache with two parts.
  struct Change {
    int64_t firstKey = 0, endKey = INT64_MAX;
    bool isLatent = false;
  };

  /// Compares pages of 32 tokens with those of other sizes.
  void check(PagedCache &cache, int64_t rows, int64_t window, Change change) {
    const CacheShape &shape = cache.shape();
    const auto end = std::min(change.endKey, shape.numKeys);
    const auto apply = [&](PagedCache &to) {
      if (change.isLatent)
        to.copyKeysToValues();
      if (change.firstKey > 0)
        to.beginAt(change.firstKey);
      if (change.isLatent)
        to.dropValues();
      to.endAt(end);
    };
    for (const int64_t pageTokens : std::initializer_list<int64_t>{
             16, 1, takeTurns({48, 8, 40}, turn++)}) {
      SCOPED_TRACE(testing::Message()
                   << rows << " rows, " << end << " keys, " << shape.keyChannels
                   << "/" << shape.valueChannels << " channels, pages of "
                   << pageTokens << (change.isLatent ? ", latent" : ""));
      Random random(static_cast<unsigned>(rows * 100 + pageTokens));
      CacheShape other = shape;
      other.pageTokens = pageTokens;
      PagedCache small(other, random), whole(shape, random);
      small.copyCodes(cache);
      whole.copyCodes(cache);
      apply(small);
      apply(whole);
      AttentionProblem problem = randomProblem(whole, rows, true, random);
      narrowWindows(problem, window);
      for (float &scale : problem.rowScale)
        scale *= 0x1p-8f;
      const std::vector<AttentionState> expected = run(problem);
      const AttentionProblem ofSmall = {small, problem.query, problem.rowScale,
                                        problem.rowBegin, problem.rowLimit};
      const std::vector<AttentionState> states = run(ofSmall);
      ASSERT_FALSE(states.empty());
      for (size_t i = 0; i < states.size(); ++i)
        for (int64_t row = 0; row < rows; ++row)
          ASSERT_NO_FATAL_FAILURE(
              expectSameBits(states[i], row, expected[i], row))
              << (takes(rows) && i == 0 ? "fused" : "separate");
    }
  }

  size_t turn = 0;

  std::vector<int64_t> rowCounts() const {
    return GetParam().isPrefill() ? std::vector<int64_t>{20, 50}
                                  : std::vector<int64_t>{1, 5, 48};
  }
};

TEST_P(PageTest, EveryShape) {
  const CacheShape shapes[] = {{type(), 70, 128, 64, 32},
                               {type(), 17, 64, 48, 32},
                               {type(), 1, 40, 40, 32},
                               {type(), 300, 96, 24, 32},
                               {type(), 33, 576, 512, 32}};
  const std::vector<int64_t> counts = rowCounts();
  for (size_t i = 0; i < std::size(shapes); ++i)
    for (size_t j = 0; j < counts.size(); ++j) {
      Random random(static_cast<unsigned>(counts[j]));
      PagedCache cache(shapes[i], random);
      Change change;
      change.isLatent = (i + j) % 2 == 1;
      ASSERT_NO_FATAL_FAILURE(check(cache, counts[j], 400, change));
    }
}

// Granules of which any number of tokens exists: no page behind the last one is
// looked for.
TEST_P(PageTest, EveryTail) {
  for (int64_t keys = 1; keys <= 2 * FP8ATTN_GRANULE; keys += 3) {
    Random random(static_cast<unsigned>(keys));
    PagedCache cache({type(), keys, 32, 48, 32}, random);
    ASSERT_NO_FATAL_FAILURE(
        check(cache, keys % 2 ? rowCounts().front() : rowCounts().back(), 1000,
              Change()));
  }
}

// A few NaN and infinities anywhere, also behind the end of the run.
TEST_P(PageTest, EveryCode) {
  const uint16_t bits = type() == "bf16" ? 0xffff : 0xff;
  Change change;
  change.endKey = 290;
  for (int64_t rows : rowCounts()) {
    Random random(static_cast<unsigned>(rows));
    PagedCache cache({type(), 300, 96, 64, 32}, random);
    for (int64_t key = 0; key < 300; ++key)
      for (int64_t c = key % 7; c < 96; c += 19) {
        cache.setKey(key, c, static_cast<uint16_t>(random() & bits));
        if (c < 64)
          cache.setValue(key, c, static_cast<uint16_t>(random() & bits));
      }
    change.isLatent = !change.isLatent;
    ASSERT_NO_FATAL_FAILURE(check(cache, rows, 40, change));
  }
}

// Keys before the first one of a run are not read, nor are their pages.
TEST_P(PageTest, RunBeginsAtItsFirstKey) {
  Random random(71);
  PagedCache cache({type(), 700, 64, 32, 32}, random);
  Change change;
  change.firstKey = 448;
  ASSERT_NO_FATAL_FAILURE(check(cache, 16, 200, change));
  ASSERT_NO_FATAL_FAILURE(check(cache, 40, 200, change));
}

INSTANTIATE_TEST_SUITE_P(Table, PageTest,
                         testing::ValuesIn(kernelsOf("attend")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Prefill, PageTest,
                         testing::ValuesIn(kernelsOf("prefill")),
                         kernelTestName);

} // namespace fp8attn::test
