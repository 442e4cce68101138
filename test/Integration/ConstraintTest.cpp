//===- ConstraintTest.cpp - every constraint that a call can violate ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Violates each constraint of docs/Spec.md that no compiler can see, for each
// operation that has it, and wherever the operation stands: at the begin of an
// entry point, in a private function, a branch, a loop, and on views. Each is
// refused with the text that names it, and no memory has changed.
//
//===----------------------------------------------------------------------===//

#include "ConstraintCalls.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <deque>

namespace {
/// A size, or a stride, of an argument that is not as it should be.
struct Change {
  const char *argument;
  int32_t dim;
  int64_t value;
};

/// What is done to a valid call, and what is said then.
struct Violation {
  const char *tag;
  const char *operation;
  std::vector<Change> sizes;
  std::string text;
};

/// Arguments with memory behind them.
class ValidCall {
public:
  explicit ValidCall(const ConstraintCall &call);

  fp8attn_status run() {
    context.message[0] = 0;
    return call.call(&context, arguments);
  }

  /// Sets a size, and the strides of a contiguous tensor of these sizes.
  void resize(const Change &change);

  ConstraintArguments arguments;
  fp8attn_context context;
  /// Of all arguments, each with room for one more in its first dimensions.
  std::deque<std::vector<int64_t>> memory;

private:
  void fill(const std::string &name, const fp8attn_tensor &tensor);

  const ConstraintCall &call;
  std::vector<char> workspace;
};
} // namespace

static constexpr int64_t kPages = 4, kPageBytes = 2 * 2 * 64 * 32;
static constexpr int64_t kLineBytes = 64;

/// Returns the first address of a cache line in `bytes`, which has one more.
static void *alignedBegin(std::vector<int64_t> &bytes) {
  auto address = reinterpret_cast<uintptr_t>(bytes.data());
  return reinterpret_cast<char *>(bytes.data()) +
         (kLineBytes - address % kLineBytes) % kLineBytes;
}

ValidCall::ValidCall(const ConstraintCall &call) : call(call) {
  // Enough for one token, row, sequence or page more, of the widest element.
  constexpr int64_t kWords = 1 << 13;
  for (const ConstraintCall::Argument &argument : call.arguments) {
    std::vector<int64_t> &bytes = memory.emplace_back(kWords, 0);
    void *data = alignedBegin(bytes);
    if (argument.type < 0) {
      arguments.caches[argument.name] = {data, kPages, kPageBytes};
      continue;
    }
    std::vector<int64_t> sizes = argument.sizes;
    const auto rank = static_cast<int32_t>(sizes.size());
    sizes.resize(FP8ATTN_MAX_RANK);
    const fp8attn_tensor tensor =
        fp8attn_tensor_make(data, fp8attn_type(argument.type), rank, sizes[0],
                            sizes[1], sizes[2], sizes[3]);
    arguments.tensors[argument.name] = tensor;
    fill(argument.name, tensor);
  }
  fp8attn_context_init(&context);
  const int64_t bytes = call.workspaceBytes(1);
  workspace.resize(bytes + kLineBytes);
  auto address = reinterpret_cast<uintptr_t>(workspace.data());
  context.workspace =
      workspace.data() + (kLineBytes - address % kLineBytes) % kLineBytes;
  context.workspace_bytes = bytes;
}

void ValidCall::fill(const std::string &name, const fp8attn_tensor &tensor) {
  auto *integers = static_cast<int32_t *>(tensor.data);
  if (name.find("scale") != std::string::npos)
    std::fill_n(static_cast<float *>(tensor.data), 1024, 1.0f);
  else if (name == "query_start")
    std::copy_n(std::begin({0, 3, 5}), 3, integers);
  else if (name == "seq_lens")
    std::copy_n(std::begin({70, 20}), 2, integers);
  else if (name == "block_table" || name == "prefix_table")
    std::copy_n(std::begin({2, 0, 3, 1, -1, -1}), 6, integers);
  else if (name == "group_start")
    std::copy_n(std::begin({0, 1, 2}), 3, integers);
  else if (name == "prefix_lens")
    std::copy_n(std::begin({65, 32}), 2, integers);
  else if (name == "selected_tokens")
    std::fill_n(integers, 15, 19);
  else if (name == "pages")
    std::copy_n(std::begin({0, 1, 2, 3, -1, 0}), 6, integers);
}

void ValidCall::resize(const Change &change) {
  fp8attn_tensor &tensor = arguments.tensors.at(change.argument);
  tensor.sizes[change.dim] = change.value;
  tensor = fp8attn_tensor_make(tensor.data, fp8attn_type(tensor.type),
                               tensor.rank, tensor.sizes[0], tensor.sizes[1],
                               tensor.sizes[2], tensor.sizes[3]);
}

