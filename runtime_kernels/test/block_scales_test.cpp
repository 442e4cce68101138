//===- block_scales_test.cpp - scales of blocks of channels ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qk_blocks and pv_blocks against double precision: every code with every
// scale, and random ones wherever scales may lie. attend_blocks against both.
//
//===----------------------------------------------------------------------===//

#include "scale_codes.h"

namespace fp8attn::test {

class BlockKernelTest : public KernelTest {
protected:
  static ScaledType type() { return ScaledType(GetParam().row->cache); }
  static int exponent() { return static_cast<int>(GetParam().row->exponent); }

  /// Returns the scores of a query with keys.
  static Matrix<float> callQk(ScaleCodes &scales, int64_t firstKey,
                              int64_t numKeys, const Matrix<float> &query) {
    ProductTiles queryTiles("bf16", scaled(query, exponent()), query.columns);
    Tiles<float> tiles(query.rows, FP8ATTN_BLOCK_KEYS, NAN);
    scales.call(GetParam(), firstKey, numKeys, queryTiles.data(), query.rows,
                query.columns, tiles.data());
    Matrix<float> scores(query.rows, numKeys);
    for (int64_t row = 0; row < query.rows; ++row)
      for (int64_t key = 0; key < numKeys; ++key)
        scores.at(row, key) = tiles.at(row, key);
    return scores;
  }

  /// Adds values to `acc`.
  static Matrix<float> callPv(ScaleCodes &scales, int64_t firstKey,
                              const Matrix<float> &probs,
                              const Matrix<float> &acc) {
    ProductTiles probTiles("bf16", probs, FP8ATTN_BLOCK_KEYS);
    for (int64_t row = 0; row < probs.rows; ++row)
      for (int64_t key = probs.columns; key < (probs.columns + 31) / 32 * 32;
           ++key)
        probTiles.set(row, key, 0);
    Tiles<float> tiles(acc, acc.columns, NAN);
    scales.call(GetParam(), firstKey, probs.columns, probTiles.data(),
                probs.rows, acc.columns, tiles.data());
    Matrix<float> result = acc;
    for (int64_t row = 0; row < acc.rows; ++row)
      for (int64_t c = 0; c < acc.columns; ++c)
        result.at(row, c) = tiles.at(row, c);
    return result;
  }

