//===- gemm_test.cpp - qk and pv over many shapes -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scores and weighted values against sums in double precision, for numbers of
// rows and keys on both sides of each tile edge. All operands end at guard
// pages; tokens past the run's end are NaN.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <math.h>
#include <string.h>

namespace fp8attn::test {

class QkTest : public KernelTest {};
class PvTest : public KernelTest {};

/// One call of qk or pv.
struct GemmShape {
  int64_t rows, firstKey, numKeys, channels, pageTokens, laterKeys;
};

/// Returns all pairs of edge numbers of rows and keys; the other sizes take
/// turns.
static std::vector<GemmShape> gemmShapes() {
  std::vector<GemmShape> shapes;
  for (int64_t rows : {1, 3, 15, 16, 17, 47, 48})
    for (int64_t keys : {1, 31, 32, 33, 255, 256}) {
      const size_t n = shapes.size();
      const int64_t pageTokens = takeTurns({32, 64, 96, 16, 1}, n / 2);
      shapes.push_back({rows, takeTurns({0, 256, 64}, n), keys,
                        takeTurns({64, 96, 128, 256}, n / 3), pageTokens,
                        takeTurns({0, 40}, n)});
    }
  return shapes;
}

void PrintTo(const GemmShape &shape, std::ostream *stream) {
  *stream << shape.rows << " rows, keys " << shape.firstKey << " + "
          << shape.numKeys << " of "
          << shape.firstKey + shape.numKeys + shape.laterKeys << ", "
          << shape.channels << " channels, pages of " << shape.pageTokens;
}

/// Probabilities as softmax makes them: 2^40 times (0, 1], some exactly 0.
static Matrix<float> randomProbs(int64_t rows, int64_t keys, Random &random) {
  Matrix<float> probs(rows, keys);
  for (float &prob : probs.elements)
    prob =
        random() % 8
            ? elementValue(queryType,
                           nearestElement(queryType,
                                          exp2(20 + 20 * (0x1p-32 * random()))))
            : 0;
  return probs;
}

/// A call of qk, and its result.
static Matrix<float> callQk(const KernelUnderTest &kernel,
                            const PagedCache &cache, int64_t firstKey,
                            int64_t numKeys, const Matrix<float> &query) {
  ProductTiles queryTiles(queryType, scaled(query, int(kernel.row->exponent)),
                          query.columns);
  Tiles<float> tiles(query.rows, FP8ATTN_BLOCK_KEYS, NAN);
  GuardedBuffer<uint8_t> scratch(FP8ATTN_KERNEL_SCRATCH_BYTES);
  TileScope scope(kernel);
  kernel.as<fp8attn_uk_qk_fn>()(&cache.run(), firstKey, numKeys,
                                queryTiles.data(), query.rows, query.columns,
                                tiles.data(), scratch.data());
  Matrix<float> scores(query.rows, numKeys);
  for (int64_t row = 0; row < query.rows; ++row)
    for (int64_t key = 0; key < numKeys; ++key)
      scores.at(row, key) = tiles.at(row, key);
  return scores;
}

/// A call of pv that adds to `acc`, and its result. Keys after the last one in
/// its granule have the probability 0.
static Matrix<float> callPv(const KernelUnderTest &kernel,
                            const PagedCache &cache, int64_t firstKey,
                            const Matrix<float> &probs,
                            const Matrix<float> &acc) {
  const int64_t granules = (probs.columns + 31) / 32;
  ProductTiles probTiles(queryType, probs, FP8ATTN_BLOCK_KEYS);
  for (int64_t row = 0; row < probs.rows; ++row)
    for (int64_t key = probs.columns; key < granules * 32; ++key)
      probTiles.set(row, key, 0);
  Tiles<float> accTiles(acc, acc.columns, NAN);
  GuardedBuffer<uint8_t> scratch(FP8ATTN_KERNEL_SCRATCH_BYTES);
  TileScope scope(kernel);
  kernel.as<fp8attn_uk_pv_fn>()(&cache.run(), firstKey, probs.columns,
                                probTiles.data(), probs.rows, acc.columns,
                                accTiles.data(), scratch.data());
  Matrix<float> result = acc;
  for (int64_t row = 0; row < acc.rows; ++row)
    for (int64_t c = 0; c < acc.columns; ++c)
      result.at(row, c) = accTiles.at(row, c);
  return result;
}

/// Returns row `row` as a matrix of its own.
template <typename T>
static Matrix<T> rowOf(const Matrix<T> &matrix, int64_t row) {
  Matrix<T> single(1, matrix.columns);
  for (int64_t c = 0; c < matrix.columns; ++c)
    single.at(0, c) = matrix.at(row, c);
  return single;
}

/// Expects the row of `block` to have the bits of `single`.
static void expectSameRow(const Matrix<float> &block, int64_t row,
                          const Matrix<float> &single) {
  ASSERT_EQ(memcmp(&block.at(row, 0), &single.at(0, 0),
                   sizeof(float) * size_t(block.columns)),
            0)
      << "row " << row;
}

// Tolerance: a chain of f32 additions of n products errs by at most
// (n + 2) eps sum |product|, wherever the chain begins.
TEST_P(QkTest, MatchesDoublePrecision) {
  for (const GemmShape &shape : gemmShapes()) {
    SCOPED_TRACE(testing::PrintToString(shape));
    Random random(static_cast<unsigned>(shape.rows * 1000 + shape.numKeys));
    PagedCache cache({GetParam().row->cache,
                      shape.firstKey + shape.numKeys + shape.laterKeys,
                      shape.channels, 32, shape.pageTokens},
                     random);
    const Matrix<float> query = randomQuery(shape.rows, shape.channels, random);
    const Matrix<float> scores =
        callQk(GetParam(), cache, shape.firstKey, shape.numKeys, query);
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t key = 0; key < shape.numKeys; ++key) {
        double expected = 0, magnitude = 0;
        for (int64_t c = 0; c < shape.channels; ++c) {
          const double product =
              double(query.at(row, c)) * cache.key(shape.firstKey + key, c);
          expected += product;
          magnitude += fabs(product);
        }
        const double n = static_cast<double>(shape.channels);
        ASSERT_NEAR(scores.at(row, key), expected,
                    (n + 2) * kEpsF32 * magnitude + n * kSmallestNormal)
            << "row " << row << " key " << key;
      }
  }
}

