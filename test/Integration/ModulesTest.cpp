//===- ModulesTest.cpp - attention beside code of others ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls modules.mlir: entry points whose cache is a view of memory, and a
// function of others that calls one of them with memrefs. Every query sees one
// key, so that the results are its values.
//
//===----------------------------------------------------------------------===//

#include "modules.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

static constexpr int64_t kHeads = 2, kChannels = 64;
static constexpr int64_t kElements = kHeads * kChannels;
/// Keys and values of 32 tokens.
static constexpr int64_t kPageBytes = 2 * 32 * kElements * 2;
/// 1.5 as bf16.
static constexpr uint16_t kValue = 0x3fc0;

namespace {
/// A memref as MLIR's C interface passes it.
template <int rank> struct MemRef {
  MemRef(void *data, int64_t offset, std::array<int64_t, rank> sizes,
         std::array<int64_t, rank> strides)
      : allocated(data), aligned(data), offset(offset), sizes(sizes),
        strides(strides) {}

  void *allocated, *aligned;
  int64_t offset;
  std::array<int64_t, rank> sizes, strides;
};
} // namespace

extern "C" {
int32_t _mlir_ciface_layer(fp8attn_context *context, MemRef<3> *x,
                           MemRef<1> *slots, MemRef<1> *starts, MemRef<1> *lens,
                           MemRef<2> *table, MemRef<3> *out, int64_t begin,
                           int64_t bytes);
}

/// What the model calls.
static int64_t callsOfBefore;
extern "C" void _mlir_ciface_before(MemRef<3> *out) {
  ++callsOfBefore;
  auto *elements = static_cast<uint16_t *>(out->aligned) + out->offset;
  // NaN, which must not be there at the end.
  for (int64_t i = 0; i < kElements; ++i)
    elements[i / kChannels * out->strides[1] + i % kChannels] = 0x7fc0;
}

namespace {
class ModulesTest : public testing::Test {
protected:
  ModulesTest() {
    callsOfBefore = 0;
    fp8attn_context_init(&context);
    workspace.resize(layerWorkspaceBytes() + FP8ATTN_ALIGNMENT);
    context.workspace = align(workspace.data());
    context.workspace_bytes = layerWorkspaceBytes();
  }

  static int64_t layerWorkspaceBytes() {
    return std::max({step_workspace_bytes(1), step_from_workspace_bytes(1),
                     step_in_own_workspace_bytes(1),
                     write_and_attend_workspace_bytes(1)});
  }

  static uint8_t *align(uint8_t *data) {
    const auto rest = reinterpret_cast<uintptr_t>(data) % FP8ATTN_ALIGNMENT;
    return data + (FP8ATTN_ALIGNMENT - rest) % FP8ATTN_ALIGNMENT;
  }

  static fp8attn_tensor tokens(std::vector<uint16_t> &elements) {
    return fp8attn_tensor_make(elements.data(), FP8ATTN_TYPE_BF16, 3, 1, kHeads,
                               kChannels, 0);
  }

  /// Returns bytes of `memory` from an aligned address on.
  fp8attn_tensor bytes(int64_t first, int64_t size) {
    return fp8attn_tensor_make(align(memory.data()) + first, FP8ATTN_TYPE_I8, 1,
                               size, 0, 0, 0);
  }

  void expectValues() const {
    for (uint16_t element : out)
      EXPECT_EQ(element, kValue);
  }

  fp8attn_status callStep(const fp8attn_tensor &pages) {
    return step(&context, &xTensor, &xTensor, &xTensor, &slotsTensor, &pages,
                &startsTensor, &lensTensor, &tableTensor, &outTensor);
  }

  std::vector<uint16_t> x = std::vector<uint16_t>(kElements, kValue);
  std::vector<uint16_t> out = std::vector<uint16_t>(kElements);
  std::array<int64_t, 1> slots = {0};
  std::array<int32_t, 2> starts = {0, 1};
  std::array<int32_t, 1> lens = {1}, table = {1};
  std::vector<uint8_t> memory = std::vector<uint8_t>(4 * kPageBytes), workspace;
  fp8attn_tensor xTensor = tokens(x), outTensor = tokens(out);
  fp8attn_tensor slotsTensor =
      fp8attn_tensor_make(slots.data(), FP8ATTN_TYPE_I64, 1, 1, 0, 0, 0);
  fp8attn_tensor startsTensor =
      fp8attn_tensor_make(starts.data(), FP8ATTN_TYPE_I32, 1, 2, 0, 0, 0);
  fp8attn_tensor lensTensor =
      fp8attn_tensor_make(lens.data(), FP8ATTN_TYPE_I32, 1, 1, 0, 0, 0);
  fp8attn_tensor tableTensor =
      fp8attn_tensor_make(table.data(), FP8ATTN_TYPE_I32, 2, 1, 1, 0, 0);
  fp8attn_context context;
};
} // namespace

TEST_F(ModulesTest, CacheInBytes) {
  slots[0] = 32;
  ASSERT_EQ(callStep(bytes(0, 2 * kPageBytes)), FP8ATTN_OK) << context.message;
  expectValues();
}

// cache_view_c3
TEST_F(ModulesTest, BytesThatAreNoPages) {
  EXPECT_EQ(callStep(bytes(0, 2 * kPageBytes - 64)), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message, "cache is a view of 32704 bytes, expected a "
                                "multiple of 16384 (the bytes of a page)");
  EXPECT_EQ(callStep(bytes(32, 2 * kPageBytes)), FP8ATTN_MISALIGNED);
  // Pages that are not there.
  slots[0] = 32;
  EXPECT_EQ(callStep(bytes(0, kPageBytes)), FP8ATTN_BAD_SLOT);
  EXPECT_EQ(callStep(bytes(0, 0)), FP8ATTN_BAD_SLOT);
  slots[0] = 0;
  EXPECT_EQ(callStep(bytes(0, kPageBytes)), FP8ATTN_BAD_BLOCK_TABLE);
  EXPECT_EQ(memory, std::vector<uint8_t>(memory.size()));
}