static constexpr int64_t k2To31 = int64_t(1) << 31;

static const Violation kViolations[] = {
    {"cache_scale_c6",
     "attend",
     {{"key_scale", 0, 3}},
     "key_scale.sizes[0] is 3, expected more than 0 + 1 * page for each of 4 "
     "pages"},
    {"cache_scale_c6",
     "attend",
     {{"value_scale", 0, 3}},
     "value_scale.sizes[0] is 3, expected more than "},
    {"cache_scale_c6",
     "write",
     {{"key_scale", 0, 3}},
     "key_scale.sizes[0] is 3, expected more than "},
    {"cache_scale_c6",
     "write",
     {{"value_scale", 0, 0}},
     "value_scale.sizes[0] is 0, expected more than "},
    {"cache_scale_c6",
     "write_dynamic",
     {{"key_scale", 0, 3}},
     "key_scale.sizes[0] is 3, expected more than "},
    {"cache_scale_c6",
     "write_dynamic",
     {{"value_scale", 0, 3}},
     "value_scale.sizes[0] is 3, expected more than "},
    {"cache_scale_c6",
     "convert_pages",
     {{"key_scale", 0, 3}},
     "key_scale.sizes[0] is 3, expected more than 0 + 1 * page for each of 4 "
     "pages"},
    {"cache_scale_c6",
     "convert_pages",
     {{"value_scale", 0, 3}},
     "value_scale.sizes[0] is 3, expected more than "},
    {"tensor_scale_c4",
     "quantize",
     {{"scale", 0, 2}},
     "scale dimension 0 is 2, expected 3 (source dimension 0)"},
    {"tensor_scale_c4",
     "quantize",
     {{"scale", 0, 4}},
     "scale dimension 0 is 4, expected 3 (source dimension 0)"},
    {"tensor_scale_c4",
     "dequantize",
     {{"scale", 0, 1}},
     "scale dimension 0 is 1, expected 5 (source dimension 1)"},
    {"tensor_scale_c4",
     "attend_selected",
     {{"query_scale", 0, 4}},
     "query_scale dimension 0 is 4, expected 5 (query dimension 0)"},
    {"tensor_scale_c4",
     "attend_selected",
     {{"out_scale", 0, 6}},
     "out_scale dimension 0 is 6, expected 5 (out dimension 0)"},
    {"tensor_scale_c4",
     "attend_dense",
     {{"query_scale", 0, 1}},
     "query_scale dimension 0 is 1, expected 2 (query dimension 0)"},
    {"tensor_scale_c4",
     "attend_dense",
     {{"query_scale", 2, 4}},
     "query_scale dimension 2 is 4, expected 3 (query dimension 2)"},
    {"tensor_scale_c4",
     "attend_dense",
     {{"out_scale", 0, 2}},
     "out_scale dimension 0 is 2, expected 3 (out dimension 2)"},
    {"paged_attention_c5",
     "attend",
     {{"out", 0, 4}},
     "tokens of out is 4, expected 5 (tokens of query)"},
    {"paged_attention_c5",
     "attend",
     {{"lse", 0, 6}},
     "tokens of lse is 6, expected 5 (tokens of query)"},
    {"paged_attention_c6",
     "attend",
     {{"query_start", 0, 4}},
     "query_start has 4 elements, expected 1 more than seq_lens (2)"},
    {"paged_attention_c6",
     "attend",
     {{"query_start", 0, 0}},
     "query_start has 0 elements, expected 1 more than seq_lens (2)"},
    {"paged_attention_c7",
     "attend",
     {{"block_table", 0, 1}},
     "block_table has 1 rows, expected 2 (the elements of seq_lens)"},
    {"paged_attention_c15",
     "attend",
     {{"mask", 0, 4}},
     "tokens of mask is 4, expected 5 (tokens of query)"},
    {"paged_attention_c6",
     "attend_prefix",
     {{"query_start", 0, 2}},
     "query_start has 2 elements, expected 1 more than seq_lens (2)"},
    {"prefix_c2",
     "attend_prefix",
     {{"group_start", 0, 2}},
     "group_start has 2 elements, expected 1 more than prefix_lens (2)"},
    {"prefix_c2",
     "attend_prefix",
     {{"group_start", 0, 0}},
     "group_start has 0 elements, expected 1 more than prefix_lens (2)"},
    {"prefix_c3",
     "attend_prefix",
     {{"prefix_table", 0, 3}},
     "prefix_table has 3 rows, expected 2 (the elements of prefix_lens)"},
    {"paged_attention_c6",
     "attend_selected",
     {{"query_start", 0, 2}},
     "query_start has 2 elements, expected 1 more than seq_lens (2)"},
    {"paged_attention_c7",
     "attend_selected",
     {{"block_table", 0, 3}},
     "block_table has 3 rows, expected 2 (the elements of seq_lens)"},
    {"selection_c2",
     "attend_selected",
     {{"selected_tokens", 0, 4}},
     "tokens of selected_tokens is 4, expected 5 (tokens of query)"},
    {"cache_scale_c6",
     "attend_lists",
     {{"key_scale", 0, 3}},
     "key_scale.sizes[0] is 3, expected more than 0 + 1 * page for each of 4 "
     "pages"},
    {"paged_attention_c5",
     "attend_lists",
     {{"out", 0, 4}},
     "tokens of out is 4, expected 5 (tokens of query)"},
    {"selection_c2",
     "attend_lists",
     {{"selected_pages", 0, 4}},
     "tokens of selected_pages is 4, expected 5 (tokens of query)"},
    {"paged_attention_c20",
     "attend",
     {{"draft_mask", 0, 6}},
     "tokens of draft_mask is 6, expected 5 (tokens of query)"},
    {"paged_attention_c20",
     "attend",
     {{"draft_mask", 1, 2}},
     "draft_mask.sizes[1] is 2, expected at least 3 (query_start[1] - "
     "query_start[0])"},
    {"attention_c5",
     "attend_dense",
     {{"key", 0, 1}},
     "batch of key is 1, expected 2 (batch of query)"},
    {"attention_c5",
     "attend_dense",
     {{"value", 0, 3}},
     "batch of value is 3, expected 2 (batch of query)"},
    {"attention_c5",
     "attend_dense",
     {{"out", 0, 1}},
     "batch of out is 1, expected 2 (batch of query)"},
    {"attention_c5",
     "attend_dense",
     {{"lse", 0, 1}},
     "batch of lse is 1, expected 2 (batch of query)"},
    {"attention_c6",
     "attend_dense",
     {{"out", 2, 2}},
     "queries of out is 2, expected 3 (queries of query)"},
    {"attention_c6",
     "attend_dense",
     {{"lse", 2, 2}},
     "queries of lse is 2, expected 3 (queries of query)"},
    {"attention_c6",
     "attend_dense",
     {{"value", 2, 39}},
     "keys of value is 39, expected 40 (keys of key)"},
    {"attention_c7",
     "attend_dense",
     {{"query", 2, k2To31},
      {"out", 2, k2To31},
      {"lse", 2, k2To31},
      {"mask", 2, k2To31}},
     "queries of query is 2147483648, expected 2147483647 (the most there may "
     "be)"},
    {"attention_c7",
     "attend_dense",
     {{"key", 2, k2To31}, {"value", 2, k2To31}, {"mask", 3, k2To31}},
     "keys of key is 2147483648, expected 2147483647 (the most there may be)"},
    {"attention_c8",
     "attend_dense",
     {{"mask", 0, 1}},
     "batch of mask is 1, expected 2 (batch of query)"},
    {"attention_c8",
     "attend_dense",
     {{"mask", 2, 2}},
     "queries of mask is 2, expected 3 (queries of query)"},
    {"attention_c8",
     "attend_dense",
     {{"mask", 3, 41}},
     "keys of mask is 41, expected 40 (keys of key, the most there may be)"},
    {"attention_c10",
     "attend_dense",
     {{"key_lens", 0, 1}},
     "batch of key_lens is 1, expected 2 (batch of query)"},
    {"attention_c10",
     "attend_dense",
     {{"query_offsets", 0, 3}},
     "batch of query_offsets is 3, expected 2 (batch of query)"},
    {"kv_write_c3",
     "write",
     {{"value", 0, 4}},
     "tokens of value is 4, expected 5 (tokens of key)"},
    {"kv_write_c3",
     "write",
     {{"slots", 0, 4}},
     "slots is 4, expected 5 (tokens of key)"},
    {"kv_write_c3",
     "write_dynamic",
     {{"value", 0, 6}},
     "tokens of value is 6, expected 5 (tokens of key)"},
    {"kv_write_c3",
     "write_dynamic",
     {{"slots", 0, 6}},
     "slots is 6, expected 5 (tokens of key)"},
    {"kv_write_c14",
     "write_rotated",
     {{"query", 0, 4}},
     "tokens of query is 4, expected 5 (tokens of key)"},
    {"kv_write_c14",
     "write_rotated",
     {{"query_out", 0, 6}},
     "tokens of query_out is 6, expected 5 (tokens of key)"},
    {"kv_write_c14",
     "write_rotated",
     {{"positions", 0, 4}},
     "positions is 4, expected 5 (tokens of key)"},
    {"kv_write_c15",
     "write_rotated",
     {{"sin", 0, 6}},
     "rows of sin is 6, expected 7 (rows of cos)"},
    {"merge_c4",
     "merge",
     {{"first_lse", 0, 4}},
     "tokens of first_lse is 4, expected 5 (tokens of first_out)"},
    {"merge_c4",
     "merge",
     {{"second_out", 0, 4}},
     "tokens of second_out is 4, expected 5 (tokens of first_out)"},
    {"merge_c4",
     "merge",
     {{"second_lse", 0, 6}},
     "tokens of second_lse is 6, expected 5 (tokens of first_out)"},
    {"merge_c4",
     "merge",
     {{"out", 0, 6}},
     "tokens of out is 6, expected 5 (tokens of first_out)"},
    {"merge_c4",
     "merge",
     {{"lse", 0, 4}},
     "tokens of lse is 4, expected 5 (tokens of first_out)"},
    {"merge_c4",
     "merge_dense",
     {{"first_lse", 0, 1}},
     "batch of first_lse is 1, expected 2 (batch of first_out)"},
    {"merge_c4",
     "merge_dense",
     {{"second_out", 2, 2}},
     "queries of second_out is 2, expected 3 (queries of first_out)"},
    {"merge_c4",
     "merge_dense",
     {{"second_lse", 2, 2}},
     "queries of second_lse is 2, expected 3 (queries of first_out)"},
    {"merge_c4",
     "merge_dense",
     {{"out", 0, 1}},
     "batch of out is 1, expected 2 (batch of first_out)"},
    {"merge_c4",
     "merge_dense",
     {{"lse", 2, 4}},
     "queries of lse is 4, expected 3 (queries of first_out)"},
    {"convert_c1",
     "quantize",
     {{"destination", 0, 2}},
     "destination dimension 0 is 2, expected 3 (source dimension 0)"},
    {"convert_c1",
     "quantize",
     {{"destination", 1, 6}},
     "destination dimension 1 is 6, expected 5 (source dimension 1)"},
    {"convert_c1",
     "dequantize",
     {{"destination", 0, 4}},
     "destination dimension 0 is 4, expected 3 (source dimension 0)"},
    {"convert_c1",
     "dequantize",
     {{"destination", 1, 4}},
     "destination dimension 1 is 4, expected 5 (source dimension 1)"},
};

