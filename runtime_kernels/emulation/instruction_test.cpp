//===- instruction_test.cpp - the emulated instructions -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the manual says of each instruction's results, on the CPU where it has
// the instruction and emulated; and on such a CPU, the two on random operands.
//
//===----------------------------------------------------------------------===//

#include "emulation/instruction_probe.h"

#include "test/kernel_under_test.h"

#include <gtest/gtest.h>
#include <random>
#include <string.h>

namespace fp8attn::test {

/// An instruction, and where it runs.
struct Instruction {
  const char *name;
  fp8attn_isa isa;
  InstructionProbe native, emulated;
};

void PrintTo(const Instruction &instruction, std::ostream *stream) {
  *stream << instruction.name;
}

/// A lane of the operands and of the result.
struct LaneResult {
  const char *name;
  uint32_t a, b, c, result;
};

#define FP8ATTN_ISA_OF_avx512_bf16 FP8ATTN_ISA_AVX512_BF16
#define FP8ATTN_ISA_OF_amx_bf16 FP8ATTN_ISA_AMX_BF16
static const Instruction kInstructions[] = {
#define FP8ATTN_ROW(name, isa)                                                 \
  {#name, FP8ATTN_ISA_OF_##isa, fp8attn_probe_##name##_##isa,                  \
   fp8attn_probe_##name##_##isa##_on_avx2},
    FP8ATTN_INSTRUCTIONS(FP8ATTN_ROW)};

// Bits of floats.
constexpr uint32_t kOne = 0x3f800000, kTwo = 0x40000000, kHalf = 0x3f000000;
constexpr uint32_t kInf = 0x7f800000, kNan = 0x7fc01234,
                   kSignalling = 0x7f801234;
constexpr uint32_t kDefaultNan = 0xffc00000, kMinus = 0x80000000;
constexpr uint32_t kSmallest = 1, kSmallestNormal = 0x00800000;
constexpr uint32_t kLargest = 0x7f7fffff;
/// The smallest bf16 denormal and normal, and 1, in both elements of a pair.
constexpr uint32_t kDenormals = 0x00010001, kNormals = 0x00800080;
constexpr uint32_t kOnes = 0x3f803f80;

/// From the instruction pages; every lane is in its mask.
static const LaneResult kResults[] = {
    {"max", kOne, kTwo, 0, kTwo},
    {"max", kNan, kOne, 0, kOne},
    {"max", kOne, kNan, 0, kNan},
    {"max", 0, kMinus, 0, kMinus},
    {"max", kMinus, 0, 0, 0},
    {"pternlog", 0x0f0f0f0f, 0x33333333, 0x55555555, 0x53535353},
    {"reduce", 0x3fc00000, 0, 0, kHalf},        // 1.5
    {"reduce", 0xbf400000, 0, 0, 0x3e800000},   // -0.75
    {"reduce", kMinus | kSmallest, 0, 0, kOne}, // rounds up to 1
    {"reduce", kTwo, 0, 0, kMinus},
    {"reduce", 0, 0, 0, kMinus},
    {"reduce", kInf, 0, 0, 0},
    {"reduce", kMinus | kInf, 0, 0, 0},
    {"reduce", kSignalling, 0, 0, kSignalling | 0x400000},
    {"scalef", kOne, 0x3fc00000, 0, kTwo},  // floor(1.5)
    {"scalef", kOne, 0xbf000000, 0, kHalf}, // floor(-0.5)
    {"scalef", kOne, kMinus | kInf, 0, 0},
    {"scalef", kMinus | kOne, kMinus | kInf, 0, kMinus},
    {"scalef", kOne, 0xc3140000, 0, 2},         // 2^-148
    {"scalef", 0x3fc00000, 0xc3150000, 0, 2},   // 1.5 * 2^-149, ties to even
    {"scalef", 0x3f800001, 0xc3160000, 0, 1},   // above half of 2^-149
    {"scalef", kOne, 0xc3160000, 0, 0},         // half of it
    {"scalef", kSmallest, 0x438a8000, 0, kInf}, // 2^-149 * 2^277
    {"scalef", kSmallest, 0x43150000, 0, kOne}, // 2^149
    {"scalef", kLargest, kLargest, 0, kInf},
    {"scalef", kLargest, kMinus | kLargest, 0, 0},
    {"scalef", 0, kInf, 0, kDefaultNan},
    {"scalef", kInf, kMinus | kInf, 0, kDefaultNan},
    {"scalef", kInf, kOne, 0, kInf},
    {"scalef", kNan, kInf, 0, kInf},
    {"scalef", kNan, kMinus | kInf, 0, 0},
    {"scalef", kNan, kOne, 0, kNan},
    {"scalef", kOne, kSignalling, 0, kSignalling | 0x400000},
    {"scalef", kNan, kNan + 1, 0, kNan},
    {"dpbf16", kOnes, kOnes, kOne, 0x40400000}, // 1 + 1 + 1
    // 2^24 takes up one 1 after the other, but not two at once: the odd element
    // of a pair, its high half, is added first.
    {"dpbf16", 0x3f804b80, 0x3f803f80, kOne, 0x4b800001},
    {"dpbf16", 0x4b803f80, 0x3f803f80, kOne, 0x4b800000},
    {"dpbf16", kDenormals, 0x7f007f00, kOne, kOne},
    {"dpbf16", 0x7f007f00, kDenormals, kOne, kOne},
    {"dpbf16", 0x3f803f80, 0, kSmallest, 0},
    {"dpbf16", kNormals, 0x00003f00, 0, 0}, // 2^-127 is flushed
    {"dpbf16", kNormals, 0x00003f80, 0, kSmallestNormal},
    {"dpbf16", kNormals, 0x3f800000, 0x007fffff, kSmallestNormal},
    {"dpbf16", 0x3f817f00, 0x3f81ff00, 0, kMinus | kInf},
    {"cvtne2bf16", 0, 0x3f808000, 0, 0x3f80}, // ties to even
    {"cvtne2bf16", 0, 0x3f818000, 0, 0x3f82},
    {"cvtne2bf16", 0, 0x3f808001, 0, 0x3f81},
    {"cvtne2bf16", 0, kLargest, 0, 0x7f80},
    {"cvtne2bf16", 0, kSignalling, 0, 0x7fc0},
    {"cvtne2bf16", 0, 0x007fffff, 0, 0}, // denormal
    {"cvtne2bf16", 0, 0x807fffff, 0, 0x8000},
    {"cvtph", 0x3f800000, 0, 0, 0x3c00},
    {"cvtph", 0x477ff000, 0, 0, 0x7c00}, // 65520
    {"cvtph", 0x33000001, 0, 0, 1},      // above half of 2^-24
    {"cvtph", kSignalling | 0x2000, 0, 0, 0x7e01},
    {"maddubs", 0xffff0201, 0x7f7f0403, 0, 0x7fff000b},
    {"maddubs", 0xffff0180, 0x8080ff01, 0, 0x8000007f},
    {"maddwd", 0x0002fffe, 0x00030005, 0, 0xfffffffc}, // 2 * 3 - 2 * 5
    {"maddwd", 0x80008000, 0x80008000, 0, 0x80000000},
    {"pshufb", 0x44332211, 0x80020103, 0, 0x00332244},
    {"permi2b", 0x44332211, 0x42c003c1, 0x88776655, 0x77554466},
    {"permw", 0x00200001, 0x44332211, 0, 0x22114433},
    {"sll", 0x80000001, 4, 0, 16},
    {"sll", 0x80000001, 32, 0, 0},
    {"tdpbf16", kOnes, kOnes, kOne, 0x40400000},
    // The two products are added first.
    {"tdpbf16", 0x3f803f80, 0x3f803f80, 0x4b800000, 0x4b800001},
    {"tdpbf16", kDenormals, 0x7f007f00, kOne, kOne},
    {"tdpbf16", kNormals, 0x00003f00, 0, 0},
    {"tdpbf16", kNormals, 0x00003f80, 0x007fffff, kSmallestNormal},
};

class InstructionTest : public testing::TestWithParam<Instruction> {
protected:
  /// Runs a probe on whole operands, over a result of all ones.
  static std::vector<uint32_t> run(InstructionProbe probe,
                                   const ProbeOperands &operands) {
    alignas(64) uint32_t result[16];
    memset(result, 0xff, sizeof(result));
    probe(&operands, result);
    return {result, result + 16};
  }

  /// Whether a lane of the instruction, whose first operand was `a`, may be
  /// `actual` where its emulation is `expected`. Which of several NaN a sum of
  /// products becomes is not emulated, and of what follows the manual says
  /// nothing: AMD's Zen 4 takes a sum for 0 that is below the smallest normal
  /// number before it is rounded to it, and rounds what reduce leaves of a
  /// negative number down, as the integer.
  static bool agrees(uint32_t a, uint32_t expected, uint32_t actual) {
    if (expected == actual)
      return true;
    const uint32_t magnitude = expected & ~kMinus, sign = expected & kMinus;
    if (!strcmp(GetParam().name, "dpbf16") && magnitude == kSmallestNormal)
      return actual == sign;
    if (strstr(GetParam().name, "dpbf16"))
      return magnitude > kInf && (actual & ~kMinus) > kInf;
    return !strcmp(GetParam().name, "reduce") && a > kMinus &&
           magnitude <= kOne && actual == expected - 1;
  }

  /// The table, in the first lane.
  static void expectTable(InstructionProbe probe) {
    for (const LaneResult &expected : kResults) {
      if (strcmp(expected.name, GetParam().name))
        continue;
      ProbeOperands operands = {{expected.a}, {expected.b}, {expected.c}, 1};
      uint32_t result = run(probe, operands)[0];
      if (!strncmp(expected.name, "cvt", 3))
        result &= 0xffff;
      EXPECT_TRUE(probe == GetParam().native
                      ? agrees(expected.a, expected.result, result)
                      : expected.result == result)
          << expected.name << std::hex << " of " << expected.a << ", "
          << expected.b << ", " << expected.c << " gives " << result
          << ", expected " << expected.result;
    }
  }
};

TEST_P(InstructionTest, EmulationGivesTheManualsResults) {
  const std::string missing = missingVectors(FP8ATTN_ISA_AVX2);
  if (!missing.empty())
    GTEST_SKIP() << "the CPU lacks " << missing;
  expectTable(GetParam().emulated);
}

/// Returns what this process lacks for kernels of an ISA.
static std::string missingFeature(fp8attn_isa isa) {
  for (const KernelUnderTest &kernel : kernelsOf("qk"))
    if (kernel.row->isa == isa && kernel.form == Form::Native)
      return kernel.missingFeature();
  return "a kernel";
}

// Every lane and every bit of the mask.
TEST_P(InstructionTest, EmulationIsTheInstruction) {
  const std::string missing = missingFeature(GetParam().isa);
  if (!missing.empty())
    GTEST_SKIP() << "the CPU lacks " << missing;
  expectTable(GetParam().native);
  std::mt19937 random(1);
  // Numbers of all sizes, special ones, and bytes and words of any kind.
  const auto draw = [&]() -> uint32_t {
    constexpr uint32_t kSpecial[] = {
        0,        kMinus,      kOne,      kInf, kMinus | kInf,   kNan,
        kLargest, kSignalling, kSmallest, 2,    kSmallestNormal, kDenormals};
    const uint32_t bits = static_cast<uint32_t>(random());
    switch (random() % 4) {
    case 0:
      return kSpecial[bits % (sizeof(kSpecial) / sizeof(kSpecial[0]))];
    case 1: // between 2^-15 and 2^16
      return (bits & 0x80ffffff) | (0x38000000 + (bits >> 4 & 0x07000000));
    case 2:
      return bits % 64;
    default:
      return bits;
    }
  };
  for (int round = 0; round < 100000; ++round) {
    ProbeOperands operands = {{}, {}, {}, static_cast<uint16_t>(random())};
    for (int lane = 0; lane < 16; ++lane) {
      operands.a[lane] = draw();
      operands.b[lane] = draw();
      operands.c[lane] = draw();
    }
    const std::vector<uint32_t> expected = run(GetParam().emulated, operands);
    const std::vector<uint32_t> actual = run(GetParam().native, operands);
    for (int lane = 0; lane < 16; ++lane)
      ASSERT_TRUE(agrees(operands.a[lane], expected[lane], actual[lane]))
          << "lane " << lane << " of round " << round << ": " << std::hex
          << actual[lane] << ", emulated " << expected[lane] << ", of "
          << operands.a[lane] << ", " << operands.b[lane] << ", "
          << operands.c[lane];
  }
}

// VPMOVDB writes no byte outside of its mask.
TEST(MaskedStoreTest, WritesNothingElse) {
  const std::string missing = missingVectors(FP8ATTN_ISA_AVX2);
  if (!missing.empty())
    GTEST_SKIP() << "the CPU lacks " << missing;
  ProbeOperands operands = {};
  for (uint32_t lane = 0; lane < 16; ++lane)
    operands.a[lane] = 0x100 + lane;
  operands.mask = 0x8005;
  alignas(64) uint32_t result[16];
  memset(result, 0xee, sizeof(result));
  fp8attn_probe_pmovdb_avx512_bf16_on_avx2(&operands, result);
  uint8_t expected[64];
  memset(expected, 0xee, sizeof(expected));
  expected[0] = 0;
  expected[2] = 2;
  expected[15] = 15;
  EXPECT_EQ(memcmp(result, expected, sizeof(expected)), 0);
}

INSTANTIATE_TEST_SUITE_P(Instructions, InstructionTest,
                         testing::ValuesIn(kInstructions),
                         [](const auto &info) { return info.param.name; });

} // namespace fp8attn::test
