//===- CheckOverlapTest.cpp - checks of memory that is shared -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors that share memory, that reach through one another without sharing a
// byte, and random ones, of which every byte is looked at. No memory is
// touched: addresses are made up.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"
#include "message.h"

#include <algorithm>
#include <random>
#include <set>

using namespace fp8attn;

namespace {
class CheckOverlapTest : public RuntimeTest {
protected:
  /// bf16 [tokens, heads, 64] at an offset in bytes, `tokenStride` elements
  /// from token to token.
  static fp8attn_tensor heads(uintptr_t offset, int64_t tokens, int64_t heads,
                              int64_t tokenStride) {
    fp8attn_tensor tensor = fp8attn_tensor_make(
        fakeAddress(offset), FP8ATTN_TYPE_BF16, 3, tokens, heads, 64, 0);
    tensor.strides[0] = tokenStride;
    return tensor;
  }

  static fp8attn_tensor bytes(uintptr_t offset, int64_t count) {
    return fp8attn_tensor_make(fakeAddress(offset), FP8ATTN_TYPE_I8, 1, count,
                               0, 0, 0);
  }

  /// Checks `out`, which is written, against `query`.
  int32_t check(const fp8attn_tensor &out, const fp8attn_tensor &query,
                bool mayBeSame = false) {
    const fp8attn_operand operands[] = {{"out", out}, {"query", query}};
    return fp8attn_check_overlap(&context, operands, 2, 1, mayBeSame);
  }

  void expectApart(const fp8attn_tensor &out, const fp8attn_tensor &query) {
    EXPECT_EQ(check(out, query), FP8ATTN_OK) << context.message;
    EXPECT_EQ(check(query, out), FP8ATTN_OK) << context.message;
  }

  void expectOverlap(const fp8attn_tensor &out, const fp8attn_tensor &query) {
    EXPECT_EQ(check(out, query), FP8ATTN_OVERLAP);
    EXPECT_EQ(check(query, out), FP8ATTN_OVERLAP);
  }
};
} // namespace

TEST_F(CheckOverlapTest, NeighboursShareNothing) {
  expectApart(bytes(0, 64), bytes(64, 64));
  expectOverlap(bytes(0, 65), bytes(64, 64));
  expectOverlap(bytes(0, 1000), bytes(64, 1));
}

TEST_F(CheckOverlapTest, TheMessageNamesBothAndWhereTheyAre) {
  expectFailure(check(bytes(0, 65), bytes(64, 64)), FP8ATTN_OVERLAP,
                "out overlaps query, expected memory of its own: [0x10000, "
                "0x10041) and [0x10040, 0x10080)");
  expectFailure(check(bytes(0, 65), bytes(64, 64), /*mayBeSame=*/true),
                FP8ATTN_OVERLAP,
                "out overlaps query, expected memory of its own or the same "
                "tensor: [0x10000, 0x10041) and [0x10040, 0x10080)");
}

TEST_F(CheckOverlapTest, EmptySharesNothing) {
  fp8attn_tensor empty = heads(0, 0, 8, 512);
  expectApart(empty, heads(0, 4, 8, 512));
  empty.data = nullptr;
  empty.strides[1] = -1;
  expectApart(empty, heads(0, 4, 8, 512));
}

TEST_F(CheckOverlapTest, TheSameTensorOnlyInPlace) {
  const fp8attn_tensor out = heads(0, 5, 8, 512);
  EXPECT_EQ(check(out, out, /*mayBeSame=*/true), FP8ATTN_OK);
  EXPECT_EQ(check(out, out), FP8ATTN_OVERLAP);
  fp8attn_tensor other = heads(0, 5, 8, 1024);
  EXPECT_EQ(check(out, other, true), FP8ATTN_OVERLAP) << "strides";
  EXPECT_EQ(check(out, heads(0, 4, 8, 512), true), FP8ATTN_OVERLAP) << "sizes";
  EXPECT_EQ(check(out, heads(128, 5, 8, 512), true), FP8ATTN_OVERLAP)
      << "address";
  other = out;
  other.type = FP8ATTN_TYPE_F16;
  EXPECT_EQ(check(out, other, true), FP8ATTN_OVERLAP) << "type";
  // The stride of a single token is never stepped along.
  EXPECT_EQ(check(heads(0, 1, 8, 512), heads(0, 1, 8, 9999), true), FP8ATTN_OK);
}

