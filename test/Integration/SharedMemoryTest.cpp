//===- SharedMemoryTest.cpp - operations after each other -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of shared_memory.mlir in which an operation reads what
// was checked before an earlier one wrote. What shares memory with what is
// written before is refused, and nothing is written; what the function writes
// itself is checked where it is used.
//
//===----------------------------------------------------------------------===//

#include "shared_memory.h"

#include "gtest/gtest.h"

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

static constexpr int64_t kLineBytes = 64;

/// Returns the first address of a cache line in `bytes`, which has one more.
static void *alignedBegin(std::vector<char> &bytes) {
  auto address = reinterpret_cast<uintptr_t>(bytes.data());
  return bytes.data() + (kLineBytes - address % kLineBytes) % kLineBytes;
}

namespace {
using StepFunction = fp8attn_status (*)(
    fp8attn_context *, const fp8attn_tensor *, const fp8attn_tensor *,
    const fp8attn_cache *, const fp8attn_tensor *, const fp8attn_tensor *,
    const fp8attn_tensor *, const fp8attn_tensor *, const fp8attn_tensor *);

struct Step {
  const char *name;
  StepFunction call;
  int64_t (*workspaceBytes)(int32_t);
  /// The name of what is written before the attention.
  const char *written;
};

/// A token that is written to the cache, and one that attends to it.
class StepTest : public testing::TestWithParam<Step> {
protected:
  static constexpr int64_t kPages = 4, kPageBytes = STEP_CACHE_PAGE_BYTES,
                           kChannels = 64;
  static constexpr uint16_t kOne = 0x3f80; // bf16

  StepTest() {
    fp8attn_context_init(&context);
    const int64_t bytes = GetParam().workspaceBytes(1);
    workspace.resize(bytes + kLineBytes);
    context.workspace = alignedBegin(workspace);
    context.workspace_bytes = bytes;
    key.fill(kOne);
    query.fill(kOne);
  }

  fp8attn_status run() {
    return GetParam().call(&context, &keyTensor, &slotsTensor, &cache,
                           &queryTensor, &startsTensor, &lensTensor,
                           &tableTensor, &outTensor);
  }

  static fp8attn_tensor rowOf(std::array<uint16_t, kChannels> &row) {
    return fp8attn_tensor_make(row.data(), FP8ATTN_TYPE_BF16, 3, 1, 1,
                               kChannels, 0);
  }

  /// Puts `tensor` into the memory that is written first.
  void moveIntoWritten(fp8attn_tensor &tensor, int64_t bytes) {
    char *place = GetParam().written == std::string("key")
                      ? reinterpret_cast<char *>(key.data())
                      : static_cast<char *>(cache.data) + kPageBytes;
    std::memcpy(place, tensor.data, bytes);
    tensor.data = place;
  }

  std::array<uint16_t, kChannels> key, query, out = {};
  int64_t slot = 2 * 32;
  std::array<int32_t, 2> starts = {0, 1};
  int32_t length = 1, page = 2;
  std::vector<char> pages = std::vector<char>(kPages * kPageBytes + kLineBytes);
  fp8attn_cache cache = {alignedBegin(pages), kPages, kPageBytes};
  fp8attn_tensor keyTensor = rowOf(key), queryTensor = rowOf(query),
                 outTensor = rowOf(out);
  fp8attn_tensor slotsTensor =
      fp8attn_tensor_make(&slot, FP8ATTN_TYPE_I64, 1, 1, 0, 0, 0);
  fp8attn_tensor startsTensor =
      fp8attn_tensor_make(starts.data(), FP8ATTN_TYPE_I32, 1, 2, 0, 0, 0);
  fp8attn_tensor lensTensor =
      fp8attn_tensor_make(&length, FP8ATTN_TYPE_I32, 1, 1, 0, 0, 0);
  fp8attn_tensor tableTensor =
      fp8attn_tensor_make(&page, FP8ATTN_TYPE_I32, 2, 1, 1, 0, 0);
  std::vector<char> workspace;
  fp8attn_context context;
};
} // namespace

TEST_P(StepTest, MemoryOfItsOwn) {
  ASSERT_EQ(run(), FP8ATTN_OK) << context.message;
  // The cache is data: it may be written and then read. In step_store nobody
  // writes it.
  EXPECT_EQ(out[0], GetParam().written == std::string("key") ? 0 : kOne);
}