  static Matrix<float> randomProbs(int64_t rows, int64_t keys, Random &random) {
    Matrix<float> probs(rows, keys);
    for (float &prob : probs.elements)
      prob = random() % 8
                 ? elementValue(
                       "bf16",
                       nearestElement("bf16", exp2(4 * normalNumber(random))))
                 : 0;
    return probs;
  }
  static Matrix<float> rowOf(const Matrix<float> &matrix, int64_t row) {
    Matrix<float> single(1, matrix.columns);
    for (int64_t c = 0; c < matrix.columns; ++c)
      single.at(0, c) = matrix.at(row, c);
    return single;
  }
};

class QkBlocksTest : public BlockKernelTest {};
class PvBlocksTest : public BlockKernelTest {};
class AttendBlocksTest : public BlockKernelTest {
protected:
  /// Returns the kernel of another operation for the same ISA and cache.
  static KernelUnderTest siblingOf(std::string_view op) {
    for (const KernelRow &row : kernelTable())
      if (row.op == op && !strcmp(row.cache, GetParam().row->cache) &&
          row.isa == GetParam().row->isa)
        return {&row, GetParam().form};
    ADD_FAILURE() << "no " << op;
    return GetParam();
  }
};

/// One call.
struct BlockShape {
  int64_t rows, firstKey, numKeys, channels, blockChannels, pageTokens;
  ScaleCodes::Order order;
};

static std::vector<BlockShape> blockShapes(const ScaledType &type) {
  std::vector<BlockShape> shapes;
  for (int64_t rows : {1, 2, 4, 5, 8, 9, 17, 48})
    for (int64_t keys : {1, 31, 33, 256}) {
      const size_t n = shapes.size();
      const int64_t channels = takeTurns({128, 64, 160, 32, 256}, n);
      const int64_t pageTokens = takeTurns({32, 16, 64, 48}, n / 2);
      shapes.push_back(
          {rows, takeTurns({0, 256, 64}, n), keys, channels,
           n % 3 == 2 && channels % 64 == 0 ? 64 : type.blockChannels,
           pageTokens,
           static_cast<ScaleCodes::Order>(n % ScaleCodes::kNumOrders)});
    }
  return shapes;
}

// Tolerances as in gemm_test.cpp: powers of two round nothing, and the sums of
// groups make a chain no longer.
TEST_P(QkBlocksTest, MatchesDoublePrecision) {
  for (const BlockShape &shape : blockShapes(type())) {
    Random random(static_cast<unsigned>(shape.rows * 1000 + shape.numKeys));
    const int64_t end = shape.firstKey + shape.numKeys;
    PagedCache cache(
        {type().element, end, shape.channels, 32, shape.pageTokens}, random);
    ScaleCodes scales(cache, type(), shape.channels, shape.blockChannels,
                      shape.order);
    scales.fill(end, shape.channels, random);
    const Matrix<float> query = randomQuery(shape.rows, shape.channels, random);
    const Matrix<float> scores =
        callQk(scales, shape.firstKey, shape.numKeys, query);
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t key = 0; key < shape.numKeys; ++key) {
        double expected = 0, magnitude = 0;
        for (int64_t c = 0; c < shape.channels; ++c) {
          const int64_t token = shape.firstKey + key;
          const double product = double(query.at(row, c)) *
                                 cache.key(token, c) * scales.value(token, c);
          expected += product;
          magnitude += fabs(product);
        }
        ASSERT_NEAR(scores.at(row, key), expected,
                    double(shape.channels + 2) * kEpsF32 * magnitude)
            << "row " << row << " of " << shape.rows << " key " << key << " of "
            << shape.numKeys << ", " << shape.channels
            << " channels, blocks of " << shape.blockChannels << ", order "
            << shape.order << ", pages of " << shape.pageTokens;
      }
  }
}

TEST_P(PvBlocksTest, MatchesDoublePrecision) {
  for (const BlockShape &shape : blockShapes(type())) {
    Random random(static_cast<unsigned>(shape.rows * 1000 + shape.numKeys));
    const int64_t end = shape.firstKey + shape.numKeys;
    PagedCache cache(
        {type().element, end, 32, shape.channels, shape.pageTokens}, random);
    ScaleCodes scales(cache, type(), shape.channels, shape.blockChannels,
                      shape.order);
    scales.fill(end, shape.channels, random);
    const Matrix<float> probs = randomProbs(shape.rows, shape.numKeys, random);
    Matrix<float> before(shape.rows, shape.channels);
    for (float &element : before.elements)
      element = static_cast<float>(ldexp(normalNumber(random), -exponent()));
    const Matrix<float> after = callPv(scales, shape.firstKey, probs, before);
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t c = 0; c < shape.channels; ++c) {
        double expected = before.at(row, c), magnitude = fabs(expected);
        for (int64_t key = 0; key < shape.numKeys; ++key) {
          const int64_t token = shape.firstKey + key;
          const double product =
              ldexp(double(probs.at(row, key)) * cache.value(token, c) *
                        scales.value(token, c),
                    -exponent());
          expected += product;
          magnitude += fabs(product);
        }
        ASSERT_NEAR(after.at(row, c), expected,
                    double(shape.numKeys + 2) * kEpsF32 * magnitude)
            << "row " << row << " of " << shape.rows << " channel " << c
            << " of " << shape.channels << ", " << shape.numKeys
            << " keys, blocks of " << shape.blockChannels << ", order "
            << shape.order << ", pages of " << shape.pageTokens;
      }
  }
}

/// 256 channels, each of another code if there are as many; and 256 tokens,
/// each of another scale.
static constexpr int64_t kCodes = 256, kScales = 256;

