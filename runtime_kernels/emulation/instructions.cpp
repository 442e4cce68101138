//===- instructions.cpp - AVX-512 and AMX instructions in plain C++ -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bodies that fp8attn-emulate-isa puts in the place of LLVM's intrinsics. A
// function has the name of the intrinsic with _ for . and without "llvm.", and
// its type; so this file is compiled for AVX-512, whose vectors go in
// registers, and lowered by the tool as the kernels are.
//
// After the instruction pages of the Intel 64 and IA-32 Architectures Software
// Developer's Manual, volume 2. Operands of a kind that no kernel uses (a
// rounding other than that of MXCSR, another scale of VREDUCEPS) trap. MXCSR is
// taken to be that of a call: rounding to nearest, denormals as they are. What
// is not modelled: exceptions and their flags, and, of VDPBF16PS as of
// TDPBF16PS, that a result is flushed that rounds up to the smallest normal
// number.
//
//===----------------------------------------------------------------------===//

#include <immintrin.h>

#include "x86_amx/tile_emulation.h"

using namespace fp8attn;

namespace {
/// The types of operands in LLVM's signatures.
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef uint32_t Dwords __attribute__((vector_size(64)));
typedef int16_t Words __attribute__((vector_size(64)));
typedef int8_t Bytes __attribute__((vector_size(64)));
typedef __m512bh Bf16s;
typedef uint16_t HalfWords __attribute__((vector_size(32)));
typedef int32_t FourInts __attribute__((vector_size(16)));
typedef double Doubles __attribute__((vector_size(128)));
typedef int64_t Longs __attribute__((vector_size(128)));
} // namespace

constexpr int kLanes = 16;
constexpr int kBytes = 64;
/// Bytes of the part of a register in which VPSHUFB stays.
constexpr int kLaneBytes = 16;
constexpr uint32_t kSign = 0x80000000, kExponent = 0x7f800000;
constexpr uint32_t kQuiet = 0x00400000;

static void require(bool condition) { tile_emulation::require(condition); }

static Dwords bitsOf(Floats values) { return reinterpret_cast<Dwords>(values); }
static Floats floatsOf(Dwords bits) { return reinterpret_cast<Floats>(bits); }

/// The lanes whose bits are set in a mask, as all ones.
static Ints lanesOf(uint16_t mask) {
  const Ints bits = {1,       1 << 1,  1 << 2,  1 << 3, 1 << 4,  1 << 5,
                     1 << 6,  1 << 7,  1 << 8,  1 << 9, 1 << 10, 1 << 11,
                     1 << 12, 1 << 13, 1 << 14, 1 << 15};
  return (bits & mask) != 0;
}

static Floats quiet(Floats nan) { return floatsOf(bitsOf(nan) | kQuiet); }

/// Denormal numbers as zeros of their sign.
static Dwords flushed(Dwords bits) {
  return (bits & kExponent) == 0 ? bits & kSign : bits;
}

/// a * b + c in one rounding, flushed.
static Floats multiplyAdd(Dwords a, Dwords b, Floats c) {
  return floatsOf(
      flushed(bitsOf(__builtin_elementwise_fma(floatsOf(a), floatsOf(b), c))));
}

/// VCVTNE2PS2BF16 of one source: bf16 in the low half of each lane.
static Dwords roundedToBf16(Floats source) {
  const Dwords bits = bitsOf(source);
  const Dwords rounded = bits + 0x7fff + (bits >> 16 & 1);
  const Dwords number = (bits & kExponent) == 0 ? bits & kSign : rounded;
  return (source != source ? bits | kQuiet : number) >> 16;
}

