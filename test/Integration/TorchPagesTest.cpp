//===- TorchPagesTest.cpp - attention over pages that torch wrote ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of torch_pages.mlir. What stands in the pages is kept
// beside them, token by token, and attention is compared with what the
// operations say, written down here on its own.
//
//===----------------------------------------------------------------------===//

#include "ImportedAttention.h"
#include "torch_pages.h"

#include <algorithm>
#include <cstring>

namespace {
constexpr int64_t kSequences = 3, kPrompts = 2, kHeads = 4, kKvHeads = 2;
constexpr int64_t kChannels = 64, kPage = 32, kColumns = 4;
// Rows of the tensor, each a page of two layers, of which the second is used.
constexpr int64_t kRows = 16, kLayers = 2, kLayer = 1;
constexpr int64_t kPrompt = 64;
constexpr size_t kPageBytes = DECODE_CACHE_PAGE_BYTES;

using Longs = Tensor<int64_t>;

class TorchPagesTest : public ImportedAttention {
protected:
  void SetUp() override {
    ImportedAttention::SetUp();
    // NaN codes, so that what was not written is seen.
    std::memset(bytes.get(), 0xff, kRows * kLayers * kPageBytes);
    cache = {bytes.get(), kRows * kLayers, int64_t(kPageBytes)};
    // Pages in no order.
    for (int64_t i = 0; i < kSequences * kColumns; ++i)
      table.elements[i] = 15 - (i * 5) % 16;
    position.elements = {kPrompt, 40, 0};
    lens.elements = {kPrompt + 1, 41, 1};
  }
  /// A call that is refused runs no body.
  void TearDown() override {}

  fp8attn_status callPrompt() {
    Longs pages(FP8ATTN_TYPE_I64, {kPrompts, kPrompt / kPage});
    for (int64_t i = 0; i < kPrompts; ++i)
      for (int64_t j = 0; j < kPrompt / kPage; ++j)
        pages.elements[i * (kPrompt / kPage) + j] =
            table.elements[i * kColumns + j];
    return prompt(with(prompt_workspace_bytes(1)), promptKeys, promptValues,
                  &cache, pages);
  }
  fp8attn_status callDecode() {
    return decode(with(decode_workspace_bytes(1)), query, newKeys, newValues,
                  &cache, table, position, lens, out);
  }
  /// Returns the key or the value of a sequence's token after both calls.
  const float *getRow(const Floats &prompts, const Floats &added, int64_t seq,
                      int64_t token, int64_t head) const {
    if (token == position.elements[seq])
      return &added.elements[(seq * kKvHeads + head) * kChannels];
    return &prompts.elements[((seq * kPrompt + token) * kKvHeads + head) *
                             kChannels];
  }

  std::unique_ptr<unsigned char, decltype(&std::free)> bytes{
      static_cast<unsigned char *>(
          std::aligned_alloc(FP8ATTN_ALIGNMENT, kRows * kLayers * kPageBytes)),
      std::free};
  fp8attn_cache cache;
  Longs table{FP8ATTN_TYPE_I64, {kSequences, kColumns}};
  Longs position{FP8ATTN_TYPE_I64, {kSequences}};
  Longs lens{FP8ATTN_TYPE_I64, {kSequences}};
  Floats query = makeFloats({kSequences, kHeads, 1, kChannels});
  Floats promptKeys = makeFloats({kPrompts, kPrompt, kKvHeads, kChannels});
  Floats promptValues = makeFloats({kPrompts, kPrompt, kKvHeads, kChannels});
  Floats newKeys = makeFloats({kSequences, 1, kKvHeads, kChannels});
  Floats newValues = makeFloats({kSequences, 1, kKvHeads, kChannels});
  Floats out{FP8ATTN_TYPE_F32, {kSequences, kHeads, 1, kChannels}};
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(TorchPagesTest);

TEST_P(TorchPagesTest, DecodesBehindPrompts) {
  ASSERT_EQ(callPrompt(), FP8ATTN_OK) << context.message;
  // The next token, one in place of another, and the first of a sequence.
  ASSERT_EQ(callDecode(), FP8ATTN_OK) << context.message;
  EXPECT_EQ(context.isa, GetParam());
  for (int64_t row = 0; row < kSequences * kHeads; ++row) {
    const int64_t seq = row / kHeads, head = row % kHeads / (kHeads / kKvHeads);
    SCOPED_TRACE(testing::Message() << "sequence " << seq << ", head " << head);
    FormulaRow expected(kChannels);
    for (int64_t t = 0; t < lens.elements[seq]; ++t)
      expected.add(
          0.125 * expected.multiply(&query.elements[row * kChannels],
                                    getRow(promptKeys, newKeys, seq, t, head)),
          getRow(promptValues, newValues, seq, t, head));
    expected.expectOut(&out.elements[row * kChannels]);
  }
  // A row has a page for each layer, and that of the first is as it was.
  for (int64_t page = 0; page < kRows * kLayers; ++page) {
    const unsigned char *begin = bytes.get() + page * kPageBytes;
    const bool isWritten =
        std::any_of(begin, begin + kPageBytes,
                    [](unsigned char byte) { return byte != 0xff; });
    bool isUsed = false;
    for (auto [seq, pages] :
         {std::pair(0, 3), std::pair(1, 2), std::pair(2, 1)})
      for (int64_t column = 0; column < pages; ++column)
        isUsed |=
            table.elements[seq * kColumns + column] * kLayers + kLayer == page;
    EXPECT_EQ(isWritten, isUsed) << "page " << page;
  }
}

TEST_P(TorchPagesTest, RefusesWhatTablesDoNotHave) {
  position.elements[1] = kPage * kColumns;
  EXPECT_EQ(callDecode(), FP8ATTN_BAD_SLOT) << context.message;
  // torch counts it from the end.
  position.elements[1] = -1;
  EXPECT_EQ(callDecode(), FP8ATTN_BAD_SLOT) << context.message;
  position.elements[1] = 0;
  for (int64_t page : {int64_t(-1), kRows, int64_t(1) << 62}) {
    table.elements[kColumns] = page;
    EXPECT_EQ(callDecode(), FP8ATTN_BAD_SLOT) << context.message;
  }
  table.elements[kColumns] = 0;
  // Pages that are read only.
  for (int64_t page : {int64_t(-1), kRows, int64_t(1) << 62}) {
    table.elements[1] = page;
    EXPECT_EQ(callDecode(), FP8ATTN_BAD_BLOCK_TABLE) << context.message;
  }
  table.elements[1] = 1;
  for (int64_t length : {int64_t(-1), kPage * kColumns + 1, int64_t(1) << 62}) {
    lens.elements[2] = length;
    EXPECT_EQ(callDecode(), FP8ATTN_BAD_SEQ_LEN) << context.message;
  }
}
