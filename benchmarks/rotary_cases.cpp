//===- rotary_cases.cpp - keys rotated when they are written --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls rotary.mlir. What is apart is as an engine has it: a loop over the rows
// of bf16 that writes them as bf16, which the compiler makes vectors of, and
// then a plain write. Rates are of the bytes of keys, values and queries.
//
//===----------------------------------------------------------------------===//

#include "rotary_cases.h"
#include "rotary.h"

#include "fp8attn/Reference/Fp8.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace fp8attn;
using reference::decodeBf16;

#ifdef __x86_64__
#define FP8ATTN_FOR_ANY_CPU                                                    \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FP8ATTN_FOR_ANY_CPU
#endif

static constexpr int64_t kTokens = 512, kPage = 32;
static constexpr int64_t kQueryHeads = 32, kHeads = 8, kDim = 128;
static constexpr int64_t kLatent = 576, kLatentValues = 512;
static constexpr float kEps = 1e-6f;

/// Returns the nearest bf16 of a finite number.
static uint16_t narrow(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof(bits));
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Rotates rows of kDim channels, whose halves are pairs.
FP8ATTN_FOR_ANY_CPU static void rotateHalves(const uint16_t *from, int64_t rows,
                                             const float *cos, const float *sin,
                                             uint16_t *to) {
  constexpr int64_t kHalf = kDim / 2;
  for (int64_t row = 0; row < rows; ++row, from += kDim, to += kDim)
  // Rows may be in place.
#pragma clang loop vectorize(assume_safety)
    for (int64_t j = 0; j < kHalf; ++j) {
      const float x = decodeBf16(from[j]), y = decodeBf16(from[j + kHalf]);
      to[j] = narrow(x * cos[j] - y * sin[j]);
      to[j + kHalf] = narrow(y * cos[j] + x * sin[j]);
    }
}

/// Normalises the latent channels of a key, and rotates the others, whose
/// neighbours are pairs.
FP8ATTN_FOR_ANY_CPU static void rotateLatent(const uint16_t *from,
                                             const uint16_t *norm,
                                             const float *cos, const float *sin,
                                             uint16_t *to) {
  constexpr int64_t kSums = 16;
  float sums[kSums] = {}, sum = 0;
  for (int64_t c = 0; c < kLatentValues; c += kSums)
    for (int64_t i = 0; i < kSums; ++i)
      sums[i] += decodeBf16(from[c + i]) * decodeBf16(from[c + i]);
  for (float part : sums)
    sum += part;
  const float factor = 1 / std::sqrt(sum / float(kLatentValues) + kEps);
#pragma clang loop vectorize(assume_safety)
  for (int64_t c = 0; c < kLatentValues; ++c)
    to[c] = narrow(decodeBf16(from[c]) * factor * decodeBf16(norm[c]));
#pragma clang loop vectorize(assume_safety)
  for (int64_t j = 0; j < (kLatent - kLatentValues) / 2; ++j) {
    const int64_t c = kLatentValues + 2 * j;
    const float x = decodeBf16(from[c]), y = decodeBf16(from[c + 1]);
    to[c] = narrow(x * cos[j] - y * sin[j]);
    to[c + 1] = narrow(y * cos[j] + x * sin[j]);
  }
}

namespace {
/// Arguments of all calls.
struct Writes {
  Writes() {
    fp8attn_context_init(&context);
    workspace.reset(std::aligned_alloc(FP8ATTN_ALIGNMENT, kWorkspaceBytes));
    context.workspace = workspace.get();
    context.workspace_bytes = kWorkspaceBytes;
    cacheBytes.reset(static_cast<uint8_t *>(
        std::aligned_alloc(FP8ATTN_ALIGNMENT, kTokens * 2 * kHeads * kDim)));
    for (auto *rows : {&key, &value, &query, &latent, &norm})
      for (size_t i = 0; i < rows->size(); ++i)
        (*rows)[i] = narrow(std::sin(float(i)));
    for (int64_t token = 0; token < kTokens; ++token) {
      // Slots of pages in another order.
      slots[token] = (token * 5 + token / kPage) % kTokens;
      positions[token] = int32_t(token);
      for (int64_t j = 0; j < kDim / 2; ++j) {
        cos[token * kDim / 2 + j] = std::cos(float(token * (j + 1)));
        sin[token * kDim / 2 + j] = std::sin(float(token * (j + 1)));
      }
    }
  }

  static fp8attn_tensor rows(std::vector<uint16_t> &words, int64_t heads,
                             int64_t channels) {
    return fp8attn_tensor_make(words.data(), FP8ATTN_TYPE_BF16, 3, kTokens,
                               heads, channels, 0);
  }
  fp8attn_tensor table(std::vector<float> &numbers, int64_t columns) const {
    return fp8attn_tensor_make(numbers.data(), FP8ATTN_TYPE_F32, 2, kTokens,
                               columns, 0, 0);
  }
  void check(const char *name, fp8attn_status status) const {
    if (status == FP8ATTN_OK)
      return;
    std::fprintf(stderr, "fp8attn-bench: %s: %s\n", name, context.message);
    std::exit(1);
  }
  void writeRotated();
  void rotateAndWrite();
  void writeLatent();
  void rotateAndWriteLatent();

