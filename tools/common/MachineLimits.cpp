//===- MachineLimits.cpp - what this machine can do at best ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops carry their instruction sets as function attributes: this file is
// compiled for any x86-64.
//
//===----------------------------------------------------------------------===//

#include "MachineLimits.h"

#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <atomic>

#ifdef __x86_64__
#include <immintrin.h>
#endif

using namespace mlir::fp8attn;

/// As many bytes as a cache line, in the vector extension of GCC and clang, at
/// any address: heads of dense tensors begin anywhere.
typedef uint64_t Line __attribute__((vector_size(64), aligned(1), may_alias));

/// Sums, so that none waits for another.
static constexpr int64_t kSums = 4;

/// Sums the lines of an extent from line `first` on.
static inline __attribute__((always_inline)) void
sumLines(const Extent &extent, int64_t first, Line (&sums)[kSums]) {
  const auto *lines = reinterpret_cast<const Line *>(extent.data);
  const int64_t count = extent.bytes / sizeof(Line);
  int64_t i = first;
  for (; i + kSums <= count; i += kSums)
    for (int64_t s = 0; s < kSums; ++s)
      sums[s] ^= lines[i + s];
  for (; i < count; ++i)
    sums[0] ^= lines[i];
}

/// Sums the lines of kSums extents in turn, then what the longer ones have
/// left.
static inline __attribute__((always_inline)) void
sumInterleaved(const Extent *extents, Line (&sums)[kSums]) {
  int64_t shared = extents[0].bytes;
  for (int64_t s = 1; s < kSums; ++s)
    shared = std::min(shared, extents[s].bytes);
  shared /= sizeof(Line);
  for (int64_t i = 0; i < shared; ++i)
    for (int64_t s = 0; s < kSums; ++s)
      sums[s] ^= reinterpret_cast<const Line *>(extents[s].data)[i];
  for (int64_t s = 0; s < kSums; ++s)
    sumLines(extents[s], shared, sums);
}

static inline __attribute__((always_inline)) uint64_t
sumTask(const ReadTask &task, ReadOrder order) {
  Line sums[kSums] = {};
  size_t i = 0;
  if (order == ReadOrder::FourExtents)
    for (; i + kSums <= task.size(); i += kSums)
      sumInterleaved(&task[i], sums);
  for (; i < task.size(); ++i)
    sumLines(task[i], /*first=*/0, sums);
  const Line sum = (sums[0] ^ sums[1]) ^ (sums[2] ^ sums[3]);
  return sum[0] ^ sum[1];
}

static uint64_t sumTaskGeneric(const ReadTask &task, ReadOrder order) {
  return sumTask(task, order);
}

#ifdef __x86_64__
__attribute__((target("avx512f"))) static uint64_t
sumTaskAvx512(const ReadTask &task, ReadOrder order) {
  return sumTask(task, order);
}

/// Rounds of a measurement: a tenth of a millisecond or so.
static constexpr int64_t kRounds = 20000;

/// Independent sums: latency times throughput of the instruction.
static constexpr int64_t kVectorSums = 12;

/// These return floating-point operations.
__attribute__((target("avx2,fma"))) static double
multiplyAvx2(std::atomic<uint64_t> &sink) {
  __m256 sums[kVectorSums];
  for (int64_t s = 0; s < kVectorSums; ++s)
    sums[s] = _mm256_set1_ps(s);
  __m256 a = _mm256_set1_ps(0.5f);
  for (int64_t round = 0; round < kRounds; ++round) {
    // Keeps the compiler from taking the product out of the loop.
    asm volatile("" : "+x"(a));
#pragma clang loop unroll(full)
    for (int64_t s = 0; s < kVectorSums; ++s)
      sums[s] = _mm256_fmadd_ps(sums[s], a, a);
  }
  __m256 total = sums[0];
  for (int64_t s = 1; s < kVectorSums; ++s)
    total = _mm256_add_ps(total, sums[s]);
  sink += static_cast<uint64_t>(_mm256_cvtss_f32(total));
  // 8 lanes of a product and a sum.
  return double(kRounds) * kVectorSums * 16;
}

