//===- mixed_test.cpp - attention over codes with scales and bf16 ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// prefill_mixed against the prefill kernel of bf16, bit by bit, over a latent
// cache of the words that codes and scales stand for: other tests compare the
// latter with double precision.
//
//===----------------------------------------------------------------------===//

#include "run_attention.h"

#include <math.h>
#include <string.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace fp8attn::test {

namespace {
/// Head sizes, and the order in memory.
struct MixedShape {
  int64_t numKeys, codeChannels, ropeChannels, valueChannels, blockChannels;
  int64_t pageTokens;
  /// Whether the scales of a block are neighbours, not those of a token.
  bool hasBlocksApart;
};

/// A cache of codes, one of bf16 channels in the same pages, scales, and a
/// cache of the words that both stand for.
struct MixedCache {
  MixedCache(const MixedShape &shape, unsigned seed)
      : shape(shape), codes(cacheOf("e4m3", shape.codeChannels, seed)),
        rope(cacheOf("bf16", shape.ropeChannels, seed)),
        words(cacheOf("bf16", shape.codeChannels + shape.ropeChannels, seed)),
        scales(static_cast<size_t>(numPages() * shape.pageTokens * blocks())) {
    Random random(seed + 1);
    for (float &scale : scales)
      scale = NAN;
    codes.dropValues();
    rope.dropValues();
    words.dropValues();
    for (int64_t token = 0; token < shape.numKeys; ++token) {
      for (int64_t block = 0; block < blocks(); ++block)
        scaleAt(token, block) =
            std::uniform_real_distribution<float>(0.3f, 4)(random);
      for (int64_t c = 0; c < shape.codeChannels; ++c)
        setCode(token, c, randomCode("e4m3", random));
      for (int64_t c = 0; c < shape.ropeChannels; ++c)
        setRope(token, c, randomCode("bf16", random));
    }
  }

  int64_t blocks() const { return shape.codeChannels / shape.blockChannels; }
  int64_t numPages() const {
    const int64_t used =
        (shape.numKeys + shape.pageTokens - 1) / shape.pageTokens;
    return 1 + *std::max_element(codes.run().pages, codes.run().pages + used);
  }
  float &scaleAt(int64_t token, int64_t block) {
    const int64_t page = codes.run().pages[token / shape.pageTokens];
    return scales[static_cast<size_t>(page * pageStride() +
                                      token % shape.pageTokens * tokenStride() +
                                      block * blockStride())];
  }
  int64_t pageStride() const { return shape.pageTokens * blocks(); }
  int64_t tokenStride() const { return shape.hasBlocksApart ? 1 : blocks(); }
  int64_t blockStride() const {
    return shape.hasBlocksApart ? shape.pageTokens : 1;
  }

  /// Sets a code, and the word of its product with its scale.
  void setCode(int64_t token, int64_t channel, uint16_t code) {
    codes.setKey(token, channel, code);
    // The product is exact in double precision.
    const auto product =
        static_cast<float>(double(elementValue("e4m3", code)) *
                           scaleAt(token, channel / shape.blockChannels));
    words.setKey(token, channel,
                 static_cast<uint16_t>(std::isnan(product)
                                           ? 0x7fc0
                                           : nearestElement("bf16", product)));
  }
  void setRope(int64_t token, int64_t channel, uint16_t word) {
    rope.setKey(token, channel, word);
    words.setKey(token, shape.codeChannels + channel, word);
  }
  /// Sets the scale of a block, and the words of its codes, `codeOf(channel)`.
  void setScale(int64_t token, int64_t block, float scale,
                const std::function<uint16_t(int64_t)> &codeOf) {
    scaleAt(token, block) = scale;
    for (int64_t i = 0; i < shape.blockChannels; ++i)
      setCode(token, block * shape.blockChannels + i, codeOf(i));
  }

  MixedOperands operands() {
    return {&codes.run(),  rope.run().keys,  rope.run().key_page_bytes,
            scales.data(), /*headOffset=*/0, pageStride(),
            tokenStride(), blockStride(),    shape.blockChannels};
  }

  MixedShape shape;
  PagedCache codes, rope, words;
  GuardedBuffer<float> scales;

private:
  /// The same seed gives the same pages.
  PagedCache cacheOf(const char *type, int64_t channels, unsigned seed) const {
    Random random(seed);
    return PagedCache({type, shape.numKeys, channels,
                       std::min(channels, shape.valueChannels),
                       shape.pageTokens},
                      random);
  }
};
} // namespace

class MixedTest : public KernelTest {
protected:
  /// The kernel of bf16 words that is run in the same way.
  static KernelUnderTest wordKernel() {
    for (const KernelUnderTest &kernel : kernelsOf("prefill"))
      if (!strcmp(kernel.row->cache, "bf16") &&
          kernel.row->isa == GetParam().row->isa &&
          kernel.form == GetParam().form)
        return kernel;
    ADD_FAILURE() << "no prefill of bf16 beside " << GetParam().name();
    return GetParam();
  }

  static void checkProblem(MixedCache &cache, const AttentionProblem &problem) {
    const fp8attn_key_run &run = cache.words.run();
    // Calls are for a part.
    for (int64_t first = run.first_key; first < run.num_keys;
         first += FP8ATTN_PART_KEYS) {
      const int64_t keys =
          std::min<int64_t>(FP8ATTN_PART_KEYS, run.num_keys - first);
      const AttentionState expected =
          runAttend(wordKernel(), problem, first, keys);
      const AttentionState state =
          runMixed(GetParam(), problem, first, keys, cache.operands());
      for (int64_t row = 0; row < problem.query.rows; ++row)
        ASSERT_NO_FATAL_FAILURE(expectSameBits(expected, row, state, row))
            << "keys from " << first << " on";
    }
  }
};