TEST_P(StepTest, ControlArraysInWhatIsWrittenBefore) {
  struct Array {
    const char *name;
    fp8attn_tensor &tensor;
    int64_t bytes;
  } arrays[] = {{"query_start", startsTensor, 8},
                {"seq_lens", lensTensor, 4},
                {"block_table", tableTensor, 4}};
  for (Array &array : arrays) {
    const fp8attn_tensor valid = array.tensor;
    moveIntoWritten(array.tensor, array.bytes);
    const auto before = pages;
    const auto keyBefore = key, outBefore = out;
    EXPECT_EQ(run(), FP8ATTN_OVERLAP) << array.name;
    const std::string text = std::string(GetParam().written) + " overlaps " +
                             array.name + ", expected memory of its own: [0x";
    EXPECT_EQ(std::string(context.message).substr(0, text.size()), text);
    EXPECT_NE(std::string(context.message).find(") and [0x"),
              std::string::npos);
    EXPECT_TRUE(pages == before && key == keyBefore && out == outBefore);
    array.tensor = valid;
  }
}

/// Gaps between pages belong to nobody.
TEST_P(StepTest, ControlArraysBetweenPages) {
  constexpr int64_t kFarPages = 2;
  cache.num_pages = kFarPages;
  cache.page_bytes = 2 * kPageBytes;
  page = 1;
  slot = 32;
  moveIntoWritten(tableTensor, 4);
  if (GetParam().written == std::string("cache"))
    EXPECT_EQ(run(), FP8ATTN_OK) << context.message;
}

INSTANTIATE_TEST_SUITE_P(
    Steps, StepTest,
    testing::Values(
        Step{"step", step, step_workspace_bytes, "cache"},
        Step{"step_private", step_private, step_private_workspace_bytes,
             "cache"},
        Step{"step_branch", step_branch, step_branch_workspace_bytes, "cache"},
        Step{"step_loop", step_loop, step_loop_workspace_bytes, "cache"},
        Step{"step_store", step_store, step_store_workspace_bytes, "key"}),
    [](const testing::TestParamInfo<Step> &info) {
      return std::string(info.param.name);
    });

namespace {
/// The entry points that write their table: the step is `step`'s.
class OwnTableTest : public StepTest {};
} // namespace