/// Returns the code of a channel, NaN and infinity left out if `isFinite`.
static uint16_t codeOf(std::string_view type, int64_t channel, bool isFinite) {
  const auto code =
      static_cast<uint16_t>(channel & (elementBits(type) == 4 ? 0xf : 0xff));
  const int largest = type == "e4m3" ? 0x7e : type == "e5m2" ? 0x7b : 0xff;
  const bool isFp8 = type == "e4m3" || type == "e5m2";
  return isFinite && isFp8 && (code & 0x7f) > largest ? 0 : code;
}

// Scores of one channel each. A score beyond f32 is infinite; one that is no
// normal number is off by less than the smallest of these.
TEST_P(QkBlocksTest, EveryCodeWithEveryScale) {
  Random random(1);
  PagedCache cache({type().element, kScales, kCodes, 32, 32}, random);
  ScaleCodes scales(cache, type(), kCodes, type().blockChannels,
                    ScaleCodes::kBlocksTogether);
  for (int64_t token = 0; token < kScales; ++token)
    for (int64_t c = 0; c < kCodes; ++c) {
      cache.setKey(token, c, codeOf(type().element, c, /*isFinite=*/true));
      scales.at(token, c) = static_cast<uint8_t>(token);
    }
  for (int64_t first = 0; first < kCodes; first += 4) {
    Matrix<float> query(4, kCodes);
    for (int64_t row = 0; row < 4; ++row)
      query.at(row, first + row) = 1;
    const Matrix<float> scores = callQk(scales, 0, kScales, query);
    for (int64_t row = 0; row < 4; ++row)
      for (int64_t token = 0; token < kScales; ++token) {
        const double expected =
            cache.key(token, first + row) * scales.value(token, 0);
        const float score = scores.at(row, token);
        if (isnan(expected))
          ASSERT_TRUE(isnan(score)) << score;
        else if (fabs(expected) > 0x1.ffffffp127)
          ASSERT_EQ(score, expected > 0 ? INFINITY : -INFINITY);
        else
          ASSERT_NEAR(score, expected, kSmallestNormal)
              << "channel " << first + row << ", scale " << token;
      }
  }
}

// Values of one token each, of which the probability is 1.
TEST_P(PvBlocksTest, EveryCodeWithEveryScale) {
  Random random(2);
  PagedCache cache({type().element, kScales, 32, kCodes, 32}, random);
  ScaleCodes scales(cache, type(), kCodes, type().blockChannels,
                    ScaleCodes::kBlocksTogether);
  for (int64_t token = 0; token < kScales; ++token)
    for (int64_t c = 0; c < kCodes; ++c) {
      cache.setValue(token, c, codeOf(type().element, c, /*isFinite=*/false));
      scales.at(token, c) = static_cast<uint8_t>(token);
    }
  for (int64_t first = 0; first < kScales; first += 32) {
    // As many rows as share a block, and more.
    for (int64_t rows : {4, 32}) {
      for (int64_t begin = 0; begin < 32; begin += rows) {
        Matrix<float> part(rows, kScales);
        for (int64_t row = 0; row < rows; ++row)
          part.at(row, first + begin + row) = 1;
        const Matrix<float> acc =
            callPv(scales, 0, part, Matrix<float>(rows, kCodes));
        for (int64_t row = 0; row < rows; ++row)
          for (int64_t c = 0; c < kCodes; ++c) {
            const int64_t token = first + begin + row;
            const double value = cache.value(token, c);
            const double expected =
                ldexp(value * scales.value(token, c), -exponent());
            const float actual = acc.at(row, c);
            if (isnan(expected))
              ASSERT_TRUE(isnan(actual)) << actual;
            else if (fabs(expected) > 0x1.ffffffp127)
              ASSERT_EQ(actual, expected > 0 ? INFINITY : -INFINITY);
            else
              ASSERT_NEAR(actual, expected,
                          kSmallestNormal *
                              fmax(1, fabs(ldexp(value, -exponent()))))
                  << "channel " << c << ", scale " << token << ", " << rows
                  << " rows";
            // Probabilities and results that are normal numbers are exact.
            if (token > 0 && !isnan(expected) &&
                fabs(expected) >= kSmallestNormal)
              ASSERT_EQ(actual, static_cast<float>(expected));
          }
      }
    }
  }
}

