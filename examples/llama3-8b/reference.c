//===- reference.c - attention in double precision --------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Written from the formulas of docs/Layout.md and docs/Numerics.md alone: an
// FP8 code is decoded by its definition, and a byte of the cache is found by
// its index formula, so that nothing is shared with the code under test.
//
//===----------------------------------------------------------------------===//

#include "reference.h"
#include "shape.h"

#include <math.h>
#include <string.h>

/// Tokens that the layout keeps together, and rows of a tile.
enum { kGranule = 32, kTile = 16 };

float bf16_to_float(uint16_t word) {
  const uint32_t bits = (uint32_t)word << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

uint16_t bf16_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

/// Returns the value of an e4m3fn code: bias 7, three bits of fraction.
static double decode_e4m3(uint8_t code) {
  const int exponent = (code >> 3) & 15;
  const int fraction = code & 7;
  if ((code & 0x7F) == 0x7F)
    return NAN;
  const double magnitude =
      exponent == 0 ? ldexp(fraction, -9) : ldexp(8 + fraction, exponent - 10);
  return code & 0x80 ? -magnitude : magnitude;
}

/// Returns the byte of element (column, pair member) of a tile row within a
/// tile of 512 bytes, where two tile rows are interleaved byte by byte.
static int64_t tile_byte(int64_t row, int64_t column, int64_t member) {
  return row / 2 * 64 + 2 * (2 * column + member) + row % 2;
}

/// Returns the byte of a key element within the head's keys of a page: pairs
/// along the channels.
static int64_t key_byte(int64_t token, int64_t channel) {
  const int64_t tile =
      token / kTile * (kHeadDim / kGranule) + channel / kGranule;
  return tile * 512 +
         tile_byte(channel % kGranule / 2, token % kTile, channel % 2);
}

/// Returns the byte of a value element within the head's values of a page:
/// pairs along the tokens.
static int64_t value_byte(int64_t token, int64_t channel) {
  const int64_t tile = token / kGranule * (kHeadDim / kTile) + channel / kTile;
  return tile * 512 +
         tile_byte(token % kGranule / 2, channel % kTile, token % 2);
}

void reference_decode_head(const uint8_t *cache, const int32_t *pages,
                           int64_t tokens, int64_t head, float key_scale,
                           float value_scale, double *keys, double *values) {
  double table[256];
  for (int code = 0; code < 256; ++code)
    table[code] = decode_e4m3((uint8_t)code);
  for (int64_t token = 0; token < tokens; ++token) {
    const uint8_t *part = cache +
                          (int64_t)pages[token / kPageTokens] * kPageBytes +
                          head * 2 * kPartBytes;
    const int64_t row = token % kPageTokens;
    for (int64_t channel = 0; channel < kHeadDim; ++channel) {
      const int64_t i = token * kHeadDim + channel;
      keys[i] = table[part[key_byte(row, channel)]] * key_scale;
      values[i] =
          table[part[kPartBytes + value_byte(row, channel)]] * value_scale;
    }
  }
}

void reference_row(const uint16_t *query, const double *keys,
                   const double *values, int64_t tokens, double *out) {
  double probs[kContext];
  double maximum = -INFINITY;
  for (int64_t token = 0; token < tokens; ++token) {
    double score = 0;
    for (int64_t channel = 0; channel < kHeadDim; ++channel)
      score += bf16_to_float(query[channel]) * keys[token * kHeadDim + channel];
    probs[token] = score / sqrt(kHeadDim);
    maximum = fmax(maximum, probs[token]);
  }
  double sum = 0;
  memset(out, 0, kHeadDim * sizeof *out);
  for (int64_t token = 0; token < tokens; ++token) {
    const double prob = exp(probs[token] - maximum);
    sum += prob;
    for (int64_t channel = 0; channel < kHeadDim; ++channel)
      out[channel] += prob * values[token * kHeadDim + channel];
  }
  for (int64_t channel = 0; channel < kHeadDim; ++channel)
    out[channel] /= sum;
}
