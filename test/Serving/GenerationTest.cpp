//===- GenerationTest.cpp - what a trained model says ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The model of test/Data/kjv-5m in the engine, over a cache of each format and
// on each ISA of this CPU, against the same model without a cache's rounding;
// and that one against another in numpy (examples/python/language_model.py).
//
//===----------------------------------------------------------------------===//

#include "Calibration.h"
#include "ExactModel.h"
#include "Quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

using namespace serving;

constexpr int32_t kNumOutputs = 256;
constexpr int32_t kPromptTokens = 23;

static std::string pathOf(const char *name) {
  return std::string(FP8ATTN_TEST_DATA "/kjv-5m/") + name;
}

/// Returns the first tokens of a held-out text.
static std::vector<Token> textOf(size_t numTokens) {
  std::vector<Token> text = readText(pathOf("text.bin"));
  text.resize(numTokens);
  return text;
}
constexpr size_t kTextTokens = 2048;

/// Returns the prompt and the text after it that numpy made.
static const std::vector<Token> &expectedText() {
  static const std::vector<Token> text = readText(pathOf("greedy.bin"));
  return text;
}

static const Model &trainedModel() {
  static const Model model = [] {
    Model model{Checkpoint(pathOf("weights.safetensors"))};
    calibrate(model, textOf(kTextTokens));
    return model;
  }();
  return model;
}

static const std::vector<float> &exactLogits() {
  static const std::vector<float> logits =
      ExactModel(trainedModel(), /*numWorkers=*/2).append(textOf(kTextTokens));
  return logits;
}

TEST(ExactModelTest, LogitsAreThoseOfNumpy) {
  // Of every 64th token. The two add in different orders.
  constexpr size_t kStep = 64;
  constexpr float kTolerance = 2e-4f;
  std::vector<float> expected(kTextTokens / kStep * kVocabulary);
  std::ifstream file(pathOf("logits.f32"), std::ios::binary);
  file.read(reinterpret_cast<char *>(expected.data()),
            std::streamsize(expected.size() * sizeof(float)));
  ASSERT_TRUE(file);
  float most = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const size_t position = (i / kVocabulary + 1) * kStep - 1;
    most = std::max(
        most, std::abs(exactLogits()[position * kVocabulary + i % kVocabulary] -
                       expected[i]));
  }
  RecordProperty("largest_difference", std::to_string(most));
  EXPECT_LE(most, kTolerance);
}

TEST(ExactModelTest, TextIsThatOfNumpy) {
  ASSERT_EQ(expectedText().size(), size_t(kPromptTokens + kNumOutputs));
  EXPECT_EQ(continueExactly(trainedModel(),
                            std::span(expectedText()).first(kPromptTokens),
                            kNumOutputs, /*numWorkers=*/2),
            expectedText());
}

namespace {
class GenerationTest : public testing::TestWithParam<fp8attn_isa> {
protected:
  void SetUp() override {
    if (GetParam() > fp8attn_cpu()->isa)
      GTEST_SKIP() << fp8attn_cpu()->reason;
  }
  std::unique_ptr<Sequence> serve(CacheFormat format, Request request,
                                  SchedulerOptions scheduler = {}) const {
    EngineOptions options;
    options.format = format;
    options.isaCap = GetParam();
    options.scheduler = scheduler;
    return serveOne(trainedModel(), options, std::move(request));
  }
};
} // namespace
INSTANTIATE_TEST_SUITE_P(, GenerationTest,
                         testing::Values(FP8ATTN_ISA_GENERIC, FP8ATTN_ISA_AVX2,
                                         FP8ATTN_ISA_AVX512,
                                         FP8ATTN_ISA_AVX512_BF16,
                                         FP8ATTN_ISA_AMX_BF16),
                         [](const auto &info) {
                           return std::string(fp8attn_isa_string(info.param));
                         });

TEST_P(GenerationTest, TextOverBf16IsTheExactModels) {
  std::vector<Token> prompt = expectedText();
  prompt.resize(kPromptTokens);
  EXPECT_EQ(serve(CacheFormat::BF16, {0, prompt, kNumOutputs})->tokens,
            expectedText());
}

TEST_P(GenerationTest, FormatsCostWhatTheyMay) {
  // All of the text on the best ISA; the beginning of it on the others, which
  // are slower.
  const bool isBest = GetParam() == fp8attn_cpu()->isa;
  const size_t numTokens = isBest ? kTextTokens : kTextTokens / 4;
  const struct {
    CacheFormat format;
    double most;
  } bounds[] = {{CacheFormat::BF16, 1e-5},
                {CacheFormat::E4M3, 1.5e-3},
                {CacheFormat::E4M3Token, 1e-3},
                {CacheFormat::E5M2, 6e-3}};
  const std::vector<Token> text = textOf(numTokens);
  for (const auto &bound : bounds) {
    const std::unique_ptr<Sequence> read =
        serve(bound.format, {0, text, 1, /*keepsLogits=*/true});
    ASSERT_EQ(read->logits.size(), numTokens * kVocabulary);
    const Quality quality =
        compareLogits(std::span(exactLogits()).first(read->logits.size()),
                      read->logits, text);
    EXPECT_LE(quality.divergence, bound.most) << nameOf(bound.format);
    // Less would say that nothing was rounded.
    EXPECT_GE(quality.divergence, bound.most / 10) << nameOf(bound.format);
  }
}

TEST_P(GenerationTest, ChunksOfAPromptHaveTheBitsOfTheWhole) {
  // Chunks that end within pages and on their ends, and single tokens.
  const std::vector<Token> text = textOf(200);
  for (CacheFormat format : kCacheFormats) {
    const std::vector<float> whole =
        serve(format, {0, text, 1, /*keepsLogits=*/true}, {.maxRows = 1024})
            ->logits;
    ASSERT_EQ(whole.size(), text.size() * kVocabulary);
    for (int32_t rows : {1, 37}) {
      const std::vector<float> chunked =
          serve(format, {0, text, 1, /*keepsLogits=*/true}, {.maxRows = rows})
              ->logits;
      EXPECT_TRUE(whole == chunked)
          << nameOf(format) << " in chunks of " << rows;
    }
  }
}