/// Arrays that attention reads must not lie in the memory that is a cache, and
/// is written before.
TEST_F(ModulesTest, ControlArraysInThePages) {
  slots[0] = 32;
  const fp8attn_tensor pages = bytes(0, 2 * kPageBytes);
  for (auto [tensor, size] : {std::pair(&tableTensor, sizeof(table)),
                              {&lensTensor, sizeof(lens)},
                              {&startsTensor, sizeof(starts)},
                              {&slotsTensor, sizeof(slots)},
                              {&outTensor, size_t(0)},
                              {&xTensor, size_t(0)}}) {
    const fp8attn_tensor saved = *tensor;
    tensor->data = align(memory.data()) + kPageBytes + 4096;
    std::memcpy(tensor->data, saved.data, size);
    EXPECT_EQ(callStep(pages), FP8ATTN_OVERLAP) << context.message;
    EXPECT_NE(std::string(context.message).find("cache"), std::string::npos)
        << context.message;
    *tensor = saved;
  }
  ASSERT_EQ(callStep(pages), FP8ATTN_OK) << context.message;
}

TEST_F(ModulesTest, PartOfAnArgument) {
  slots[0] = 32;
  const fp8attn_tensor pages = bytes(0, 2 * kPageBytes + 64);
  const auto call = [&](int64_t first) {
    return step_from(&context, &xTensor, &xTensor, &xTensor, &slotsTensor,
                     &pages, first, &startsTensor, &lensTensor, &tableTensor,
                     &outTensor);
  };
  ASSERT_EQ(call(64), FP8ATTN_OK) << context.message;
  expectValues();
  EXPECT_EQ(call(0), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message, "cache is a view of 32832 bytes, expected a "
                                "multiple of 16384 (the bytes of a page)");
  // More than there is leaves a negative size.
  EXPECT_EQ(call(3 * kPageBytes), FP8ATTN_BAD_SIZE);
}

TEST_F(ModulesTest, MemoryOfTheFunction) {
  slots[0] = 32;
  const auto call = [&](int64_t pages) {
    return step_in_own(&context, &xTensor, &xTensor, &xTensor, &slotsTensor,
                       pages, &startsTensor, &lensTensor, &tableTensor,
                       &outTensor);
  };
  ASSERT_EQ(call(2), FP8ATTN_OK) << context.message;
  expectValues();
  EXPECT_EQ(call(1), FP8ATTN_BAD_SLOT) << context.message;
  EXPECT_EQ(call(0), FP8ATTN_OK) << context.message;
}

namespace {
/// The call of others, whose tensors are columns of larger ones.
class LayerTest : public ModulesTest {
protected:
  static constexpr int64_t kRow = 2 * kChannels, kOffset = 8;

  LayerTest() : wide(kHeads * kRow + kOffset, kValue), wideOut(wide.size()) {
    slots[0] = 32;
  }

  int32_t call(int64_t begin, int64_t bytes, int64_t channels = kChannels,
               int64_t stride = 1) {
    MemRef<3> xMemRef(wide.data(), kOffset, {1, kHeads, channels},
                      {kHeads * kRow, kRow, stride});
    MemRef<3> outMemRef(wideOut.data(), kOffset, {1, kHeads, channels},
                        {kHeads * kRow, kRow, stride});
    MemRef<1> slotsMemRef(slots.data(), 0, {1}, {1});
    MemRef<1> startsMemRef(starts.data(), 0, {2}, {1});
    MemRef<1> lensMemRef(lens.data(), 0, {1}, {1});
    MemRef<2> tableMemRef(table.data(), 0, {1, 1}, {1, 1});
    return _mlir_ciface_layer(&context, &xMemRef, &slotsMemRef, &startsMemRef,
                              &lensMemRef, &tableMemRef, &outMemRef, begin,
                              bytes);
  }

  std::vector<uint16_t> wide, wideOut;
};
} // namespace

TEST_F(LayerTest, CacheInAGlobal) {
  ASSERT_EQ(call(0, 2 * kPageBytes), FP8ATTN_OK) << context.message;
  EXPECT_EQ(callsOfBefore, 1);
  for (int64_t i = 0; i < kHeads * kRow; ++i)
    EXPECT_EQ(wideOut[kOffset + i], i % kRow < kChannels ? kValue : 0) << i;
}

// call_c3
TEST_F(LayerTest, MemRefsThatAreOthers) {
  EXPECT_EQ(call(0, 2 * kPageBytes, kChannels / 2), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message, "query.sizes[2] is 32, expected 64");
  EXPECT_EQ(call(0, 2 * kPageBytes, kChannels, 2), FP8ATTN_BAD_STRIDE);
  EXPECT_STREQ(context.message, "query.strides[2] is 2, expected 1");
  EXPECT_EQ(callsOfBefore, 0);
}

// cache_view_c3
TEST_F(LayerTest, CachesThatAreNone) {
  EXPECT_EQ(call(0, kPageBytes + 128), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message, "cache.page_bytes is 128, expected at least "
                                "16384, a multiple of 64");
  EXPECT_EQ(call(16, kPageBytes), FP8ATTN_MISALIGNED) << context.message;
  EXPECT_EQ(call(0, kPageBytes), FP8ATTN_BAD_SLOT) << context.message;
}