  static constexpr int64_t kWorkspaceBytes = 1 << 20;
  std::unique_ptr<void, decltype(&std::free)> workspace{nullptr, std::free};
  std::unique_ptr<uint8_t, decltype(&std::free)> cacheBytes{nullptr, std::free};
  fp8attn_context context;
  std::vector<uint16_t> key = std::vector<uint16_t>(kTokens * kHeads * kDim),
                        value = key, rotated = key,
                        query =
                            std::vector<uint16_t>(kTokens * kQueryHeads * kDim),
                        latent = std::vector<uint16_t>(kTokens * kLatent),
                        rotatedLatent = latent,
                        norm = std::vector<uint16_t>(kLatentValues);
  std::vector<float> cos = std::vector<float>(kTokens * kDim / 2), sin = cos,
                     scales = std::vector<float>(kHeads, 0.01f);
  std::vector<int64_t> slots = std::vector<int64_t>(kTokens);
  std::vector<int32_t> positions = std::vector<int32_t>(kTokens);

  fp8attn_tensor slot = fp8attn_tensor_make(slots.data(), FP8ATTN_TYPE_I64, 1,
                                            kTokens, 0, 0, 0),
                 position = fp8attn_tensor_make(
                     positions.data(), FP8ATTN_TYPE_I32, 1, kTokens, 0, 0, 0),
                 scale = fp8attn_tensor_make(scales.data(), FP8ATTN_TYPE_F32, 1,
                                             kHeads, 0, 0, 0),
                 oneScale = fp8attn_tensor_make(scales.data(), FP8ATTN_TYPE_F32,
                                                1, 1, 0, 0, 0),
                 weights = fp8attn_tensor_make(norm.data(), FP8ATTN_TYPE_BF16,
                                               1, kLatentValues, 0, 0, 0);
  fp8attn_cache cache() {
    return {cacheBytes.get(), kTokens / kPage, kPage * 2 * kHeads * kDim};
  }
  fp8attn_cache latentCache() {
    return {cacheBytes.get(), kTokens / kPage, kPage * kLatent};
  }
};
} // namespace

void Writes::writeRotated() {
  const fp8attn_tensor keys = rows(key, kHeads, kDim),
                       values = rows(value, kHeads, kDim),
                       queries = rows(query, kQueryHeads, kDim),
                       c = table(cos, kDim / 2), s = table(sin, kDim / 2);
  const fp8attn_cache to = cache();
  check("rotary", rotary(&context, &keys, &values, &queries, &slot, &position,
                         &c, &s, &scale, &to));
}

void Writes::rotateAndWrite() {
  for (int64_t token = 0; token < kTokens; ++token) {
    const float *c = &cos[positions[token] * kDim / 2],
                *s = &sin[positions[token] * kDim / 2];
    rotateHalves(&key[token * kHeads * kDim], kHeads, c, s,
                 &rotated[token * kHeads * kDim]);
    uint16_t *queries = &query[token * kQueryHeads * kDim];
    rotateHalves(queries, kQueryHeads, c, s, queries);
  }
  const fp8attn_tensor keys = rows(rotated, kHeads, kDim),
                       values = rows(value, kHeads, kDim);
  const fp8attn_cache to = cache();
  check("plain", plain(&context, &keys, &values, &slot, &scale, &to));
}

void Writes::writeLatent() {
  constexpr int64_t kColumns = (kLatent - kLatentValues) / 2;
  const fp8attn_tensor keys = rows(latent, 1, kLatent),
                       c = table(cos, kColumns), s = table(sin, kColumns);
  const fp8attn_cache to = latentCache();
  check("latent_rotary", latent_rotary(&context, &keys, &slot, &weights,
                                       &position, &c, &s, &oneScale, &to));
}

void Writes::rotateAndWriteLatent() {
  constexpr int64_t kColumns = (kLatent - kLatentValues) / 2;
  for (int64_t token = 0; token < kTokens; ++token)
    rotateLatent(&latent[token * kLatent], norm.data(),
                 &cos[positions[token] * kColumns],
                 &sin[positions[token] * kColumns],
                 &rotatedLatent[token * kLatent]);
  const fp8attn_tensor keys = rows(rotatedLatent, 1, kLatent);
  const fp8attn_cache to = latentCache();
  check("latent_plain", latent_plain(&context, &keys, &slot, &oneScale, &to));
}

std::vector<Case> fp8attn::rotaryCases() {
  auto writes = std::make_shared<Writes>();
  constexpr double kBytes = 2.0 * kTokens * kDim * (kQueryHeads + 2 * kHeads),
                   kLatentBytes = 2.0 * kTokens * kLatent;
  return {{"apart", "GB/s", kBytes, [=] { writes->rotateAndWrite(); }, ""},
          {"in the write", "GB/s", kBytes, [=] { writes->writeRotated(); },
           "apart"},
          {"latent, apart", "GB/s", kLatentBytes,
           [=] { writes->rotateAndWriteLatent(); }, ""},
          {"latent, in the write", "GB/s", kLatentBytes,
           [=] { writes->writeLatent(); }, "latent, apart"}};
}
