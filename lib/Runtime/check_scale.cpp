//===- check_scale.cpp - checks of scales ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scale may have any number of dimensions. It is looked at row by row, the
// innermost dimension without a branch.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"
#include "message.h"
#include "scan.h"

#include <cfloat>
#include <cinttypes>
#include <cmath>
#include <cstdio>

using fp8attn::fail;

namespace {
/// A row of scales, `stride` elements apart.
struct ScaleRow {
  const void *data;
  int32_t type;
  int64_t count;
  int64_t stride;

  /// Returns the index of the first that is not finite and > 0, or -1. Written
  /// so that NaN, for which every comparison is false, is bad.
  int64_t findBad() const {
    constexpr uint8_t kNanCode = 255;
    // From here on, codes of f8E4M3FN are NaN and, with a sign, not positive.
    constexpr uint8_t kE4M3Nan = 0x7f;
    const auto *codes = static_cast<const uint8_t *>(data);
    if (type == FP8ATTN_TYPE_F8E8M0FNU)
      return fp8attn::findFirst(
          count, [&](int64_t i) { return codes[i * stride] == kNanCode; });
    if (type == FP8ATTN_TYPE_F8E4M3FN)
      return fp8attn::findFirst(count, [&](int64_t i) {
        const uint8_t code = codes[i * stride];
        return (code == 0) | (code >= kE4M3Nan);
      });
    const auto *scale = static_cast<const float *>(data);
    return fp8attn::findFirst(count, [&](int64_t i) {
      return !((scale[i * stride] > 0) & (scale[i * stride] <= FLT_MAX));
    });
  }
};

/// Returns the number of a code of f8E4M3FN.
float valueOfE4M3(uint8_t code) {
  constexpr int kMantissaBits = 3, kBias = 7, kNan = 0x7f;
  const int magnitude = code & kNan, exponent = magnitude >> kMantissaBits;
  // A subnormal number has the exponent of the smallest normal one.
  const int mantissa = (exponent ? 8 : 0) + (magnitude & 7);
  const float value =
      std::ldexp(static_cast<float>(mantissa),
                 (exponent ? exponent : 1) - kBias - kMantissaBits);
  return magnitude == kNan ? NAN : code > kNan ? -value : value;
}
} // namespace

/// Reports a scale; `indices` are its place.
static int32_t failScale(fp8attn_context *context, const char *name,
                         const ScaleRow &row, int64_t index, int32_t rank,
                         const int64_t *indices) {
  // Twenty digits, a sign and a separator each.
  char place[FP8ATTN_MAX_RANK * 24 + 4] = "";
  int length = 0;
  for (int32_t dim = 0; dim < rank; ++dim)
    length += std::snprintf(place + length, sizeof place - length,
                            "%s%" PRId64 "%s", dim ? ", " : "[", indices[dim],
                            dim + 1 == rank ? "]" : "");
  float value = NAN; // the only bad code of f8E8M0FNU
  if (row.type == FP8ATTN_TYPE_F32)
    value = static_cast<const float *>(row.data)[index * row.stride];
  else if (row.type == FP8ATTN_TYPE_F8E4M3FN)
    value =
        valueOfE4M3(static_cast<const uint8_t *>(row.data)[index * row.stride]);
  if (std::isnan(value)) // printf shows the sign of a NaN.
    return fail(context, FP8ATTN_BAD_SCALE,
                "%s%s is nan, expected a finite number > 0", name, place);
  return fail(context, FP8ATTN_BAD_SCALE,
              "%s%s is %g, expected a finite number > 0", name, place,
              static_cast<double>(value));
}

int32_t fp8attn_check_scale(fp8attn_context *context, const char *name,
                            const void *scale, int32_t type, int32_t rank,
                            const int64_t *sizes, const int64_t *strides) {
  const int32_t outer = rank > 0 ? rank - 1 : 0;
  int64_t rows = 1;
  for (int32_t dim = 0; dim < rank; ++dim) {
    if (sizes[dim] <= 0)
      return FP8ATTN_OK;
    if (dim < outer)
      rows *= sizes[dim];
  }
  ScaleRow row = {scale, type, rank > 0 ? sizes[outer] : 1,
                  rank > 0 ? strides[outer] : 1};
  if (!scale)
    return fail(context, FP8ATTN_NULL_POINTER, "%s is null, expected scales",
                name);
  const int64_t bytes = type == FP8ATTN_TYPE_F32 ? sizeof(float) : 1;
  int64_t indices[FP8ATTN_MAX_RANK] = {};
  for (int64_t r = 0; r < rows; ++r) {
    int64_t rest = r, offset = 0;
    for (int32_t dim = outer - 1; dim >= 0; --dim) {
      indices[dim] = rest % sizes[dim];
      rest /= sizes[dim];
      offset += indices[dim] * strides[dim];
    }
    row.data = static_cast<const char *>(scale) + offset * bytes;
    const int64_t bad = row.findBad();
    if (bad < 0)
      continue;
    indices[outer] = bad;
    return failScale(context, name, row, bad, rank, indices);
  }
  return FP8ATTN_OK;
}

int32_t fp8attn_check_scale_pages(fp8attn_context *context, const char *name,
                                  int64_t dimension, int64_t size, int64_t most,
                                  int64_t per_page, int64_t num_pages) {
  if (num_pages <= 0)
    return FP8ATTN_OK;
  int64_t last;
  if (__builtin_mul_overflow(per_page, num_pages - 1, &last) ||
      __builtin_add_overflow(last, most, &last) || last >= size)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s.sizes[%" PRId64 "] is %" PRId64
                ", expected more than %" PRId64 " + %" PRId64
                " * page for each of %" PRId64 " pages",
                name, dimension, size, most, per_page, num_pages);
  return FP8ATTN_OK;
}
