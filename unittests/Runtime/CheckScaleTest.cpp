//===- CheckScaleTest.cpp - checks of scales ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// fp8attn_check_scale and fp8attn_check_scale_pages.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <cmath>
#include <limits>
#include <vector>

using namespace fp8attn;

namespace {
class CheckScaleTest : public RuntimeTest {
protected:
  /// Checks scales that are contiguous, or `stride` apart.
  int32_t check(const char *name, const std::vector<float> &scales,
                int64_t count, int64_t stride = 1) {
    return fp8attn_check_scale(&context, name, scales.data(), FP8ATTN_TYPE_F32,
                               1, &count, &stride);
  }
};
} // namespace

TEST_F(CheckScaleTest, Good) {
  EXPECT_EQ(check("key_scale",
                  {1, std::numeric_limits<float>::max(),
                   std::numeric_limits<float>::denorm_min()},
                  3),
            FP8ATTN_OK);
}

TEST_F(CheckScaleTest, NoneNeedsNoMemory) {
  const int64_t sizes[] = {3, 0}, strides[] = {1, 1};
  EXPECT_EQ(fp8attn_check_scale(&context, "key_scale", nullptr,
                                FP8ATTN_TYPE_F32, 2, sizes, strides),
            FP8ATTN_OK);
}

TEST_F(CheckScaleTest, Bad) {
  const float inf = std::numeric_limits<float>::infinity();
  const struct {
    float value;
    const char *text;
  } cases[] = {{std::nanf(""), "nan"},
               {-std::nanf(""), "nan"},
               {inf, "inf"},
               {-inf, "-inf"},
               {0, "0"},
               {-0.0f, "-0"},
               {-1.5f, "-1.5"}};
  for (const auto &test : cases) {
    std::vector<float> scales(200, 1.0f);
    scales[133] = test.value;
    scales[150] = 0; // Not the first offence.
    std::string message = std::string("key_scale[133] is ") + test.text +
                          ", expected a finite number > 0";
    expectFailure(check("key_scale", scales, 200), FP8ATTN_BAD_SCALE,
                  message.c_str());
  }
}

TEST_F(CheckScaleTest, Apart) {
  std::vector<float> scales = {1, -1, 2, -1, 0, -1};
  EXPECT_EQ(check("value_scale", scales, 2, 2), FP8ATTN_OK);
  expectFailure(check("value_scale", scales, 3, 2), FP8ATTN_BAD_SCALE,
                "value_scale[2] is 0, expected a finite number > 0");
}

TEST_F(CheckScaleTest, One) {
  const float zero = 0, one = 1;
  EXPECT_EQ(fp8attn_check_scale(&context, "scale", &one, FP8ATTN_TYPE_F32, 0,
                                nullptr, nullptr),
            FP8ATTN_OK);
  expectFailure(fp8attn_check_scale(&context, "scale", &zero, FP8ATTN_TYPE_F32,
                                    0, nullptr, nullptr),
                FP8ATTN_BAD_SCALE, "scale is 0, expected a finite number > 0");
}

// Rows are apart, and what is between them does not count.
TEST_F(CheckScaleTest, ThreeDimensions) {
  std::vector<float> scales(2 * 3 * 8, -1);
  const int64_t sizes[] = {2, 3, 5}, strides[] = {24, 8, 1};
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t k = 0; k < 5; ++k)
        scales[i * 24 + j * 8 + k] = 1;
  const auto checkAll = [&] {
    return fp8attn_check_scale(&context, "key_scale", scales.data(),
                               FP8ATTN_TYPE_F32, 3, sizes, strides);
  };
  EXPECT_EQ(checkAll(), FP8ATTN_OK);
  scales[24 + 2 * 8 + 4] = 0;
  expectFailure(checkAll(), FP8ATTN_BAD_SCALE,
                "key_scale[1, 2, 4] is 0, expected a finite number > 0");
}

// Every code of f8E8M0FNU is a power of two, but one.
TEST_F(CheckScaleTest, Powers) {
  std::vector<uint8_t> codes = {0, 127, 254, 255};
  const int64_t one = 1;
  int64_t count = 3;
  const auto checkAll = [&] {
    return fp8attn_check_scale(&context, "key_scale", codes.data(),
                               FP8ATTN_TYPE_F8E8M0FNU, 1, &count, &one);
  };
  EXPECT_EQ(checkAll(), FP8ATTN_OK);
  count = 4;
  expectFailure(checkAll(), FP8ATTN_BAD_SCALE,
                "key_scale[3] is nan, expected a finite number > 0");
}

// Codes of f8E4M3FN are positive numbers up to 0x7E, but for the first.
TEST_F(CheckScaleTest, CodesOfE4M3) {
  const int64_t one = 1;
  for (int code = 0; code < 256; ++code) {
    const auto byte = static_cast<uint8_t>(code);
    const int32_t status = fp8attn_check_scale(
        &context, "key_scale", &byte, FP8ATTN_TYPE_F8E4M3FN, 1, &one, &one);
    EXPECT_EQ(status == FP8ATTN_OK, code > 0 && code < 0x7F) << code;
  }
  const struct {
    uint8_t code;
    const char *text;
  } cases[] = {{0, "0"},     {0x7F, "nan"}, {0x80, "-0"}, {0x81, "-0.00195312"},
               {0xB8, "-1"}, {0xFE, "-448"}};
  for (const auto &it : cases) {
    const std::string message = std::string("key_scale[0] is ") + it.text +
                                ", expected a finite number > 0";
    expectFailure(fp8attn_check_scale(&context, "key_scale", &it.code,
                                      FP8ATTN_TYPE_F8E4M3FN, 1, &one, &one),
                  FP8ATTN_BAD_SCALE, message.c_str());
  }
}

TEST_F(CheckScaleTest, Null) {
  const int64_t count = 8, stride = 1;
  expectFailure(fp8attn_check_scale(&context, "key_scale", nullptr,
                                    FP8ATTN_TYPE_F32, 1, &count, &stride),
                FP8ATTN_NULL_POINTER, "key_scale is null, expected scales");
}

TEST_F(CheckScaleTest, Pages) {
  const auto checkPages = [&](int64_t size, int64_t pages) {
    return fp8attn_check_scale_pages(&context, "key_scale", 1, size, 31, 32,
                                     pages);
  };
  EXPECT_EQ(checkPages(128, 4), FP8ATTN_OK);
  EXPECT_EQ(checkPages(0, 0), FP8ATTN_OK);
  expectFailure(checkPages(127, 4), FP8ATTN_BAD_SIZE,
                "key_scale.sizes[1] is 127, expected more than 31 + 32 * page "
                "for each of 4 pages");
  EXPECT_EQ(checkPages(INT64_MAX, INT64_MAX / 16), FP8ATTN_BAD_SIZE);
}
