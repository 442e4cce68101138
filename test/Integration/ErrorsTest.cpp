//===- ErrorsTest.cpp - bad arguments of compiled entry points ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each offence against an entry point's contract is refused before anything is
// written, with its status and with a text that names the argument, the value
// and what was expected.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "models_entry_points.h"

#include <cmath>
#include <ostream>

namespace {
/// What the test may make a mistake in.
struct Call {
  Problem &problem;
  Arguments &arguments;
  fp8attn_context &context;
};

/// A mistake, and the answer to it.
struct Offence {
  const char *name;
  void (*make)(Call call);
  fp8attn_status status;
  const char *text;
};

void PrintTo(const Offence &offence, std::ostream *stream) {
  *stream << offence.name;
}

/// Two sequences, of 100 and of 40 tokens: 6 pages of 32 and 2 spare ones.
class ErrorsTest : public testing::TestWithParam<Offence> {
protected:
  ErrorsTest() {
    workspace = AlignedBytes(problem.model.attendWorkspaceBytes(1));
    problem.context.workspace = workspace.data();
    problem.context.workspace_bytes = workspace.size();
  }

  void SetUp() override { FP8ATTN_REQUIRE_ISA(testedIsas().front()); }

  void expectRefusal(EntryPoint entry) {
    Arguments arguments = problem.arguments();
    GetParam().make({problem, arguments, problem.context});
    const std::vector<uint16_t> out = problem.out;
    const AlignedBytes cache(problem.keyCache.size(), 0xFF);
    EXPECT_EQ(entry(&problem.context, arguments), GetParam().status);
    EXPECT_STREQ(problem.context.message, GetParam().text);
    EXPECT_EQ(problem.out, out);
    EXPECT_TRUE(problem.keyCache == cache);
  }

  AlignedBytes workspace{0};
  Problem problem{findModel("llama_e4m3"), {{2, 100}, {1, 40}}};
};

class AttendErrorsTest : public ErrorsTest {};
class WriteErrorsTest : public ErrorsTest {};
} // namespace

static std::string offenceName(const testing::TestParamInfo<Offence> &info) {
  return info.param.name;
}

TEST_P(AttendErrorsTest, AreRefused) { expectRefusal(problem.model.attend); }

TEST_P(WriteErrorsTest, AreRefused) { expectRefusal(problem.model.write); }