TEST_P(QkBlocksTest, RowDoesNotDependOnBlock) {
  Random random(3);
  PagedCache cache({type().element, 77, 96, 32, 32}, random);
  ScaleCodes scales(cache, type(), 96, type().blockChannels,
                    ScaleCodes::kBlocksTogether);
  scales.fill(77, 96, random);
  const Matrix<float> query = randomQuery(FP8ATTN_BLOCK_ROWS, 96, random);
  const Matrix<float> block = callQk(scales, 0, 77, query);
  for (int64_t row = 0; row < query.rows; ++row) {
    const Matrix<float> single = callQk(scales, 0, 77, rowOf(query, row));
    ASSERT_EQ(memcmp(&block.at(row, 0), &single.at(0, 0), 77 * sizeof(float)),
              0)
        << "row " << row;
  }
}

TEST_P(PvBlocksTest, RowDoesNotDependOnBlock) {
  Random random(4);
  PagedCache cache({type().element, 77, 32, 96, 32}, random);
  ScaleCodes scales(cache, type(), 96, type().blockChannels,
                    ScaleCodes::kBlocksTogether);
  scales.fill(77, 96, random);
  const Matrix<float> probs = randomProbs(FP8ATTN_BLOCK_ROWS, 77, random);
  const Matrix<float> block =
      callPv(scales, 0, probs, Matrix<float>(FP8ATTN_BLOCK_ROWS, 96));
  for (int64_t row = 0; row < probs.rows; ++row) {
    const Matrix<float> single =
        callPv(scales, 0, rowOf(probs, row), Matrix<float>(1, 96));
    ASSERT_EQ(memcmp(&block.at(row, 0), &single.at(0, 0), 96 * sizeof(float)),
              0)
        << "row " << row;
  }
}

// Scales that are NaN, of either token of a pair, and values that are, reach
// the rows whose probability is not 0, however small the scale is.
TEST_P(PvBlocksTest, NanReachesRowsThatSeeIt) {
  const ScaledType type = PvBlocksTest::type();
  const bool hasNan = type.element == "e4m3" || type.element == "e5m2";
  for (int64_t rows : {2, 20})
    for (int64_t token : {6, 7}) {
      Random random(5);
      PagedCache cache({type.element, 64, 32, 64, 32}, random);
      ScaleCodes scales(cache, type, 64, type.blockChannels,
                        ScaleCodes::kBlocksTogether);
      scales.fill(64, 64, random);
      Matrix<float> probs = randomProbs(rows, 64, random);
      for (int64_t row = 0; row < rows; ++row) {
        probs.at(row, token) = row == 0 ? 0 : 0x1p-100f;
        probs.at(row, 40) = row == 0 ? 0 : 0x1p-100f;
      }
      scales.at(token, 32) = type.nanCode;
      scales.at(40, 0) = 0;
      if (hasNan)
        cache.setValue(40, 5, 0x7f);
      const Matrix<float> acc =
          callPv(scales, 0, probs, Matrix<float>(rows, 64));
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t c = 0; c < 64; ++c) {
          const bool isNanBlock = c >= 32 && c < 32 + type.blockChannels;
          ASSERT_EQ(isnan(acc.at(row, c)) != 0,
                    row > 0 && (isNanBlock || (hasNan && c == 5)))
              << "row " << row << " channel " << c;
        }
    }
}

// A key that is NaN has such scores, and other keys have theirs.
TEST_P(QkBlocksTest, NanKeys) {
  const std::string element = type().element;
  if (element != "e4m3" && element != "e5m2")
    return;
  for (int64_t rows : {2, 20}) {
    Random random(6);
    PagedCache cache({type().element, 64, 64, 32, 32}, random);
    ScaleCodes scales(cache, type(), 64, type().blockChannels,
                      ScaleCodes::kBlocksTogether);
    scales.fill(64, 64, random);
    const Matrix<float> query = randomQuery(rows, 64, random);
    const Matrix<float> before = callQk(scales, 0, 64, query);
    cache.setKey(40, 5, 0x7f);
    const Matrix<float> after = callQk(scales, 0, 64, query);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t key = 0; key < 64; ++key)
        if (key == 40)
          ASSERT_TRUE(isnan(after.at(row, key)));
        else
          ASSERT_EQ(after.at(row, key), before.at(row, key));
  }
}