// Few and many rows and pairs of row tiles, steps and parts, with windows.
TEST_P(MixedTest, AsWords) {
  const MixedShape shapes[] = {{330, 512, 64, 512, 128, 64, false},
                               {70, 64, 32, 48, 32, 32, true},
                               {33, 96, 96, 96, 96, 96, false},
                               {2400, 64, 32, 16, 64, 64, true}};
  for (const MixedShape &shape : shapes)
    for (int64_t rows : {1, 20, 50, 100, 128, 140}) {
      SCOPED_TRACE(testing::Message()
                   << rows << " rows, " << shape.numKeys << " keys, "
                   << shape.codeChannels << " codes");
      MixedCache cache(shape, static_cast<unsigned>(rows));
      Random random(static_cast<unsigned>(rows));
      AttentionProblem problem = randomProblem(cache.words, rows, true, random);
      if (rows != 128)
        narrowWindows(problem, 400);
      ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
    }
}

// Every code with scales of all mantissas, the largest and the smallest that
// have a table and those that have none among them. A row sees one key, so that
// its sums of values are words times a power of two.
TEST_P(MixedTest, EveryCodeAndManyScales) {
  constexpr int64_t kKeys = 256, kChannels = 288;
  MixedCache cache({kKeys, 256, 32, 256, 256, 32, false}, 5);
  Random random(5);
  const float others[] = {0x1p-100f,       0x1p100f,  0x1.fffffep-101f,
                          0x1.000002p100f, 0x1p-140f, 0,
                          -0x1.8p3f,       0x1p118f};
  for (int64_t token = 0; token < kKeys; ++token) {
    float scale = ldexpf(1 + static_cast<float>(random() >> 9) * 0x1p-23f,
                         static_cast<int>(random() % 40) - 20);
    // Granules of both kinds.
    if (token < 64 && token % 4 == 0)
      scale = others[token / 4 % 2];
    if (token >= 128 && token < 192 && token % 8 == 0)
      scale = others[token / 8 % 8];
    cache.setScale(token, 0, scale, [&](int64_t c) {
      // NaN would hide the others.
      const auto code = static_cast<uint16_t>((c + token) & 0xff);
      return (code & 0x7f) == 0x7f ? uint16_t(0) : code;
    });
  }
  AttentionProblem problem = randomProblem(cache.words, kKeys, false, random);
  for (int64_t row = 0; row < kKeys; ++row) {
    for (int64_t c = 0; c < kChannels; ++c)
      problem.query.at(row, c) = 0;
    problem.rowBegin[static_cast<size_t>(row)] = static_cast<int32_t>(row);
    problem.rowLimit[static_cast<size_t>(row)] = static_cast<int32_t>(row) + 1;
  }
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
  // Their scores are words, too.
  for (int64_t row = 0; row < kKeys; ++row)
    problem.query.at(row, row) = 1;
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
}

// NaN codes, NaN and infinite channels and scales, in values and behind them,
// in several granules and where a step begins.
TEST_P(MixedTest, Specials) {
  for (int64_t token : {0, 40, 255, 256, 299})
    for (int kind = 0; kind < 5; ++kind) {
      MixedCache cache({300, 64, 32, 48, 32, 32, false}, 7);
      Random random(7);
      const auto code = [&](int64_t) { return randomCode("e4m3", random); };
      if (kind == 0)
        cache.setCode(token, 5, 0xff);
      if (kind == 1)
        cache.setCode(token, 63, 0x7f);
      if (kind == 2)
        cache.setRope(token, 3, 0x7f80);
      if (kind == 3)
        cache.setScale(token, 0, NAN, code);
      if (kind == 4)
        cache.setScale(token, 1, -INFINITY, code);
      AttentionProblem problem = randomProblem(cache.words, 70, false, random);
      for (int64_t row = 0; row < 70; ++row)
        problem.rowLimit[static_cast<size_t>(row)] =
            static_cast<int32_t>(40 + row * 260 / 69);
      ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem))
          << "kind " << kind << ", token " << token;
    }
}

// Scores that rise above what a maximum allows, for which words are read again.
TEST_P(MixedTest, RisingScores) {
  for (int64_t rising : {33, 255, 290}) {
    MixedCache cache({400, 64, 32, 64, 64, 32, false}, 8);
    Random random(8);
    cache.setScale(rising, 0, 64, [](int64_t) { return uint16_t(0x40); });
    AttentionProblem problem = randomProblem(cache.words, 100, false, random);
    for (int64_t row = 3; row < 100; row += 7)
      for (int64_t c = 0; c < 96; ++c)
        problem.query.at(row, c) = fabsf(problem.query.at(row, c));
    problem.rowScale.assign(100, 2);
    ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem)) << "key " << rising;
  }
}

// Groups of rows that see nothing in the steps of others, in order, as causal
// masks and windows have them.
TEST_P(MixedTest, WindowsApart) {
  MixedCache cache({1100, 64, 32, 48, 32, 32, true}, 9);
  Random random(9);
  AttentionProblem problem = randomProblem(cache.words, 300, false, random);
  for (int64_t row = 0; row < 300; ++row) {
    const auto r = static_cast<size_t>(row);
    problem.rowBegin[r] = static_cast<int32_t>(row * 3);
    problem.rowLimit[r] = static_cast<int32_t>(row * 3 + row % 7 * 30);
  }
  std::sort(problem.rowLimit.begin(), problem.rowLimit.end());
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
}

INSTANTIATE_TEST_SUITE_P(Table, MixedTest,
                         testing::ValuesIn(kernelsOf("prefill_mixed")),
                         kernelTestName);

} // namespace fp8attn::test