static const Offence kAttendOffences[] = {
    {"AbiVersion", [](Call call) { call.context.abi_version = 12; },
     FP8ATTN_BAD_CONTEXT, "abi_version is 12, expected 11"},
    {"NumWorkers", [](Call call) { call.context.num_workers = 0; },
     FP8ATTN_BAD_CONTEXT, "num_workers is 0, expected at least 1"},
    {"IsaCap", [](Call call) { call.context.isa_cap = 5; }, FP8ATTN_BAD_CONTEXT,
     "isa_cap is 5, expected 0 to 4"},
    {"NullData", [](Call call) { call.arguments.query.data = nullptr; },
     FP8ATTN_NULL_POINTER,
     "query.data is null, expected memory as no size is 0"},
    {"NullCacheData", [](Call call) { call.arguments.keyCache.data = nullptr; },
     FP8ATTN_NULL_POINTER, "cache.data is null, expected 131072 bytes"},
    {"Type", [](Call call) { call.arguments.query.type = FP8ATTN_TYPE_F32; },
     FP8ATTN_BAD_TYPE, "query.type is 0 (f32), expected 1 (bf16)"},
    {"Rank", [](Call call) { call.arguments.query.rank = 2; }, FP8ATTN_BAD_SIZE,
     "query.rank is 2, expected 3"},
    {"NumHeads", [](Call call) { call.arguments.query.sizes[1] = 9; },
     FP8ATTN_BAD_SIZE, "query.sizes[1] is 9, expected 8"},
    {"HeadDim", [](Call call) { call.arguments.out.sizes[2] = 64; },
     FP8ATTN_BAD_SIZE, "out.sizes[2] is 64, expected 128"},
    {"NegativeSize", [](Call call) { call.arguments.query.sizes[0] = -3; },
     FP8ATTN_BAD_SIZE, "query.sizes[0] is -3, expected at least 0"},
    {"OutTokens", [](Call call) { call.arguments.out.sizes[0] = 2; },
     FP8ATTN_BAD_SIZE, "tokens of out is 2, expected 3 (tokens of query)"},
    {"LseTokens", [](Call call) { call.arguments.lse.sizes[0] = 2; },
     FP8ATTN_BAD_SIZE, "tokens of lse is 2, expected 3 (tokens of query)"},
    {"ChannelStride", [](Call call) { call.arguments.query.strides[2] = 2; },
     FP8ATTN_BAD_STRIDE, "query.strides[2] is 2, expected 1"},
    {"TokenStride", [](Call call) { call.arguments.out.strides[0] = 512; },
     FP8ATTN_BAD_STRIDE, "out.strides[0] is 512, expected 1024"},
    {"PageBytes", [](Call call) { call.arguments.keyCache.page_bytes = 8192; },
     FP8ATTN_BAD_SIZE,
     "cache.page_bytes is 8192, expected at least 16384, a multiple of 64"},
    {"NumPages", [](Call call) { call.arguments.keyCache.num_pages = -1; },
     FP8ATTN_BAD_SIZE, "cache.num_pages is -1, expected at least 0"},
    {"ZeroScale", [](Call call) { call.problem.keyScale[1] = 0; },
     FP8ATTN_BAD_SCALE, "key_scale[1] is 0, expected a finite number > 0"},
    {"NegativeScale", [](Call call) { call.problem.valueScale[0] = -2; },
     FP8ATTN_BAD_SCALE, "value_scale[0] is -2, expected a finite number > 0"},
    {"NanScale", [](Call call) { call.problem.keyScale[0] = NAN; },
     FP8ATTN_BAD_SCALE, "key_scale[0] is nan, expected a finite number > 0"},
    {"InfiniteScale", [](Call call) { call.problem.valueScale[1] = INFINITY; },
     FP8ATTN_BAD_SCALE, "value_scale[1] is inf, expected a finite number > 0"},
    {"QueryStartBegin", [](Call call) { call.problem.queryStart[0] = 1; },
     FP8ATTN_BAD_QUERY_START, "query_start[0] is 1, expected 0"},
    {"QueryStartDecreases", [](Call call) { call.problem.queryStart[1] = 4; },
     FP8ATTN_BAD_QUERY_START,
     "query_start[2] is 3, expected at least 4 (query_start[1])"},
    {"QueryStartEnd", [](Call call) { call.problem.queryStart[2] = 2; },
     FP8ATTN_BAD_QUERY_START,
     "query_start[2] is 2, expected 3 (the number of query tokens)"},
    {"QueryStartSize",
     [](Call call) { call.arguments.queryStart.sizes[0] = 2; },
     FP8ATTN_BAD_SIZE,
     "query_start has 2 elements, expected 1 more than seq_lens (2)"},
    {"BlockTableRows",
     [](Call call) { call.arguments.blockTable.sizes[0] = 1; },
     FP8ATTN_BAD_SIZE,
     "block_table has 1 rows, expected 2 (the elements of seq_lens)"},
    {"NegativeSeqLen", [](Call call) { call.problem.seqLens[1] = -1; },
     FP8ATTN_BAD_SEQ_LEN, "seq_lens[1] is -1, expected at least 0"},
    {"LongSeqLen", [](Call call) { call.problem.seqLens[0] = 161; },
     FP8ATTN_BAD_SEQ_LEN,
     "seq_lens[0] is 161, expected at most 160 (5 pages of 32 tokens)"},
    {"NegativePage", [](Call call) { call.problem.blockTable[2] = -7; },
     FP8ATTN_BAD_BLOCK_TABLE, "block_table[0, 2] is -7, expected 0 to 7"},
    {"LargePage", [](Call call) { call.problem.blockTable[6] = 8; },
     FP8ATTN_BAD_BLOCK_TABLE, "block_table[1, 1] is 8, expected 0 to 7"},
};
INSTANTIATE_TEST_SUITE_P(All, AttendErrorsTest,
                         testing::ValuesIn(kAttendOffences), offenceName);

