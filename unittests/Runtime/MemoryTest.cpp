//===- MemoryTest.cpp - memory that functions of a model allocate ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes that are refused, alignment, and that all is given back: what is not
// is seen by the leak checker of the asan preset.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <cstring>
#include <vector>

using namespace fp8attn;

namespace {
class MemoryTest : public RuntimeTest {
protected:
  ~MemoryTest() override { fp8attn_release_all(&memory); }

  int32_t allocate(std::vector<int64_t> sizes, int64_t elementBytes = 4,
                   int64_t alignment = 1) {
    return fp8attn_allocate(&memory, sizes.size(), sizes.data(), elementBytes,
                            alignment, &data);
  }

  fp8attn_memory memory = {&context, nullptr};
  void *data = nullptr;
};
} // namespace

TEST_F(MemoryTest, NegativeSize) {
  expectFailure(allocate({4, -3}), FP8ATTN_BAD_SIZE,
                "memref.alloc of size -3 in dimension 1, expected at least 0");
  EXPECT_EQ(data, nullptr);
}

TEST_F(MemoryTest, SizeOverflows) {
  const char *text = "memref.alloc of more bytes than 64 bits can count";
  expectFailure(allocate({INT64_MAX / 4 + 1}), FP8ATTN_OUT_OF_MEMORY, text);
  expectFailure(allocate({int64_t(1) << 32, int64_t(1) << 32}, 1),
                FP8ATTN_OUT_OF_MEMORY, text);
  EXPECT_EQ(allocate({int64_t(1) << 32, int64_t(1) << 32, 0}), FP8ATTN_OK)
      << "no elements";
}

TEST_F(MemoryTest, ThereIsNone) {
  expectFailure(
      allocate({int64_t(1) << 60}), FP8ATTN_OUT_OF_MEMORY,
      "memref.alloc of 4611686018427387904 bytes, and there is no memory");
  expectFailure(
      allocate({INT64_MAX}, 1), FP8ATTN_OUT_OF_MEMORY,
      "memref.alloc of 9223372036854775807 bytes, and there is no memory");
}

TEST_F(MemoryTest, IsAligned) {
  for (int64_t alignment : {1, 64, 128, 4096, 65536})
    for (int64_t size : {0, 1, 1000}) {
      ASSERT_EQ(allocate({size}, 1, alignment), FP8ATTN_OK);
      ASSERT_NE(data, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % alignment, 0u);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % FP8ATTN_ALIGNMENT, 0u);
      memset(data, 0xff, size);
    }
  EXPECT_EQ(allocate({}), FP8ATTN_OK) << "rank 0";
}

TEST_F(MemoryTest, IsReleasedInAnyOrder) {
  std::vector<void *> all;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(allocate({10}), FP8ATTN_OK);
    all.push_back(data);
  }
  int other = 0;
  fp8attn_release(&memory, &other);
  fp8attn_release(&memory, all[2]);
  fp8attn_release(&memory, all[2]);
  fp8attn_release(&memory, all[3]);
  fp8attn_release(&memory, all[0]);
  memset(all[1], 0xff, 40);
  fp8attn_release(&memory, all[1]);
  EXPECT_EQ(memory.newest, nullptr);
}

TEST_F(MemoryTest, RangesLeaveNoText) {
  memory.context = nullptr;
  EXPECT_EQ(allocate({-1}), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message, "");
}

TEST_F(MemoryTest, BodiesOfALoop) {
  EXPECT_EQ(fp8attn_check_bodies(&context, FP8ATTN_OK), FP8ATTN_OK);
  expectFailure(fp8attn_check_bodies(&context, FP8ATTN_OUT_OF_MEMORY),
                FP8ATTN_OUT_OF_MEMORY,
                "memref.alloc in a parallel loop, and there is no memory");
  expectFailure(fp8attn_check_bodies(&context, FP8ATTN_BAD_SIZE),
                FP8ATTN_BAD_SIZE,
                "memref.alloc of a negative size in a parallel loop");
}