/// Query, key and value of a token one after the other: 8, 2 and 2 heads.
TEST_F(CheckOverlapTest, ColumnsOfAFusedBuffer) {
  constexpr int64_t kStride = 12 * 64;
  constexpr uintptr_t kHead = 64 * 2;
  const fp8attn_tensor query = heads(0, 100, 8, kStride);
  const fp8attn_tensor key = heads(8 * kHead, 100, 2, kStride);
  const fp8attn_tensor value = heads(10 * kHead, 100, 2, kStride);
  expectApart(query, key);
  expectApart(query, value);
  expectApart(key, value);
  // One element too many, at the end and around the end of a token.
  expectOverlap(query, heads(8 * kHead - 2, 100, 2, kStride));
  expectOverlap(heads(10 * kHead + 2, 100, 2, kStride), query);
  // Later tokens, and tokens that the other does not have.
  expectApart(query, heads(8 * kHead + 7 * 2 * kStride, 100, 2, kStride));
  expectOverlap(query, heads(7 * kHead + 99 * 2 * kStride, 100, 2, kStride));
  expectApart(query, heads(7 * kHead + 100 * 2 * kStride, 100, 2, kStride));
}

TEST_F(CheckOverlapTest, HeadsOfOneTensor) {
  // Heads outside of tokens: [heads, tokens, 64] seen as [tokens, heads, 64].
  const auto slice = [](int64_t firstHead, int64_t numHeads) {
    fp8attn_tensor tensor = heads(firstHead * 100 * 128, 100, numHeads, 64);
    tensor.strides[1] = 100 * 64;
    return tensor;
  };
  expectApart(slice(0, 4), slice(4, 4));
  expectOverlap(slice(0, 5), slice(4, 4));
}

/// Smaller things in the gaps of a larger one.
TEST_F(CheckOverlapTest, GapsOfPaddedRows) {
  const fp8attn_tensor padded = heads(0, 100, 4, 4 * 64 + 32);
  constexpr uintptr_t kRow = 2 * (4 * 64 + 32), kGap = 2 * 4 * 64;
  expectApart(padded, bytes(kGap, 64));
  expectApart(padded, bytes(50 * kRow + kGap, 64));
  expectOverlap(padded, bytes(50 * kRow + kGap, 65));
  expectOverlap(padded, bytes(50 * kRow + kGap - 1, 64));
  // After the last row there is no gap any more.
  expectApart(padded, bytes(99 * kRow + kGap, 10000));
}

/// Strides that have nothing to do with each other: not looked into.
TEST_F(CheckOverlapTest, UndecidedIsRefused) {
  fp8attn_tensor thirds = bytes(0, 10), halves = bytes(1, 10);
  thirds.strides[0] = 300;
  halves.strides[0] = 200;
  expectOverlap(thirds, halves); // 600 + 1 is never a multiple of 100.
  halves.strides[0] = 300;
  expectApart(thirds, halves);
}

TEST_F(CheckOverlapTest, WrittenOnesAmongEachOtherAndAllOthers) {
  fp8attn_operand operands[] = {{"out", bytes(0, 64)},
                                {"lse", bytes(64, 64)},
                                {"query", bytes(128, 64)},
                                {"key_cache", bytes(192, 64)},
                                {"value_cache", bytes(192, 64)}};
  const auto check = [&] {
    return fp8attn_check_overlap(&context, operands, 5, 2, 1);
  };
  EXPECT_EQ(check(), FP8ATTN_OK) << "what is only read may be shared";
  operands[4].tensor = bytes(127, 64);
  EXPECT_EQ(check(), FP8ATTN_OVERLAP);
  EXPECT_EQ(std::string(context.message).find("lse overlaps value_cache"), 0u);
  operands[1].tensor = bytes(0, 64);
  EXPECT_EQ(check(), FP8ATTN_OVERLAP);
  EXPECT_EQ(std::string(context.message).find("out overlaps lse"), 0u);
  // Also if they are the same: only what is read may be replaced.
  operands[1].tensor = bytes(64, 64);
  operands[2].tensor = bytes(64, 64);
  operands[4].tensor = bytes(192, 64);
  EXPECT_EQ(check(), FP8ATTN_OK);
}

/// Descriptors of memory that does not exist, up to the end of 64 bits.
TEST_F(CheckOverlapTest, NothingOverflows) {
  fp8attn_tensor huge = bytes(0, 2);
  huge.strides[0] = INT64_MAX - 1;
  fp8attn_tensor end = bytes(0, 16);
  end.data = reinterpret_cast<void *>(UINTPTR_MAX - 15);
  expectApart(huge, end);
  expectOverlap(huge, bytes(0, 16));
  expectApart(huge, bytes(1, 16));
  expectOverlap(huge, bytes(INT64_MAX - 1, 2));
  expectOverlap(huge, huge);
  expectApart(bytes(0, INT64_MAX), end);
  expectOverlap(bytes(0, INT64_MAX), bytes(INT64_MAX / 2, INT64_MAX));
}