namespace {
class ConstraintTest : public testing::TestWithParam<ConstraintCall> {
protected:
  static void expectRefused(ValidCall &call, fp8attn_status status,
                            const std::string &text) {
    const auto before = call.memory;
    EXPECT_EQ(call.run(), status) << text;
    EXPECT_EQ(std::string(call.context.message).substr(0, text.size()), text);
    EXPECT_TRUE(call.memory == before) << text;
  }
};
} // namespace

TEST_P(ConstraintTest, AreViolated) {
  ValidCall valid(GetParam());
  ASSERT_EQ(valid.run(), FP8ATTN_OK) << valid.context.message;
  int numTried = 0;
  for (const Violation &violation : kViolations) {
    if (GetParam().operation != std::string(violation.operation))
      continue;
    SCOPED_TRACE(violation.tag);
    ValidCall call(GetParam());
    for (const Change &change : violation.sizes)
      call.resize(change);
    expectRefused(call, FP8ATTN_BAD_SIZE, violation.text);
    ++numTried;
  }
  EXPECT_EQ(numTried == 0, GetParam().operation == std::string("copy_pages"));
}

/// operand_c3, of each tensor; with the text of the tensor itself.
TEST_P(ConstraintTest, StridesOfZero) {
  for (const ConstraintCall::Argument &argument : GetParam().arguments)
    for (size_t dim = 0; argument.type >= 0 && dim < argument.sizes.size();
         ++dim) {
      ValidCall call(GetParam());
      call.arguments.tensors.at(argument.name).strides[dim] = 0;
      expectRefused(call, FP8ATTN_BAD_STRIDE,
                    std::string(argument.name) + ".strides[" +
                        std::to_string(dim) + "] is 0, expected ");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Calls, ConstraintTest, testing::ValuesIn(kConstraintCalls),
    [](const testing::TestParamInfo<ConstraintCall> &info) {
      return std::string(info.param.operation) + "_" + info.param.place;
    });