TEST_P(OwnTableTest, IsCheckedWhereItIsUsed) {
  ASSERT_EQ(run(), FP8ATTN_OK) << context.message;
  out.fill(0);
  for (int32_t written : {-1, 4, 1 << 30}) {
    EXPECT_EQ(own_table(&context, &queryTensor, &cache, &startsTensor,
                        &lensTensor, &tableTensor, written, &outTensor),
              FP8ATTN_BAD_BLOCK_TABLE);
    const std::string text =
        "block_table[0, 0] is " + std::to_string(written) + ", expected 0 to 3";
    EXPECT_EQ(context.message, text);
    EXPECT_EQ(page, written) << "what stands before the operation is done";
    EXPECT_EQ(new_table(&context, &queryTensor, &cache, &startsTensor,
                        &lensTensor, written, &outTensor),
              FP8ATTN_BAD_BLOCK_TABLE);
    EXPECT_EQ(context.message, text);
    EXPECT_EQ(out[0], 0) << "the operation that is refused writes nothing";
  }
  ASSERT_EQ(own_table(&context, &queryTensor, &cache, &startsTensor,
                      &lensTensor, &tableTensor, 2, &outTensor),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(out[0], kOne);
  out.fill(0);
  ASSERT_EQ(new_table(&context, &queryTensor, &cache, &startsTensor,
                      &lensTensor, 2, &outTensor),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(out[0], kOne);
}

INSTANTIATE_TEST_SUITE_P(, OwnTableTest,
                         testing::Values(Step{"step", step,
                                              step_workspace_bytes, "cache"}),
                         [](const testing::TestParamInfo<Step> &info) {
                           return std::string(info.param.name);
                         });

namespace {
/// Rows of f32, their codes, and scales.
class ScalesTest : public testing::Test {
protected:
  static constexpr int64_t kRows = 3, kChannels = 32;
  static constexpr uint8_t kUntouched = 0xee;

  ScalesTest() { fp8attn_context_init(&context); }

  std::array<float, kRows * kChannels> x = {}, y = {};
  std::array<float, 2> scales = {1, 1};
  std::vector<uint8_t> codes =
      std::vector<uint8_t>(kRows * kChannels + sizeof(float), kUntouched);
  fp8attn_tensor xTensor = fp8attn_tensor_make(x.data(), FP8ATTN_TYPE_F32, 2,
                                               kRows, kChannels, 0, 0);
  fp8attn_tensor yTensor = fp8attn_tensor_make(y.data(), FP8ATTN_TYPE_F32, 2,
                                               kRows, kChannels, 0, 0);
  fp8attn_tensor codesTensor = fp8attn_tensor_make(
      codes.data(), FP8ATTN_TYPE_F8E4M3FN, 2, kRows, kChannels, 0, 0);
  fp8attn_tensor scaleTensor =
      fp8attn_tensor_make(&scales[0], FP8ATTN_TYPE_F32, 0, 0, 0, 0, 0);
  fp8attn_tensor factorTensor =
      fp8attn_tensor_make(&scales[1], FP8ATTN_TYPE_F32, 0, 0, 0, 0, 0);
  fp8attn_context context;
};
} // namespace

TEST_F(ScalesTest, InWhatIsWrittenBefore) {
  for (auto *trip : {round_trip, private_trip}) {
    factorTensor.data = codes.data() + kChannels;
    std::memcpy(factorTensor.data, &scales[1], sizeof(float));
    const auto before = codes;
    EXPECT_EQ(trip(&context, &xTensor, &scaleTensor, &codesTensor,
                   &factorTensor, &yTensor),
              FP8ATTN_OVERLAP);
    const std::string text = "codes overlaps factor, expected memory of its ";
    EXPECT_EQ(std::string(context.message).substr(0, text.size()), text);
    EXPECT_EQ(codes, before);
    // Right behind it.
    factorTensor.data = codes.data() + kRows * kChannels;
    std::memcpy(factorTensor.data, &scales[1], sizeof(float));
    EXPECT_EQ(trip(&context, &xTensor, &scaleTensor, &codesTensor,
                   &factorTensor, &yTensor),
              FP8ATTN_OK)
        << context.message;
    codes.assign(codes.size(), kUntouched);
  }
}

/// The last operation is refused before the first has begun.
TEST_F(ScalesTest, NothingIsWrittenBeforeAllIsChecked) {
  scales[1] = NAN;
  for (auto *trip : {round_trip, private_trip}) {
    EXPECT_EQ(trip(&context, &xTensor, &scaleTensor, &codesTensor,
                   &factorTensor, &yTensor),
              FP8ATTN_BAD_SCALE);
    EXPECT_STREQ(context.message, "scale is nan, expected a finite number > 0");
    EXPECT_EQ(codes, std::vector<uint8_t>(codes.size(), kUntouched));
  }
}

TEST_F(ScalesTest, EarlierOperationsAreDoneWhereTheFunctionWritesAScale) {
  y.fill(5);
  EXPECT_EQ(
      own_scale(&context, &xTensor, &scaleTensor, &codesTensor, -1, &yTensor),
      FP8ATTN_BAD_SCALE);
  EXPECT_EQ(codes[0], 0) << "the first operation is done";
  EXPECT_EQ(y[0], 5) << "the one that is refused has written nothing";
  EXPECT_EQ(
      own_scale(&context, &xTensor, &scaleTensor, &codesTensor, 1, &yTensor),
      FP8ATTN_BAD_SCALE)
      << "the scale of the first one is -1 now";
  scales[0] = 1;
  EXPECT_EQ(
      own_scale(&context, &xTensor, &scaleTensor, &codesTensor, 2, &yTensor),
      FP8ATTN_OK)
      << context.message;
}

TEST_F(ScalesTest, ViewsThatTheHostChooses) {
  const auto call = [&](int64_t n, int64_t step) {
    return chosen_view(&context, &xTensor, &scaleTensor, &codesTensor, n, step);
  };
  EXPECT_EQ(call(2, 2), FP8ATTN_OK) << context.message;
  EXPECT_EQ(codes[kChannels], kUntouched) << "every other row";
  EXPECT_EQ(call(-1, 1), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message,
               "destination.sizes[0] is -1, expected at least 0");
  EXPECT_EQ(call(2, 0), FP8ATTN_BAD_STRIDE);
  EXPECT_STREQ(context.message, "destination.strides[0] is 0, expected at "
                                "least 1 (elements would overlap)");
  EXPECT_EQ(call(2, -1), FP8ATTN_BAD_STRIDE);
}

TEST_F(ScalesTest, CastsThatAreNotTrue) {
  codesTensor.sizes[0] = 2;
  for (int64_t rows : {1, 3}) {
    xTensor.sizes[0] = rows;
    EXPECT_EQ(two_rows(&context, &xTensor, &scaleTensor, &codesTensor),
              FP8ATTN_BAD_SIZE);
    EXPECT_EQ(context.message,
              "source.sizes[0] is " + std::to_string(rows) + ", expected 2");
  }
  xTensor.sizes[0] = 2;
  EXPECT_EQ(two_rows(&context, &xTensor, &scaleTensor, &codesTensor),
            FP8ATTN_OK)
      << context.message;
}