/// Multiplies pairs of bf16, or floats: these without an instruction of
/// AVX512-BF16, which the function may use because of the others.
template <bool isBf16>
__attribute__((target("avx512f,avx512bf16"))) static double
multiplyAvx512(std::atomic<uint64_t> &sink) {
  __m512 sums[kVectorSums];
  for (int64_t s = 0; s < kVectorSums; ++s)
    sums[s] = _mm512_set1_ps(s);
  __m512 a = isBf16 ? _mm512_castsi512_ps(_mm512_set1_epi16(0x3F80))
                    : _mm512_set1_ps(0.5f);
  for (int64_t round = 0; round < kRounds; ++round) {
    asm volatile("" : "+v"(a));
#pragma clang loop unroll(full)
    for (int64_t s = 0; s < kVectorSums; ++s)
      if constexpr (isBf16)
        sums[s] = _mm512_dpbf16_ps(sums[s], (__m512bh)a, (__m512bh)a);
      else
        sums[s] = _mm512_fmadd_ps(sums[s], a, a);
  }
  float total = 0;
  for (int64_t s = 0; s < kVectorSums; ++s)
    total += _mm512_reduce_add_ps(sums[s]);
  sink += static_cast<uint64_t>(total);
  // 16 lanes of one or two products and sums.
  return double(kRounds) * kVectorSums * (isBf16 ? 64 : 32);
}

__attribute__((target("amx-tile,amx-bf16"))) static double multiplyTiles() {
  fp8attn_uk_tile_begin_amx_bf16();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int64_t round = 0; round < kRounds; ++round) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
  fp8attn_uk_tile_end_amx_bf16();
  // 16 x 16 elements, 32 products and sums each.
  return double(kRounds) * 6 * 16 * 16 * 64;
}

/// Multiplies with the best instruction of an ISA beyond generic.
static double multiply(fp8attn_isa isa, std::atomic<uint64_t> &sink) {
  switch (isa) {
  case FP8ATTN_ISA_AMX_BF16:
    return multiplyTiles();
  case FP8ATTN_ISA_AVX512_BF16:
    return multiplyAvx512</*isBf16=*/true>(sink);
  case FP8ATTN_ISA_AVX512:
    return multiplyAvx512</*isBf16=*/false>(sink);
  default:
    return multiplyAvx2(sink);
  }
}
#endif

namespace {
struct ReadLoop {
  const std::vector<ReadTask> &tasks;
  ReadOrder order;
  std::atomic<uint64_t> sum{0};
};
struct MultiplyLoop {
  fp8attn_isa isa;
  std::atomic<uint64_t> sink{0};
  std::atomic<double> operations{0};
};
} // namespace

uint64_t mlir::fp8attn::readAll(fp8attn_context &context,
                                const std::vector<ReadTask> &tasks,
                                ReadOrder order) {
  ReadLoop loop{tasks, order};
  auto body = [](void *argument, int64_t begin, int64_t end, int32_t) {
    auto &loop = *static_cast<ReadLoop *>(argument);
    auto *sum = sumTaskGeneric;
#ifdef __x86_64__
    if (fp8attn_cpu()->isa >= FP8ATTN_ISA_AVX512)
      sum = sumTaskAvx512;
#endif
    uint64_t total = 0;
    for (int64_t task = begin; task < end; ++task)
      total += sum(loop.tasks[task], loop.order);
    loop.sum += total;
  };
  fp8attn_parallel(&context, tasks.size(), body, &loop);
  return loop.sum;
}

double mlir::fp8attn::multiplyInRegisters(fp8attn_context &context,
                                          fp8attn_isa isa) {
#ifdef __x86_64__
  if (isa == FP8ATTN_ISA_GENERIC)
    return 0;
  MultiplyLoop loop{isa};
  auto body = [](void *argument, int64_t begin, int64_t end, int32_t) {
    auto &loop = *static_cast<MultiplyLoop *>(argument);
    double operations = 0;
    for (int64_t i = begin; i < end; ++i)
      operations += multiply(loop.isa, loop.sink);
    double before = loop.operations;
    while (!loop.operations.compare_exchange_weak(before, before + operations))
      ;
  };
  // Several for each worker, so that the last one to begin does not count.
  constexpr int64_t kTasksPerWorker = 8;
  fp8attn_parallel(&context, context.num_workers * kTasksPerWorker, body,
                   &loop);
  return loop.operations;
#else
  return 0;
#endif
}