/// Returns the bytes of a tensor, as offsets from fakeAddress().
static std::set<int64_t> bytesOf(const fp8attn_tensor &tensor) {
  std::set<int64_t> all;
  const int64_t base =
      static_cast<char *>(tensor.data) - static_cast<char *>(fakeAddress());
  int64_t index[3];
  for (index[0] = 0; index[0] < tensor.sizes[0]; ++index[0])
    for (index[1] = 0; index[1] < tensor.sizes[1]; ++index[1])
      for (index[2] = 0; index[2] < tensor.sizes[2]; ++index[2]) {
        int64_t element = 0;
        for (int dim = 0; dim < 3; ++dim)
          element += index[dim] * tensor.strides[dim];
        for (int64_t byte = 0; byte < typeBytes(tensor.type); ++byte)
          all.insert(base + element * typeBytes(tensor.type) + byte);
      }
  return all;
}

/// Small tensors at strides that divide each other, in any order: the answer is
/// exact. With any strides, tensors that share a byte are refused still.
TEST_F(CheckOverlapTest, RandomTensorsByteByByte) {
  constexpr uint32_t kSeed = 11;
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same tensors each time.
  std::mt19937 random(kSeed);
  const auto below = [&](int64_t bound) { return int64_t(random() % bound); };
  int64_t numApart = 0, numThrough = 0;
  for (int round = 0; round < 4000; ++round) {
    const bool isExact = round % 2 == 0;
    const int64_t steps[] = {1, 6, isExact ? 36 : 30 + below(40)};
    const auto make = [&] {
      fp8attn_tensor tensor = bytes(below(120), 1);
      tensor.rank = 3;
      tensor.type = isExact || below(2) ? FP8ATTN_TYPE_I8 : FP8ATTN_TYPE_BF16;
      int64_t order[] = {0, 1, 2};
      std::shuffle(order, order + 3, random);
      for (int dim = 0; dim < 3; ++dim) {
        tensor.sizes[dim] = 1 + below(order[dim] == 2 ? 4 : 6);
        tensor.strides[dim] =
            steps[order[dim]] + (isExact ? 0 : below(order[dim] + 1));
      }
      return tensor;
    };
    const fp8attn_tensor left = make(), right = make();
    const std::set<int64_t> leftBytes = bytesOf(left),
                            rightBytes = bytesOf(right);
    bool shares = false;
    for (int64_t byte : leftBytes)
      shares |= rightBytes.count(byte) != 0;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed << " round " << round);
    if (shares)
      expectOverlap(left, right);
    else if (isExact)
      expectApart(left, right);
    numApart += !shares;
    numThrough += !shares && *leftBytes.rbegin() > *rightBytes.begin() &&
                  *rightBytes.rbegin() > *leftBytes.begin();
  }
  EXPECT_GT(numApart, 300);
  EXPECT_GT(numThrough, 100) << "few of the tensors were interesting";
}

/// Only a read behind a write matters.
TEST_F(CheckOverlapTest, LaterReads) {
  const fp8attn_operand pool = {"pool", bytes(0, 64)};
  const fp8attn_operand table = {"table", bytes(60, 8)};
  const auto check = [&](const char *order) {
    const fp8attn_operand operands[] = {pool, table};
    return fp8attn_check_later_reads(&context, operands, order);
  };
  for (const char *order : {"rw", "ww", "rr", "w", "r", ""})
    EXPECT_EQ(check(order), FP8ATTN_OK) << order << ": " << context.message;
  expectFailure(check("wr"), FP8ATTN_OVERLAP,
                "pool overlaps table, expected memory of its own: [0x10000, "
                "0x10040) and [0x1003c, 0x10044)");
}

/// All pairs of a list, against one call of the other check for each.
TEST_F(CheckOverlapTest, LaterReadsPairByPair) {
  std::mt19937 random(1);
  constexpr size_t kMost = 12;
  size_t numAccepted = 0;
  for (int i = 0; i < 2000; ++i) {
    std::vector<fp8attn_operand> operands(1 + random() % kMost);
    std::string order;
    for (fp8attn_operand &operand : operands) {
      operand = {"operand", bytes(random() % 4096, random() % 100)};
      order += random() % 3 == 0 ? 'w' : 'r';
    }
    bool isApart = true;
    for (size_t w = 0; w < operands.size(); ++w)
      for (size_t r = w + 1; r < operands.size(); ++r)
        if (order[w] == 'w' && order[r] == 'r')
          isApart &=
              check(operands[w].tensor, operands[r].tensor) == FP8ATTN_OK;
    EXPECT_EQ(
        fp8attn_check_later_reads(&context, operands.data(), order.c_str()),
        isApart ? FP8ATTN_OK : FP8ATTN_OVERLAP)
        << "list " << i << ": " << order;
    numAccepted += isApart;
  }
  // Neither answer is rare.
  EXPECT_GT(numAccepted, 200u);
  EXPECT_LT(numAccepted, 1800u);
}