static const Offence kWriteOffences[] = {
    {"LargeSlot", [](Call call) { call.problem.slots[5] = 256; },
     FP8ATTN_BAD_SLOT,
     "slots[5] is 256, expected less than 256 (the slots of the cache)"},
    {"NumSlots", [](Call call) { call.arguments.slots.sizes[0] = 139; },
     FP8ATTN_BAD_SIZE, "slots is 139, expected 140 (tokens of key)"},
    {"ValueTokens", [](Call call) { call.arguments.value.sizes[0] = 139; },
     FP8ATTN_BAD_SIZE, "tokens of value is 139, expected 140 (tokens of key)"},
    {"SlotType",
     [](Call call) { call.arguments.slots.type = FP8ATTN_TYPE_I32; },
     FP8ATTN_BAD_TYPE, "slots.type is 4 (i32), expected 5 (i64)"},
    {"ZeroScale", [](Call call) { call.problem.valueScale[1] = 0; },
     FP8ATTN_BAD_SCALE, "value_scale[1] is 0, expected a finite number > 0"},
};
INSTANTIATE_TEST_SUITE_P(All, WriteErrorsTest,
                         testing::ValuesIn(kWriteOffences), offenceName);

TEST(NullArgumentsTest, AreRefused) {
  FP8ATTN_REQUIRE_ISA(testedIsas().front());
  EXPECT_EQ(write_llama_bf16(nullptr, nullptr, nullptr, nullptr, nullptr),
            FP8ATTN_BAD_CONTEXT);
  fp8attn_context context;
  fp8attn_context_init(&context);
  EXPECT_EQ(write_llama_bf16(&context, nullptr, nullptr, nullptr, nullptr),
            FP8ATTN_NULL_POINTER);
  EXPECT_STREQ(context.message, "key is null, expected a tensor");
}

/// Misaligned memory, which only an address tells.
TEST(MisalignedTest, IsRefused) {
  FP8ATTN_REQUIRE_ISA(testedIsas().front());
  Problem problem(findModel("llama_e4m3"), {{1, 32}});
  Arguments arguments = problem.arguments();
  arguments.keyCache.data = problem.keyCache.data() + 32;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_MISALIGNED);
  EXPECT_NE(std::string(problem.context.message).find("expected a multiple"),
            std::string::npos);
}

/// The size that is asked for is the compiler's affair.
TEST(WorkspaceTest, MustBeThereAndLargeEnough) {
  FP8ATTN_REQUIRE_ISA(testedIsas().front());
  Problem problem(findModel("llama_e4m3"), {{1, 32}});
  const std::string needed =
      std::to_string(problem.model.attendWorkspaceBytes(1));
  EXPECT_EQ(problem.model.attend(&problem.context, problem.arguments()),
            FP8ATTN_WORKSPACE_TOO_SMALL);
  EXPECT_EQ(problem.context.message, "workspace is null, expected at least " +
                                         needed + " bytes (1 workers of " +
                                         needed + ")");

  const AlignedBytes workspace(64);
  problem.context.workspace = workspace.data();
  problem.context.workspace_bytes = workspace.size();
  EXPECT_EQ(problem.model.attend(&problem.context, problem.arguments()),
            FP8ATTN_WORKSPACE_TOO_SMALL);
  EXPECT_EQ(problem.context.message,
            "workspace has 64 bytes, expected at least " + needed +
                " (1 workers of " + needed + ")");
}
