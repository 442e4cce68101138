//===- PagedImportTest.cpp - attention over pages that TTIR wrote ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls the entry points of paged_imports.mlir. What stands in the caches is
// kept beside them, token by token, and attention is compared with what the
// operations say, written down here on its own.
//
//===----------------------------------------------------------------------===//

#include "ImportedAttention.h"
#include "paged_imports.h"

#include <cstring>
#include <map>

namespace {
constexpr int64_t kUsers = 3, kHeads = 8, kKvHeads = 2, kChannels = 64;
constexpr int64_t kPage = 32, kColumns = 4, kPages = 16;
// A prompt that ends within its second page.
constexpr int64_t kPrompt = 40;

using Longs = Tensor<int64_t>;

class PagedImportTest : public ImportedAttention {
protected:
  void SetUp() override {
    ImportedAttention::SetUp();
    // Pages in no order.
    for (int64_t i = 0; i < kUsers * kColumns; ++i)
      table.elements[i] = static_cast<int32_t>(15 - (i * 5) % 16);
    for (int i = 0; i < 2; ++i)
      caches[i] = {bytes[i].get(), kPages, kPageBytes};
  }

  /// A call that is refused runs no body.
  void TearDown() override {}

  /// What the cache has of (user, position, KV head), or nothing.
  using Rows =
      std::map<std::tuple<int64_t, int64_t, int64_t>, std::vector<float>>;
  static void store(Rows &rows, int64_t user, int64_t position, int64_t head,
                    const Floats &tensor, int64_t row) {
    const float *begin = tensor.elements.data() + row * kChannels;
    rows[{user, position, head}].assign(begin, begin + kChannels);
  }
  /// As paged_fill_cache does: [entries, heads, tokens, channels].
  void fill(Rows &rows, const Floats &tensor,
            const std::vector<int64_t> &users) {
    for (size_t entry = 0; entry < users.size(); ++entry)
      for (int64_t head = 0; head < kKvHeads; ++head)
        for (int64_t t = 0; t < kPrompt; ++t)
          store(rows, users[entry], t, head, tensor,
                (entry * kKvHeads + head) * kPrompt + t);
  }

  /// Compares a row of the result with attention over positions from `first` to
  /// `last`.
  void expectRow(const Floats &query, int64_t row, int64_t user, int64_t head,
                 int64_t first, int64_t last, double scale,
                 const Floats &out) const {
    SCOPED_TRACE(testing::Message() << "user " << user << ", head " << head);
    const int64_t kv = head / (kHeads / kKvHeads);
    FormulaRow expected(kChannels);
    for (int64_t t = std::max<int64_t>(first, 0); t <= last; ++t) {
      const double product = expected.multiply(&query.elements[row * kChannels],
                                               keys.at({user, t, kv}).data());
      expected.add(scale * product, values.at({user, t, kv}).data());
    }
    expected.expectOut(&out.elements[row * kChannels]);
  }

  /// Calls `decode` with positions and a table.
  fp8attn_status callDecode(Integers positions) {
    return decode(with(decode_workspace_bytes(1)), query, &caches[0],
                  &caches[1], promptKeys, promptValues, users, newKeys,
                  newValues, positions, table, out);
  }

  static constexpr int64_t kPageBytes = DECODE_KEY_CACHE_PAGE_BYTES;
  static_assert(kPageBytes == DECODE_VALUE_CACHE_PAGE_BYTES);
  static std::unique_ptr<void, decltype(&std::free)> makeCache() {
    void *memory = std::aligned_alloc(FP8ATTN_ALIGNMENT, kPages * kPageBytes);
    // NaN codes, so that what was not written is seen.
    std::memset(memory, 0xff, kPages * kPageBytes);
    return {memory, std::free};
  }

  std::unique_ptr<void, decltype(&std::free)> bytes[2] = {makeCache(),
                                                          makeCache()};
  fp8attn_cache caches[2];
  Rows keys, values;
  Integers table{FP8ATTN_TYPE_I32, {kUsers, kColumns}};
  Floats query = makeFloats({1, kUsers, kHeads, kChannels});
  Floats promptKeys = makeFloats({2, kKvHeads, kPrompt, kChannels});
  Floats promptValues = makeFloats({2, kKvHeads, kPrompt, kChannels});
  Floats newKeys = makeFloats({1, kUsers, 4, kChannels});
  Floats newValues = makeFloats({1, kUsers, 4, kChannels});
  Longs users{FP8ATTN_TYPE_I64, {2}};
  Floats out{FP8ATTN_TYPE_F32, {1, kUsers, kHeads, kChannels}};
};
} // namespace

