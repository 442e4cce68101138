//===- HostileCallerTest.cpp - callers that mean no good ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes whose products overflow, tables that end at a guard, a workspace that
// is a byte short, and loops that run bodies in any way that the contract
// allows. Refused means: with a status, and nothing is written.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Loops.h"

#include <algorithm>
#include <limits>

namespace {
class HostileCallerTest : public IsaTest {
protected:
  Problem makeWritten() const {
    Problem problem = makeProblem({{2, 100}, {40, 40}, {1, 300}});
    write(problem);
    return problem;
  }
};

/// A size or stride that no memory has.
struct Overflow {
  const char *name;
  fp8attn_tensor Arguments::*tensor;
  int64_t size;
  int64_t stride;
  fp8attn_status status;
};
} // namespace

static constexpr int64_t k32 = int64_t(1) << 32;
static constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();

/// Outermost size and stride. A size of 2^32 + n would be n in 32 bits.
static const Overflow kOverflows[] = {
    {"more tokens than 32 bits", &Arguments::query, k32 + 43, 1024,
     FP8ATTN_BAD_SIZE},
    {"as many in out", &Arguments::out, k32 + 43, 1024, FP8ATTN_BAD_SIZE},
    {"bytes beyond 64 bits", &Arguments::query, kLargest / 1024, 1024,
     FP8ATTN_BAD_SIZE},
    {"elements beyond 64 bits", &Arguments::query, kLargest, 1024,
     FP8ATTN_BAD_SIZE},
    {"sequences beyond 32 bits", &Arguments::seqLens, k32 + 3, 1,
     FP8ATTN_BAD_SIZE},
    {"all sequences there are", &Arguments::seqLens, kLargest, 1,
     FP8ATTN_BAD_SIZE},
    {"starts beyond 32 bits", &Arguments::queryStart, k32 + 4, 1,
     FP8ATTN_BAD_SIZE},
    {"tables beyond 32 bits", &Arguments::blockTable, k32 + 3, 11,
     FP8ATTN_BAD_SIZE},
    {"negative size", &Arguments::out, -43, 1024, FP8ATTN_BAD_SIZE},
    {"smallest size", &Arguments::seqLens, -kLargest - 1, 1, FP8ATTN_BAD_SIZE},
    {"negative stride", &Arguments::query, 43, -1024, FP8ATTN_BAD_STRIDE},
    {"negative stride of the table", &Arguments::blockTable, 3, -11,
     FP8ATTN_BAD_STRIDE},
    {"huge stride", &Arguments::out, 43, kLargest, FP8ATTN_BAD_STRIDE},
};

TEST_P(HostileCallerTest, OverflowsAreRefused) {
  Problem problem = makeWritten();
  const std::vector<uint16_t> out = problem.out;
  for (const Overflow &overflow : kOverflows) {
    Arguments arguments = problem.arguments();
    fp8attn_tensor &tensor = arguments.*overflow.tensor;
    tensor.sizes[0] = overflow.size;
    tensor.strides[0] = overflow.stride;
    EXPECT_EQ(problem.attend(arguments), overflow.status)
        << overflow.name << ": " << problem.context.message;
    EXPECT_NE(problem.context.message[0], 0) << overflow.name;
    EXPECT_EQ(problem.out, out) << overflow.name;
  }
}

TEST_P(HostileCallerTest, MorePagesThanBytesAreRefused) {
  Problem problem = makeWritten();
  Arguments arguments = problem.arguments();
  arguments.keyCache.num_pages = kLargest / 2;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
}

/// The first and the last page are pages; the one after is not.
TEST_P(HostileCallerTest, PagesAtTheEnd) {
  Problem problem = makeWritten();
  const auto lastPage = int32_t(problem.numPages - 1);
  for (int32_t page : {0, lastPage}) {
    std::fill_n(problem.blockTable.begin(), 4, page);
    EXPECT_EQ(problem.attend(), FP8ATTN_OK) << page;
  }
  for (int32_t page : {lastPage + 1, -1, std::numeric_limits<int32_t>::max(),
                       std::numeric_limits<int32_t>::min()}) {
    problem.blockTable[3] = page;
    EXPECT_EQ(problem.attend(), FP8ATTN_BAD_BLOCK_TABLE) << page;
  }
}

TEST_P(HostileCallerTest, SlotsAtTheEnd) {
  Problem problem = makeWritten();
  const int64_t numSlots = problem.numPages * model().pageTokens;
  problem.slots[7] = numSlots - 1;
  EXPECT_EQ(problem.write(), FP8ATTN_OK);
  for (int64_t slot : {-kLargest - 1, int64_t(-1)}) {
    problem.slots[7] = slot;
    EXPECT_EQ(problem.write(), FP8ATTN_OK) << slot;
  }
  for (int64_t slot : {numSlots, numSlots + k32, kLargest}) {
    problem.slots[7] = slot;
    EXPECT_EQ(problem.write(), FP8ATTN_BAD_SLOT) << slot;
  }
}

TEST_P(HostileCallerTest, WorkspaceOneByteShort) {
  Problem problem = makeWritten();
  constexpr int32_t kWorkers = 3;
  problem.context.num_workers = kWorkers;
  const int64_t bytes = model().attendWorkspaceBytes(kWorkers);
  const AlignedBytes workspace(bytes);
  problem.context.workspace = workspace.data();
  problem.context.workspace_bytes = bytes;
  EXPECT_EQ(model().attend(&problem.context, problem.arguments()), FP8ATTN_OK);
  problem.context.workspace_bytes = bytes - 1;
  EXPECT_EQ(model().attend(&problem.context, problem.arguments()),
            FP8ATTN_WORKSPACE_TOO_SMALL);
}

/// No worker may write beyond its share, nor anybody beyond the last.
TEST_P(HostileCallerTest, WorkspaceEndsWhereItSays) {
  Problem problem = makeWritten();
  constexpr int64_t kGuard = 4096;
  const int64_t bytes = model().attendWorkspaceBytes(1);
  const AlignedBytes workspace(bytes + kGuard, 0xA5);
  problem.context.workspace = workspace.data();
  problem.context.workspace_bytes = bytes;
  ASSERT_EQ(model().attend(&problem.context, problem.arguments()), FP8ATTN_OK);
  EXPECT_EQ(std::count(workspace.data() + bytes,
                       workspace.data() + bytes + kGuard, 0xA5),
            kGuard);
}

TEST_P(HostileCallerTest, AnyOrderOfBodies) {
  Problem problem = makeWritten();
  attend(problem);
  const std::vector<uint16_t> serial = problem.out;
  problem.context.num_workers = kLoopWorkers;
  for (fp8attn_parallel_for loop : kLoops) {
    problem.context.parallel_for = loop;
    std::fill(problem.out.begin(), problem.out.end(), uint16_t(0x7FC0));
    attend(problem);
    EXPECT_EQ(problem.out, serial);
  }
}

FP8ATTN_INSTANTIATE(HostileCallerTest, "llama");