// The fused kernel is the separate ones, bit by bit.
TEST_P(AttendBlocksTest, AsSeparate) {
  const KernelUnderTest qk = siblingOf("qk_blocks"),
                        pv = siblingOf("pv_blocks"),
                        softmax = companionOf("softmax", GetParam());
  for (int64_t rows : {1, 4, 7, 16})
    for (int64_t keys : {1, 290, 600}) {
      const int64_t channels = takeTurns({128, 64, 96}, size_t(rows + keys));
      Random random(static_cast<unsigned>(rows * 1000 + keys));
      PagedCache cache({type().element, keys, channels, channels, 32}, random);
      ScaleCodes keyScales(cache, type(), channels, type().blockChannels,
                           ScaleCodes::kBlocksTogether),
          valueScales(cache, type(), channels, type().blockChannels,
                      ScaleCodes::kHeadsBetween);
      keyScales.fill(keys, channels, random);
      valueScales.fill(keys, channels, random);
      ProductTiles query(
          "bf16", scaled(randomQuery(rows, channels, random), exponent()),
          channels);
      const std::vector<float> scale(16, 0.01f);
      const std::vector<int32_t> begin(16, 0), limit(16, int32_t(keys));
      const int64_t probExponent = exponent() ? 40 : 0;
      GuardedBuffer<uint8_t> scratch(FP8ATTN_KERNEL_SCRATCH_BYTES);
      struct State {
        explicit State(int64_t rows, int64_t channels)
            : max(16, -INFINITY), sum(16, 0), acc(rows, channels, 0) {}
        std::vector<float> max, sum;
        Tiles<float> acc;
      } fused(rows, channels), separate(rows, channels);
      GetParam().as<fp8attn_uk_attend_blocks_fn>()(
          &cache.run(), 0, keys, query.data(), rows, channels, channels,
          keyScales.codes.data(), keyScales.headOffset, keyScales.pageStride,
          keyScales.tokenStride, keyScales.blockStride, type().blockChannels,
          valueScales.codes.data(), valueScales.headOffset,
          valueScales.pageStride, valueScales.tokenStride,
          valueScales.blockStride, type().blockChannels, scale.data(),
          begin.data(), limit.data(), probExponent, fused.max.data(),
          fused.sum.data(), fused.acc.data(), scratch.data());
      for (int64_t first = 0; first < keys; first += FP8ATTN_BLOCK_KEYS) {
        const int64_t step =
            std::min<int64_t>(keys - first, FP8ATTN_BLOCK_KEYS);
        Tiles<float> scores(rows, FP8ATTN_BLOCK_KEYS, NAN);
        ProductTiles probs("bf16", rows, FP8ATTN_BLOCK_KEYS);
        keyScales.call(qk, first, step, query.data(), rows, channels,
                       scores.data());
        softmax.as<fp8attn_uk_softmax_fn>()(
            first, step, rows, scores.data(), scale.data(), begin.data(),
            limit.data(), probExponent, channels, separate.max.data(),
            separate.sum.data(), separate.acc.data(), probs.data());
        valueScales.call(pv, first, step, probs.data(), rows, channels,
                         separate.acc.data());
      }
      for (int64_t row = 0; row < rows; ++row) {
        ASSERT_EQ(fused.max[size_t(row)], separate.max[size_t(row)]);
        ASSERT_EQ(fused.sum[size_t(row)], separate.sum[size_t(row)]);
        for (int64_t c = 0; c < channels; ++c)
          ASSERT_EQ(fused.acc.at(row, c), separate.acc.at(row, c))
              << rows << " rows, " << keys << " keys, row " << row;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Table, QkBlocksTest,
                         testing::ValuesIn(kernelsOf("qk_blocks")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, PvBlocksTest,
                         testing::ValuesIn(kernelsOf("pv_blocks")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, AttendBlocksTest,
                         testing::ValuesIn(kernelsOf("attend_blocks")),
                         kernelTestName);

} // namespace fp8attn::test
