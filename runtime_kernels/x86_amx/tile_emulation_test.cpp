//===- tile_emulation_test.cpp - the emulated tiles as the manual has them ===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the kernels rely on when their tests run on emulated tiles: the order
// and the flushing of TDPBF16PS, and traps where the hardware has exceptions.
//
//===----------------------------------------------------------------------===//

#include "x86_amx/tile_emulation.h"

#include <gtest/gtest.h>
#include <math.h>
#include <string.h>

using namespace fp8attn;

namespace {

constexpr int64_t kStride = 64;
constexpr int kRows = 16;

/// All eight tiles 16 rows x 64 bytes while it lives.
class TileEmulation : public testing::Test {
protected:
  TileEmulation() {
    config.palette = 1;
    for (int tile = 0; tile < tile_emulation::kNumTiles; ++tile) {
      config.rowBytes[tile] = kStride;
      config.rows[tile] = kRows;
    }
    _tile_loadconfig(&config);
  }
  ~TileEmulation() override { _tile_release(); }

  /// Returns sum[0] after one TDPBF16PS of rows a (of A) and columns b (of B):
  /// 32 numbers each, exact in bf16.
  static float dot(const float (&a)[32], const float (&b)[32], float sum) {
    uint16_t left[kRows][32] = {}, right[kRows][32] = {};
    float sums[kRows][16] = {};
    for (int i = 0; i < 32; ++i) {
      left[0][i] = high(a[i]);
      right[i / 2][i % 2] = high(b[i]);
    }
    sums[0][0] = sum;
    _tile_loadd(0, sums, kStride);
    _tile_loadd(1, left, kStride);
    _tile_loadd(2, right, kStride);
    _tile_dpbf16ps(0, 1, 2);
    _tile_stored(0, sums, kStride);
    return sums[0][0];
  }

  static uint16_t high(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    EXPECT_EQ(bits & 0xffff, 0u) << value << " is not a bf16";
    return static_cast<uint16_t>(bits >> 16);
  }

  tile_emulation::Config config = {};
};
using TileEmulationDeathTest = TileEmulation;

} // namespace

TEST_F(TileEmulation, EveryElementIsItsDotProduct) {
  uint16_t left[kRows][32], right[kRows][32];
  float sums[kRows][16];
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < 32; ++j) {
      left[i][j] = high(static_cast<float>((i * 7 + j * 3) % 11 - 5));
      right[i][j] = high(static_cast<float>((i * 5 + j * 2) % 13 - 6));
    }
  _tile_zero(0);
  _tile_loadd(1, left, kStride);
  _tile_loadd(2, right, kStride);
  _tile_dpbf16ps(0, 1, 2);
  _tile_dpbf16ps(0, 1, 2);
  _tile_stored(0, sums, kStride);
  for (int m = 0; m < kRows; ++m)
    for (int n = 0; n < 16; ++n) {
      int expected = 0;
      for (int k = 0; k < 32; ++k)
        expected += 2 * ((m * 7 + k * 3) % 11 - 5) *
                    ((k / 2 * 5 + (2 * n + k % 2) * 2) % 13 - 6);
      EXPECT_EQ(sums[m][n], static_cast<float>(expected)) << m << ", " << n;
    }
}

// 2^24 takes up a 1 that is added to it, but not the 2 of two of them: which
// ones meet it shows the order.
TEST_F(TileEmulation, EvenAndOddChainsAreAddedToTheSumLast) {
  const float ones[32] = {1, 1, 1, 1};
  const float evenFirst[32] = {0x1p24f, 1, 1, 1};
  EXPECT_EQ(dot(evenFirst, ones, 0), 0x1p24f + 2);
  const float evenBoth[32] = {0x1p24f, 0, 1, 0, 1};
  EXPECT_EQ(dot(evenBoth, {1, 1, 1, 1, 1}, 0), 0x1p24f);
  EXPECT_EQ(dot({1, 1}, ones, 0x1p24f), 0x1p24f + 2);
}

TEST_F(TileEmulation, MultiplyAddRoundsOnce) {
  // (1 + 2^-7)^2 - (1 + 2^-6) = 2^-14: exact products need no rounding.
  EXPECT_EQ(dot({1, 0, 1 + 0x1p-7f}, {-(1 + 0x1p-6f), 0, 1 + 0x1p-7f}, 0),
            0x1p-14f);
  // The product overflows, the sum does not.
  EXPECT_EQ(dot({0x1p127f, 0, 0x1p64f}, {-1, 0, 0x1p64f}, 0), 0x1p127f);
}

TEST_F(TileEmulation, DenormalsAreZero) {
  const float denormal = 0x1p-127f;
  EXPECT_EQ(dot({denormal}, {0x1p100f}, 0), 0);
  EXPECT_EQ(dot({0x1p100f}, {denormal}, 0), 0);
  EXPECT_EQ(dot({0x1p-63f}, {0x1p-64f}, 0), 0);
  EXPECT_EQ(dot({0x1p-63f}, {0x1p-63f}, 0), 0x1p-126f);
  EXPECT_EQ(dot({}, {}, denormal), 0);
  EXPECT_EQ(dot({1}, {denormal}, 1), 1);
}

TEST_F(TileEmulation, NanAndInfinityPropagate) {
  EXPECT_TRUE(isnan(dot({NAN}, {0}, 0)));
  EXPECT_TRUE(isnan(dot({0}, {INFINITY}, 0)));
  EXPECT_EQ(dot({-1}, {INFINITY}, 5), -INFINITY);
}

TEST_F(TileEmulation, ConfigurationZeroesTiles) {
  float sums[kRows][16];
  memset(sums, 0x3f, sizeof(sums));
  _tile_loadd(3, sums, kStride);
  _tile_loadconfig(&config);
  _tile_stored(3, sums, kStride);
  EXPECT_EQ(sums[kRows - 1][15], 0);
}

TEST_F(TileEmulation, OnlyConfiguredBytesAreTouched) {
  config.rows[3] = 2;
  config.rowBytes[3] = 8;
  _tile_loadconfig(&config);
  uint8_t bytes[2][8] = {{1, 2}, {3}}, stored[3][10] = {};
  _tile_loadd(3, bytes, 8);
  _tile_stored(3, stored, 10);
  EXPECT_EQ(memcmp(stored[0], bytes[0], 8), 0);
  EXPECT_EQ(memcmp(stored[1], bytes[1], 8), 0);
  EXPECT_EQ(stored[1][8], 0);
}

TEST_F(TileEmulationDeathTest, TilesAreUsedAsConfigured) {
  EXPECT_DEATH(_tile_dpbf16ps(0, 1, 1), "");
  config.rows[1] = 8;
  _tile_loadconfig(&config);
  EXPECT_DEATH(_tile_dpbf16ps(0, 1, 2), "");
  _tile_release();
  EXPECT_DEATH(_tile_zero(0), "");
}

TEST_F(TileEmulationDeathTest, ConfigurationIsChecked) {
  tile_emulation::Config wrong = config;
  wrong.palette = 2;
  EXPECT_DEATH(_tile_loadconfig(&wrong), "");
  wrong = config;
  wrong.rows[0] = 17;
  EXPECT_DEATH(_tile_loadconfig(&wrong), "");
  wrong = config;
  wrong.rowBytes[0] = 65;
  EXPECT_DEATH(_tile_loadconfig(&wrong), "");
  wrong = config;
  wrong.rows[8] = 1;
  wrong.rowBytes[8] = 4;
  EXPECT_DEATH(_tile_loadconfig(&wrong), "");
}
