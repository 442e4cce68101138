//===- repack_cases.cpp - caches handed over ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls repack.mlir. Rates are of the bytes that are read.
//
//===----------------------------------------------------------------------===//

#include "repack_cases.h"
#include "repack.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

using namespace fp8attn;

static constexpr int64_t kHeads = 8, kPage = 32;
/// Of a page of 32 tokens of FP8, keys and values.
static constexpr int64_t kPageBytes = kPage * kHeads * 2 * 128;

static const char *const kCopy = "copy, non-temporal";

/// Copies a multiple of 64 bytes past the caches, where that can be said.
static void copyPastCaches(uint8_t *to, const uint8_t *from, int64_t bytes) {
#ifdef __SSE2__
  constexpr int64_t kLine = 64, kVector = 16;
  for (int64_t i = 0; i < bytes; i += kLine)
    for (int64_t j = i; j < i + kLine; j += kVector)
      _mm_stream_si128(
          reinterpret_cast<__m128i *>(to + j),
          _mm_load_si128(reinterpret_cast<const __m128i *>(from + j)));
  _mm_sfence();
#else
  std::memcpy(to, from, bytes);
#endif
}

namespace {
/// Memory of a source and a destination, of bf16 at most.
struct Caches {
  explicit Caches(int64_t pages)
      : bytes(pages * kPageBytes), from(allocate(2 * bytes)),
        to(allocate(2 * bytes)) {
    fp8attn_context_init(&context);
    for (float &scale : scales)
      scale = 0.5f;
  }

  static std::shared_ptr<uint8_t> allocate(int64_t size) {
    auto *memory =
        static_cast<uint8_t *>(std::aligned_alloc(FP8ATTN_ALIGNMENT, size));
    // Codes of small numbers, and bf16 words of such.
    std::memset(memory, 0x35, size);
    return std::shared_ptr<uint8_t>(memory, std::free);
  }

  /// Returns a cache with pages of so many tokens, `elementBytes` each.
  fp8attn_cache cache(const std::shared_ptr<uint8_t> &memory, int64_t page,
                      int64_t elementBytes = 1) const {
    return {memory.get(), bytes / kPageBytes * kPage / page,
            kPageBytes * page / kPage * elementBytes};
  }

  int64_t bytes;
  std::shared_ptr<uint8_t> from, to;
  fp8attn_context context;
  float scales[kHeads];
};

using Repack = fp8attn_status (*)(fp8attn_context *, const fp8attn_cache *,
                                  const fp8attn_cache *);
using Convert = fp8attn_status (*)(fp8attn_context *, const fp8attn_cache *,
                                   const fp8attn_cache *,
                                   const fp8attn_tensor *,
                                   const fp8attn_tensor *);

/// An entry point and the pages that it is for.
struct Exchange {
  const char *name;
  Repack repack;
  Convert convert;
  int64_t fromPage, fromBytes, toPage, toBytes;
};
} // namespace

static const Exchange kExchanges[] = {
    {"nhd 16 to pairs", bench_take_nhd16, nullptr, 16, 1, kPage, 1},
    {"pairs to nhd 16", bench_give_nhd16, nullptr, kPage, 1, 16, 1},
    {"hnd 32 to pairs", bench_take_hnd32, nullptr, 32, 1, kPage, 1},
    {"pairs to hnd 32", bench_give_hnd32, nullptr, kPage, 1, 32, 1},
    {"nhd 1 to pairs", bench_take_tokens, nullptr, 1, 1, kPage, 1},
    {"hnd 32 to nhd 16", bench_regroup, nullptr, 32, 1, 16, 1},
    {"bf16 nhd 16 to pairs", nullptr, bench_quantise_nhd16, 16, 2, kPage, 1},
    {"pairs to bf16 nhd 16", nullptr, bench_widen_nhd16, kPage, 1, 16, 2}};

std::vector<Case> fp8attn::repackCases(int64_t pages, int64_t times) {
  auto caches = std::make_shared<Caches>(pages);
  const auto repeat = [times](const std::function<void()> &once) {
    return [=] {
      for (int64_t i = 0; i < times; ++i)
        once();
    };
  };
  const double amount = double(caches->bytes) * times;
  std::vector<Case> cases = {
      {kCopy, "GB/s", amount, repeat([=] {
         copyPastCaches(caches->to.get(), caches->from.get(), caches->bytes);
       }),
       ""},
      {"copy", "GB/s", amount, repeat([=] {
         std::memcpy(caches->to.get(), caches->from.get(), caches->bytes);
       }),
       ""}};
  for (const Exchange &exchange : kExchanges) {
    const auto run = [=] {
      const fp8attn_cache from = caches->cache(caches->from, exchange.fromPage,
                                               exchange.fromBytes),
                          to = caches->cache(caches->to, exchange.toPage,
                                             exchange.toBytes);
      const fp8attn_tensor scale = fp8attn_tensor_make(
          caches->scales, FP8ATTN_TYPE_F32, 1, kHeads, 0, 0, 0);
      const fp8attn_status status =
          exchange.repack
              ? exchange.repack(&caches->context, &from, &to)
              : exchange.convert(&caches->context, &from, &to, &scale, &scale);
      if (status != FP8ATTN_OK) {
        std::fprintf(stderr, "fp8attn-bench: %s: %s\n", exchange.name,
                     caches->context.message);
        std::exit(1);
      }
    };
    cases.push_back({exchange.name, "GB/s", amount * exchange.fromBytes,
                     repeat(run), pages > 1 ? kCopy : "copy"});
  }
  return cases;
}