FP8ATTN_INSTANTIATE_ON_ISAS(PagedImportTest);

TEST_P(PagedImportTest, DecodesBehindAPrompt) {
  users.elements = {2, 0};
  // The next token, none, and one in place of another.
  Integers positions(FP8ATTN_TYPE_I32, {kUsers});
  positions.elements = {kPrompt, -1, 33};
  ASSERT_EQ(callDecode(positions), FP8ATTN_OK) << context.message;
  EXPECT_EQ(context.isa, GetParam());
  for (auto [rows, prompt, added] :
       {std::tuple(&keys, &promptKeys, &newKeys),
        std::tuple(&values, &promptValues, &newValues)}) {
    fill(*rows, *prompt, users.elements);
    for (int64_t user : {0, 2})
      for (int64_t head = 0; head < kKvHeads; ++head)
        // Four heads, of which two are there to fill a tile up.
        store(*rows, user, positions.elements[user], head, *added,
              user * 4 + head);
  }
  for (int64_t row = 0; row < kUsers * kHeads; ++row) {
    const int64_t user = row / kHeads, last = positions.elements[user];
    expectRow(query, row, user, row % kHeads, last - 2, last, /*scale=*/0.25,
              out);
  }
}

TEST_P(PagedImportTest, RefusesPositionsThatThereAreNot) {
  users.elements = {2, 0};
  Integers positions(FP8ATTN_TYPE_I32, {kUsers});
  // One behind the last page of a user.
  positions.elements = {0, 0, kPage * kColumns};
  EXPECT_EQ(callDecode(positions), FP8ATTN_BAD_SLOT) << context.message;
  // A user, and a page.
  positions.elements = {0, 0, 0};
  users.elements = {2, kUsers};
  EXPECT_EQ(callDecode(positions), FP8ATTN_BAD_SLOT) << context.message;
  users.elements = {2, -1};
  EXPECT_EQ(callDecode(positions), FP8ATTN_BAD_SLOT) << context.message;
  users.elements = {2, 0};
  for (int32_t page : {-1, int32_t(kPages)}) {
    table.elements[0] = page;
    EXPECT_EQ(callDecode(positions), FP8ATTN_BAD_SLOT) << context.message;
  }
}

TEST_P(PagedImportTest, AttendsFromAChunkToItsPrefix) {
  // Queries and keys end at the same position.
  constexpr int64_t kQueries = 6, kStart = kPrompt - kQueries;
  Floats chunkQuery = makeFloats({kUsers, kHeads, kQueries, kChannels});
  Floats newK = makeFloats({kUsers, kKvHeads, kPrompt, kChannels});
  Floats newV = makeFloats({kUsers, kKvHeads, kPrompt, kChannels});
  Integers order(FP8ATTN_TYPE_I32, {kUsers}), start(FP8ATTN_TYPE_I32, {1});
  order.elements = {1, 2, 0};
  start.elements = {kStart};
  Longs wide(FP8ATTN_TYPE_I64, {kUsers, kColumns});
  std::copy(table.elements.begin(), table.elements.end(),
            wide.elements.begin());
  Floats result(FP8ATTN_TYPE_F32, {kUsers, kHeads, kQueries, kChannels});
  ASSERT_EQ(chunk(with(chunk_workspace_bytes(1)), chunkQuery, &caches[0],
                  &caches[1], newK, newV, order, start, wide, result),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(context.isa, GetParam());
  fill(keys, newK, {1, 2, 0});
  fill(values, newV, {1, 2, 0});
  for (int64_t row = 0; row < kUsers * kHeads * kQueries; ++row)
    expectRow(chunkQuery, row, row / kQueries / kHeads, row / kQueries % kHeads,
              0, kStart + row % kQueries,
              /*scale=*/0.5, result);
  // One token more than the caches have pages for.
  start.elements = {kPage * kColumns - kQueries + 1};
  EXPECT_EQ(chunk(&context, chunkQuery, &caches[0], &caches[1], newK, newV,
                  order, start, wide, result),
            FP8ATTN_BAD_SEQ_LEN)
      << context.message;
}