TEST_P(PvTest, MatchesDoublePrecision) {
  const int exponent = int(GetParam().row->exponent);
  for (const GemmShape &shape : gemmShapes()) {
    SCOPED_TRACE(testing::PrintToString(shape));
    Random random(static_cast<unsigned>(shape.rows * 1000 + shape.numKeys));
    PagedCache cache({GetParam().row->cache,
                      shape.firstKey + shape.numKeys + shape.laterKeys, 32,
                      shape.channels, shape.pageTokens},
                     random);
    const Matrix<float> probs = randomProbs(shape.rows, shape.numKeys, random);
    Matrix<float> before(shape.rows, shape.channels);
    for (float &element : before.elements)
      element = bf16Value(nearestBf16(
          std::normal_distribution<double>(0, exp2(40 - exponent))(random)));
    const Matrix<float> after =
        callPv(GetParam(), cache, shape.firstKey, probs, before);
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t c = 0; c < shape.channels; ++c) {
        double expected = before.at(row, c), magnitude = fabs(expected);
        for (int64_t key = 0; key < shape.numKeys; ++key) {
          const double product = ldexp(double(probs.at(row, key)) *
                                           cache.value(shape.firstKey + key, c),
                                       -exponent);
          expected += product;
          magnitude += fabs(product);
        }
        ASSERT_NEAR(after.at(row, c), expected,
                    static_cast<double>(shape.numKeys + 2) * kEpsF32 *
                        magnitude)
            << "row " << row << " channel " << c;
      }
  }
}

// The largest and smallest queries still have finite, exact-to-rounding scores.
TEST_P(QkTest, ExtremeQueries) {
  constexpr int64_t kChannels = 64;
  Random random(5);
  PagedCache cache({GetParam().row->cache, 32, kChannels, 32, 32}, random);
  for (double deviation : {1e-30, 0x1p-80, 1e4}) {
    const Matrix<float> query = randomQuery(3, kChannels, random, deviation);
    const Matrix<float> scores = callQk(GetParam(), cache, 0, 32, query);
    for (int64_t row = 0; row < 3; ++row)
      for (int64_t key = 0; key < 32; ++key) {
        double expected = 0, magnitude = 0;
        for (int64_t c = 0; c < kChannels; ++c) {
          const double product = double(query.at(row, c)) * cache.key(key, c);
          expected += product;
          magnitude += fabs(product);
        }
        ASSERT_NEAR(scores.at(row, key), expected,
                    (kChannels + 2) * kEpsF32 * magnitude +
                        kChannels * kSmallestNormal)
            << "deviation " << deviation;
      }
  }
}

TEST_P(QkTest, RowDoesNotDependOnBlock) {
  Random random(2);
  PagedCache cache({GetParam().row->cache, 77, 96, 32, 32}, random);
  const Matrix<float> query = randomQuery(FP8ATTN_BLOCK_ROWS, 96, random);
  const Matrix<float> block = callQk(GetParam(), cache, 0, 77, query);
  for (int64_t row = 0; row < query.rows; ++row)
    ASSERT_NO_FATAL_FAILURE(expectSameRow(
        block, row, callQk(GetParam(), cache, 0, 77, rowOf(query, row))));
}

TEST_P(PvTest, RowDoesNotDependOnBlock) {
  Random random(3);
  PagedCache cache({GetParam().row->cache, 77, 32, 96, 32}, random);
  const Matrix<float> probs = randomProbs(FP8ATTN_BLOCK_ROWS, 77, random);
  const Matrix<float> zero(FP8ATTN_BLOCK_ROWS, 96);
  const Matrix<float> block = callPv(GetParam(), cache, 0, probs, zero);
  for (int64_t row = 0; row < probs.rows; ++row)
    ASSERT_NO_FATAL_FAILURE(expectSameRow(
        block, row,
        callPv(GetParam(), cache, 0, rowOf(probs, row), rowOf(zero, row))));
}

INSTANTIATE_TEST_SUITE_P(Table, QkTest, testing::ValuesIn(kernelsOf("qk")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, PvTest, testing::ValuesIn(kernelsOf("pv")),
                         kernelTestName);

} // namespace fp8attn::test
