//===- OperationOverlapTest.cpp - results over sources --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Merges in place give the bytes of merges apart, whichever part they replace;
// every other way of writing into an argument of merge, repack, quantize and
// dequantize is refused, and changes nothing.
//
//===----------------------------------------------------------------------===//

#include "Operations.h"

#include <cstring>

namespace {
class OperationOverlapTest : public testing::TestWithParam<fp8attn_isa> {
protected:
  void SetUp() override { FP8ATTN_REQUIRE_ISA(GetParam()); }

  /// Returns an operation that runs on the ISA of the test.
  static Operation make(const char *name) {
    Operation operation(name);
    operation.context.isa_cap = GetParam();
    return operation;
  }

  static void expectRefused(Operation &operation, const std::string &text) {
    const Memory before = operation.memory();
    EXPECT_EQ(operation.call(), FP8ATTN_OVERLAP) << text;
    EXPECT_EQ(std::string(operation.context.message).find(text), 0u)
        << operation.context.message;
    EXPECT_TRUE(operation.memory() == before) << text;
  }
};

/// Places in Operation::tensors of a merge.
enum MergeArgument { kFirstOut, kFirstLse, kSecondOut, kSecondLse, kOut, kLse };
} // namespace

TEST_P(OperationOverlapTest, MergeInPlace) {
  Operation apart = make("merge");
  ASSERT_EQ(apart.call(), FP8ATTN_OK) << apart.context.message;
  const auto bytesAt = [](const fp8attn_tensor &tensor, size_t count) {
    const auto *bytes = static_cast<const uint8_t *>(tensor.data);
    return std::vector<uint8_t>(bytes, bytes + count);
  };
  const size_t outBytes = apart.memory()[kOut].size();
  const size_t lseBytes = apart.memory()[kLse].size();
  for (int out : {kFirstOut, kSecondOut, kOut})
    for (int lse : {kFirstLse, kSecondLse, kLse}) {
      Operation merge = make("merge");
      merge.tensors[kOut].tensor.data = merge.tensors[out].tensor.data;
      merge.tensors[kLse].tensor.data = merge.tensors[lse].tensor.data;
      ASSERT_EQ(merge.call(), FP8ATTN_OK) << merge.context.message;
      EXPECT_EQ(bytesAt(merge.tensors[kOut].tensor, outBytes),
                apart.memory()[kOut]);
      EXPECT_EQ(bytesAt(merge.tensors[kLse].tensor, lseBytes),
                apart.memory()[kLse]);
    }
}

TEST_P(OperationOverlapTest, MergeOverSomethingElse) {
  const auto expectRefusedAt = [&](int moved, int into, int64_t offset,
                                   const char *text) {
    Operation merge = make("merge");
    // A token fewer than there is memory for: what is moved stays within it.
    for (Operation::Tensor &argument : merge.tensors)
      --argument.tensor.sizes[0];
    merge.tensors[moved].tensor.data =
        static_cast<char *>(merge.tensors[into].tensor.data) + offset;
    expectRefused(merge, text);
  };
  // A row further, which workers that are ahead have written.
  constexpr int64_t kRow = 128 * 2;
  expectRefusedAt(kOut, kFirstOut, kRow,
                  "out overlaps first_out, expected memory of its own or the "
                  "same tensor");
  expectRefusedAt(kOut, kSecondOut, kRow, "out overlaps second_out, ");
  expectRefusedAt(kLse, kSecondLse, 4, "lse overlaps second_lse, ");
  expectRefusedAt(kFirstLse, kOut, 0, "out overlaps first_lse, ");
  expectRefusedAt(kLse, kFirstOut, 0, "lse overlaps first_out, ");
  expectRefusedAt(kLse, kOut, 0, "out overlaps lse, ");
}

TEST_P(OperationOverlapTest, Repack) {
  Operation repack = make("repack");
  fp8attn_cache &source = repack.caches[0].cache,
                &destination = repack.caches[1].cache;
  destination = source;
  expectRefused(repack, "destination overlaps source, expected memory of its "
                        "own: ");
  // Pages of one memory, before and after each other, and one page too many.
  source.num_pages = 2;
  destination = source;
  destination.data = static_cast<char *>(source.data) + 2 * source.page_bytes;
  EXPECT_EQ(repack.call(), FP8ATTN_OK) << repack.context.message;
  std::swap(source.data, destination.data);
  EXPECT_EQ(repack.call(), FP8ATTN_OK) << repack.context.message;
  std::swap(source.data, destination.data);
  destination.data = static_cast<char *>(source.data) + source.page_bytes;
  expectRefused(repack, "destination overlaps source, ");
}

/// Codes over their elements, where many vector loops would get away with it.
TEST_P(OperationOverlapTest, Convert) {
  for (const char *name : {"quantize", "dequantize"}) {
    for (int other : {0, 1}) {
      Operation convert = make(name);
      // Not the other way round: what is written would reach into whatever
      // memory stands behind the scale's.
      convert.tensors[other].tensor.data = convert.tensors[2].tensor.data;
      expectRefused(convert, "destination overlaps " +
                                 convert.tensors[other].name +
                                 ", expected memory of its own: ");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, OperationOverlapTest,
                         testing::ValuesIn(testedIsas()),
                         [](const testing::TestParamInfo<fp8attn_isa> &info) {
                           return fp8attn_isa_string(info.param);
                         });