extern "C" {

/// MAXPS: the second operand if one is NaN or both are zero.
Floats x86_avx512_max_ps_512(Floats a, Floats b, int rounding) {
  require(rounding == _MM_FROUND_CUR_DIRECTION);
  return a > b ? a : b;
}

/// VPTERNLOGD: bit i of the table is the result of bits i of a, b, c.
Ints x86_avx512_pternlog_d_512(Ints a, Ints b, Ints c, int table) {
  Ints result = {};
  for (int row = 0; row < 8; ++row) {
    const Ints term =
        (row & 4 ? a : ~a) & (row & 2 ? b : ~b) & (row & 1 ? c : ~c);
    result |= term & -(table >> row & 1);
  }
  return result;
}

/// VREDUCEPS with the floor: x - floor(x), -0 for an integer.
Floats x86_avx512_mask_reduce_ps_512(Floats x, int control, Floats otherwise,
                                     uint16_t mask, int rounding) {
  require((control & ~_MM_FROUND_NO_EXC) == _MM_FROUND_TO_NEG_INF);
  require(rounding == _MM_FROUND_CUR_DIRECTION);
  const Floats difference = x - __builtin_elementwise_floor(x);
  const Floats zero = {};
  Floats result = difference == 0 ? -zero : difference;
  result = (bitsOf(x) & ~kSign) == kExponent ? zero : result;
  result = x != x ? quiet(x) : result;
  return lanesOf(mask) ? result : otherwise;
}

/// VSCALEFPS: x * 2^floor(y), rounded once.
Floats x86_avx512_mask_scalef_ps_512(Floats x, Floats y, Floats otherwise,
                                     uint16_t mask, int rounding) {
  require(rounding == _MM_FROUND_CUR_DIRECTION);
  // 2^exponent as a double: beyond 300 every float becomes infinite or zero,
  // and of infinite y the factor is infinite or zero.
  constexpr float kMost = 300;
  constexpr int kBias = 1023, kFraction = 52;
  const Floats most = Floats{} + kMost;
  const Ints isNan = y != y;
  Floats exponent = isNan ? Floats{} : __builtin_elementwise_floor(y);
  exponent = exponent > most ? most : exponent;
  exponent = exponent < -most ? -most : exponent;
  Longs bits = __builtin_convertvector(exponent, Longs) + kBias;
  const Ints isInfinite = (bitsOf(y) & ~kSign) == kExponent;
  const Ints infinite = y > 0 ? Ints{} + 0x7ff : Ints{};
  bits = __builtin_convertvector(isInfinite, Longs) != 0
             ? __builtin_convertvector(infinite, Longs)
             : bits;
  const Doubles factor = reinterpret_cast<Doubles>(bits << kFraction);
  Floats result = __builtin_convertvector(
      __builtin_convertvector(x, Doubles) * factor, Floats);
  // NaN, of which the first operand's comes first; a quiet one yields to an
  // infinite scale.
  const Ints isQuiet = (x != x) & ((bitsOf(x) & kQuiet) != 0);
  const Floats limit = y > 0 ? floatsOf(Dwords{} + kExponent) : Floats{};
  result = isQuiet & isInfinite ? limit : result;
  result = isNan ? (x != x ? quiet(x) : quiet(y)) : result;
  return lanesOf(mask) ? result : otherwise;
}

/// VDPBF16PS: to each sum the product of the odd elements, then of the even
/// ones.
Floats x86_avx512bf16_dpbf16ps_512(Floats sum, Bf16s a, Bf16s b) {
  constexpr uint32_t kHigh = 0xffff0000;
  const Dwords left = reinterpret_cast<Dwords>(a);
  const Dwords right = reinterpret_cast<Dwords>(b);
  sum = floatsOf(flushed(bitsOf(sum)));
  sum = multiplyAdd(flushed(left & kHigh), flushed(right & kHigh), sum);
  return multiplyAdd(flushed(left << 16), flushed(right << 16), sum);
}

/// VCVTNE2PS2BF16: the second source becomes the low half.
Bf16s x86_avx512bf16_cvtne2ps2bf16_512(Floats high, Floats low) {
  const HalfWords h = __builtin_convertvector(roundedToBf16(high), HalfWords);
  const HalfWords l = __builtin_convertvector(roundedToBf16(low), HalfWords);
  HalfWords both[2] = {l, h};
  Bf16s result;
  __builtin_memcpy(&result, both, sizeof(result));
  return result;
}

/// VCVTPS2PH, rounding to nearest.
HalfWords x86_avx512_mask_vcvtps2ph_512(Floats x, int control,
                                        HalfWords otherwise, uint16_t mask) {
  require((control & ~_MM_FROUND_NO_EXC) == _MM_FROUND_TO_NEAREST_INT);
  typedef _Float16 Halves __attribute__((vector_size(32)));
  const HalfWords result =
      reinterpret_cast<HalfWords>(__builtin_convertvector(x, Halves));
  typedef int16_t Lanes __attribute__((vector_size(32)));
  return __builtin_convertvector(lanesOf(mask), Lanes) != 0 ? result
                                                            : otherwise;
}

/// VPMADDUBSW: pairs of unsigned times signed bytes, added with saturation.
Words x86_avx512_pmaddubs_w_512(Bytes a, Bytes b) {
  Words result;
  for (int i = 0; i < kBytes / 2; ++i) {
    const int sum = static_cast<uint8_t>(a[2 * i]) * b[2 * i] +
                    static_cast<uint8_t>(a[2 * i + 1]) * b[2 * i + 1];
    result[i] = static_cast<int16_t>(sum < INT16_MIN   ? INT16_MIN
                                     : sum > INT16_MAX ? INT16_MAX
                                                       : sum);
  }
  return result;
}

/// VPMADDWD: pairs of signed words multiplied, and added modulo 2^32.
Ints x86_avx512_pmaddw_d_512(Words a, Words b) {
  Dwords result;
  for (int i = 0; i < kLanes; ++i)
    result[i] = static_cast<uint32_t>(a[2 * i] * b[2 * i]) +
                static_cast<uint32_t>(a[2 * i + 1] * b[2 * i + 1]);
  return reinterpret_cast<Ints>(result);
}

/// VPSHUFB: bytes of the same 16, zero where bit 7 of the index is set.
Bytes x86_avx512_pshuf_b_512(Bytes table, Bytes index) {
  Bytes result;
  for (int i = 0; i < kBytes; ++i)
    result[i] =
        index[i] < 0
            ? 0
            : table[i / kLaneBytes * kLaneBytes + index[i] % kLaneBytes];
  return result;
}

/// VPERMI2B: bytes of a table of 128, of which `low` is the first half.
Bytes x86_avx512_vpermi2var_qi_512(Bytes low, Bytes index, Bytes high) {
  int8_t table[2 * kBytes];
  __builtin_memcpy(table, &low, kBytes);
  __builtin_memcpy(table + kBytes, &high, kBytes);
  Bytes result;
  for (int i = 0; i < kBytes; ++i)
    result[i] = table[index[i] & (2 * kBytes - 1)];
  return result;
}

/// VPERMW: words of a table of 32.
Words x86_avx512_permvar_hi_512(Words table, Words index) {
  Words result;
  for (int i = 0; i < kBytes / 2; ++i)
    result[i] = table[index[i] & (kBytes / 2 - 1)];
  return result;
}

/// VPSLLD by the low 64 bits of a register.
Ints x86_avx512_psll_d_512(Ints values, FourInts count) {
  uint64_t bits;
  __builtin_memcpy(&bits, &count, sizeof(bits));
  const Dwords shifted = reinterpret_cast<Dwords>(values) << (bits & 31);
  return bits < 32 ? reinterpret_cast<Ints>(shifted) : Ints{};
}

/// VPMOVDB to memory: the low bytes of the lanes in the mask, nothing else.
void x86_avx512_mask_pmov_db_mem_512(void *to, Ints values, uint16_t mask) {
  for (int i = 0; i < kLanes; ++i)
    if (mask >> i & 1)
      static_cast<int8_t *>(to)[i] = static_cast<int8_t>(values[i]);
}

void x86_ldtilecfg(const void *from) { tile_emulation::loadConfig(from); }
void x86_tilerelease() { tile_emulation::release(); }
void x86_tilezero(uint8_t tile) { tile_emulation::zero(tile); }
void x86_tileloadd64(uint8_t tile, const void *from, int64_t stride) {
  tile_emulation::load(tile, from, stride);
}
void x86_tileloaddt164(uint8_t tile, const void *from, int64_t stride) {
  tile_emulation::load(tile, from, stride);
}
void x86_tilestored64(uint8_t tile, void *to, int64_t stride) {
  tile_emulation::store(tile, to, stride);
}
void x86_tdpbf16ps(uint8_t sums, uint8_t left, uint8_t right) {
  tile_emulation::dotBf16(sums, left, right);
}
}
