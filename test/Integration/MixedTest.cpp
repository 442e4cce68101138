//===- MixedTest.cpp - latent caches with bf16 behind their codes ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cache whose keys have channels of two element types is written byte by byte
// as the reference writes it, and attention over it reads both parts: prompts,
// chunks and decode, on every ISA.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include <algorithm>

namespace reference = fp8attn::reference;

namespace {
class MixedTest : public IsaTest {
protected:
  Problem makeWritten(std::vector<Sequence> sequences) const {
    Problem problem = makeProblem(std::move(sequences));
    write(problem);
    return problem;
  }
  /// A prompt, a chunk of one, and tokens of decode and verification, of few
  /// and of many keys.
  Problem makeWritten() const {
    return makeWritten({{70, 70}, {12, 300}, {1, 2100}, {3, 33}});
  }
};
} // namespace

TEST_P(MixedTest, IsWrittenAsByTheReference) {
  Problem problem = makeWritten();
  const std::vector<uint8_t> written(problem.keyCache.data(),
                                     problem.keyCache.data() +
                                         problem.keyCache.size());
  problem.forget();
  const reference::HeadTensor keys = problem.keyTensor();
  reference::writeCache(problem.referenceCache().keys, keys,
                        problem.slots.data(), problem.keyScales());
  EXPECT_TRUE(
      std::equal(written.begin(), written.end(), problem.keyCache.data()));
}

TEST_P(MixedTest, AgreesWithTheReference) {
  Problem problem = makeWritten();
  const auto expected = problem.referenceAttend();
  attend(problem);
  EXPECT_TRUE(agrees(problem, expected));
}

/// Each part counts: a page whose codes, or whose bf16, are those of another
/// token is a mistake that shows.
TEST_P(MixedTest, ReadsBothParts) {
  Problem problem = makeWritten({{3, 70}});
  const auto expected = problem.referenceAttend();
  const int64_t ropeBytes = 2 * model().ropeDim * model().pageTokens;
  const int64_t codedBytes = model().keyPageBytes() - ropeBytes;
  for (auto [begin, end] : {std::pair(int64_t(0), codedBytes),
                            std::pair(codedBytes, codedBytes + ropeBytes)}) {
    uint8_t *page = problem.keyCache.data() +
                    problem.blockTable[0] * model().keyPageBytes();
    const std::vector<uint8_t> kept(page, page + model().keyPageBytes());
    std::fill(page + begin, page + end, 0);
    attend(problem);
    EXPECT_FALSE(agrees(problem, expected))
        << "bytes " << begin << " to " << end;
    std::copy(kept.begin(), kept.end(), page);
  }
}

FP8ATTN_INSTANTIATE(MixedTest, "mixed");
